package screen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/form"
)

// mostRest is how many questions may be left for them to stand on one page.
const mostRest = 15

// pages are the pages as they stand now: the form's sections, or for a known
// person of whom little is left to ask, one page with the rest.
func (p *interviewPage) pages() []form.Section {
	all := p.iv.Sections(p.language())
	if p.whole == unknownYet && len(p.iv.StillSo(p.language())) == 0 {
		p.whole = bySection
		if n := len(p.rest(all).Items); len(p.iv.Draft().People) > 0 && n > 0 && n <= mostRest && p.goTo == "" {
			p.whole = onePage
		}
	}
	if p.whole == onePage {
		return []form.Section{p.rest(all)}
	}
	return cutLong(all)
}

// mostOnPage is how many lines of a section stand on one page: some forms put
// hundreds into one group.
const mostOnPage = 24

// pageMark stands between a section's path and the number of a page of it.
const pageMark = "#"

// cutLong spreads long sections over several pages, begun at a heading where
// there is one near.
func cutLong(all []form.Section) []form.Section {
	var out []form.Section
	for _, section := range all {
		if section.Repeat || len(section.Items) <= mostOnPage {
			out = append(out, section)
			continue
		}
		items := section.Items
		for n := 0; len(items) > 0; n++ {
			end := min(mostOnPage, len(items))
			for i := end - 1; i > mostOnPage/2 && end < len(items); i-- {
				if items[i].Kind == form.Group {
					end = i
					break
				}
			}
			one := section
			one.Items = items[:end]
			if n > 0 {
				one.Path += pageMark + strconv.Itoa(n)
			}
			out = append(out, one)
			items = items[end:]
		}
	}
	return out
}

// sectionOf is the form's section that a page shows a part of.
func sectionOf(path string) string {
	section, _, _ := strings.Cut(path, pageMark)
	return section
}

// rest is one page with everything that is not held.
func (p *interviewPage) rest(all []form.Section) form.Section {
	held := p.lookHeld()
	one := form.Section{Title: p.s.c.Words.Say("interview.rest")}
	for _, section := range all {
		var left []form.Item
		for _, item := range section.Items {
			if !held[item.Path].Taken && !item.ReadOnly && item.Kind != form.Note {
				left = append(left, item)
			}
		}
		if section.Repeat {
			left = append(left, form.Item{Path: section.Path, Kind: form.Repeat, Label: section.Title})
		}
		asked := slices.ContainsFunc(left, func(item form.Item) bool { return item.Kind.Asked() || item.Kind == form.Repeat })
		if asked {
			one.Items = append(one.Items, form.Item{Path: "heading:" + section.Path, Kind: form.Group, Label: section.Title})
			one.Items = append(one.Items, left...)
		}
	}
	return one
}

// at finds the page shown among those there are now.
func (p *interviewPage) at() (sections []form.Section, i int) {
	sections = p.pages()
	i = slices.IndexFunc(sections, func(s form.Section) bool { return s.Path == p.section })
	return sections, max(i, 0)
}

// next goes to the next page. What is wrong stops it once; the second time it
// goes on, and the review names it again: an interview never comes to a dead
// end.
func (p *interviewPage) next() {
	p.leaveAll()
	for _, r := range p.rows {
		p.left[r.item.Path] = true
	}
	found := slices.DeleteFunc(p.iv.Check(sectionOf(p.section)), func(f form.Finding) bool {
		return !slices.ContainsFunc(p.rows, func(r *row) bool { return r.item.Path == f.Path })
	})
	p.criticise()
	if len(found) > 0 && !slices.EqualFunc(found, p.stopped, func(a, b form.Finding) bool { return a.Path == b.Path && a.Code == b.Code }) {
		p.stopped = found
		for _, r := range p.rows {
			if r.item.Path == found[0].Path && r.focus != nil {
				p.s.c.Window.Canvas().Focus(r.focus)
			}
		}
		return
	}
	p.stopped = nil
	sections, i := p.at()
	held, known := p.lookHeld(), len(p.iv.Draft().People) > 0
	for _, section := range sections[i+1:] {
		if asks(section, held, known) {
			p.turn(section.Path)
			return
		}
	}
	p.review()
}

// asks tells whether something is left to say on a page: one whose answers are
// all held is not turned to, the review shows it.
func asks(section form.Section, held map[string]capture.Line, known bool) bool {
	if section.Repeat {
		return true
	}
	return slices.ContainsFunc(section.Items, func(item form.Item) bool {
		return item.Kind.Asked() && !item.ReadOnly && !held[item.Path].Taken || item.Kind == form.Note && !known
	})
}

// lookHeld tells which answers stand in the form because they are held.
func (p *interviewPage) lookHeld() map[string]capture.Line {
	held := map[string]capture.Line{}
	if len(p.iv.Draft().People) == 0 {
		return held
	}
	plan := p.iv.Plan(p.language())
	for _, line := range append(plan.Confirm, plan.Reuse...) {
		if line.Taken {
			held[line.Path] = line
		}
	}
	return held
}

// lookWhy tells of the questions of a known person why they are asked.
func (p *interviewPage) lookWhy() map[string]capture.Line {
	why := map[string]capture.Line{}
	if len(p.iv.Draft().People) == 0 {
		return why
	}
	for _, line := range p.iv.Plan(p.language()).Ask {
		why[line.Path] = line
	}
	return why
}

func (p *interviewPage) previous() {
	p.leaveAll()
	sections, i := p.at()
	if i > 0 {
		p.turn(sections[i-1].Path)
	}
}

// pagesFor are the pages, or none when there is no question to look for.
func (p *interviewPage) pagesFor(question string) []form.Section {
	if question == "" {
		return nil
	}
	return p.pages()
}

// turn shows another section and remembers it in the draft.
func (p *interviewPage) turn(section string) {
	p.section, p.stopped = section, nil
	if section != "" {
		p.whole = bySection
	}
	for _, page := range p.pagesFor(p.goTo) { // the part of a long section that has the question to begin at
		if slices.ContainsFunc(page.Items, func(item form.Item) bool { return item.Path == p.goTo }) {
			p.section = page.Path
		}
	}
	if err := p.iv.GoTo(p.s.ctx, p.section); err != nil {
		p.s.fail(err)
	}
	p.s.hush()
	p.s.show(true)
}
