package screen

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

// identifying are the attributes that may tell that a new person is known.
var identifying = map[civic.Attribute]bool{"given_name": true, "surname": true, "second_surname": true, "full_name": true, "birth_date": true}

// warn says when the new person resembles one this kit or its district pack
// knows, and why, so that nobody is asked twice, nor registered twice. The
// officer goes on as he thinks right.
func (p *interviewPage) warn() {
	p.alike.Objects = nil
	seen, err := p.s.c.Kit.Alike(p.s.ctx, p.iv)
	if err == nil {
		for i, r := range seen {
			p.alike.Add(p.resemblance(i, r))
		}
	}
	p.alike.Hidden = len(p.alike.Objects) == 0
	p.alike.Refresh()
	p.s.grown()
}

// resemblance shows one known person with what agrees, and the way to go on
// with that one.
func (p *interviewPage) resemblance(i int, r kit.Resemblance) fyne.CanvasObject {
	s := p.s
	words := r.Person.Name
	for _, more := range []string{s.c.Words.DateValue(r.Person.BirthDate), r.Person.Place} {
		if more != "" {
			words += " · " + more
		}
	}
	name := "alike"
	if i > 0 {
		name += "." + strconv.Itoa(i)
	}
	same := widget.NewButton(s.hands, widget.Ordinary, theme.IconPerson, s.c.Words.Say("alike.same"), "", func() { p.same(r.Person) })
	s.mark(name, same)
	return widget.NewPanel(theme.Known, theme.IconPerson, widget.NewStrong(s.c.Words.Say("alike.known")), widget.NewText(words), widget.NewQuiet(whyAlike(s, r)), same)
}

// whyAlike puts what agrees into one sentence.
func whyAlike(s *Shell, r kit.Resemblance) string {
	var parts []string
	for _, why := range r.Why {
		if why == kit.WhyNearYear {
			parts = append(parts, s.c.Words.Count("alike.why."+why, r.Years))
			continue
		}
		parts = append(parts, s.c.Words.Say("alike.why."+why))
	}
	return strings.Join(parts, ", ")
}

// doubt shows on the review page whom the new person resembles; going on from
// there is noted in the kit's journal.
func (p *interviewPage) doubt(s *Shell, body *fyne.Container) {
	seen, err := s.c.Kit.Alike(s.ctx, p.iv)
	if err != nil {
		return
	}
	p.doubts = seen
	for i, r := range seen {
		body.Add(p.resemblance(i, r))
	}
}

// same goes on with the known person: this interview is thrown away, with a way
// back.
func (p *interviewPage) same(who kit.Person) {
	s, id := p.s, p.iv.ID()
	if err := s.c.Kit.Discard(s.ctx, id); err != nil {
		s.fail(err)
		return
	}
	s.home()
	s.known(who)
	s.tell(s.c.Words.Say("alike.took", who.Name), func() {
		if err := s.c.Kit.Restore(s.ctx, id); err != nil {
			s.fail(err)
			return
		}
		s.home()
		s.resume(id)
	})
}
