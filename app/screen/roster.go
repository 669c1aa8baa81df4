package screen

import (
	"maps"
	"slices"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// add opens one more of a repeat.
func (p *interviewPage) add(repeat string) {
	p.leaveAll()
	path, err := p.iv.AddInstance(p.s.ctx, repeat)
	if err != nil {
		p.s.fail(err)
		return
	}
	p.s.rebuild()
	for _, r := range p.rows {
		if r.focus != nil && len(r.item.Path) > len(path) && r.item.Path[:len(path)] == path {
			p.s.c.Window.Canvas().Focus(r.focus)
			return
		}
	}
}

// relatives offers the known people of the family who are not on the form yet:
// the next member in one press.
func (p *interviewPage) relatives(repeat string) fyne.CanvasObject {
	s := p.s
	all := part()
	people := p.iv.Draft().People
	about, known := people[""]
	if !known {
		all.Hide()
		return all
	}
	family, err := s.c.Kit.Family(s.ctx, about)
	if err != nil {
		family = nil
	}
	for _, r := range family {
		if slices.Contains(slices.Collect(maps.Values(people)), r.Ref) {
			continue
		}
		b := widget.NewButton(s.hands, widget.Ordinary, theme.IconPerson, r.Name, "", func() {
			p.leaveAll()
			if _, err := p.iv.AddKnown(s.ctx, repeat, r.Ref); err != nil {
				s.fail(err)
				return
			}
			s.rebuild()
		})
		s.mark("relative:"+r.Name, b)
		all.Add(b)
	}
	all.Hidden = len(all.Objects) == 0
	return all
}

// remove takes one of a repeat away and offers it back.
func (p *interviewPage) remove(path string) {
	p.leaveAll()
	lost := slices.DeleteFunc(p.iv.Answers(), func(a civic.Answer) bool { return !within(a.Path, path) })
	if err := p.iv.RemoveInstance(p.s.ctx, path); err != nil {
		p.s.fail(err)
		return
	}
	p.s.rebuild()
	p.s.tell(p.s.c.Words.Say("interview.removed"), func() {
		again, err := p.iv.AddInstance(p.s.ctx, repeatOf(path))
		for _, a := range lost {
			if err == nil {
				err = p.iv.Set(p.s.ctx, again+a.Path[len(path):], a)
			}
		}
		if err != nil {
			p.s.fail(err)
		}
		p.s.rebuild()
	})
}
