package web

import (
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/mapping"
)

// choicesShown is how many choices of a question the preview lists.
const choicesShown = 12

// previewPage is a form as the kit shows it, page by page.
type previewPage struct {
	Title, Version string
	Address, Back  string // of this page, without the language; of where it was come from
	Languages      []string
	Language       string
	Pages          []previewSection
	Questions      int
}

// previewSection is one page of the kit.
type previewSection struct {
	Heading form.Outlined // of a group or repeat; zero for loose questions
	Lines   []previewLine
}

type previewLine struct {
	form.Outlined
	More int // choices that are not listed
}

func (v *visit) previewOf(f *form.Form, address, back string) previewPage {
	p := previewPage{Title: f.Title(""), Version: f.Version, Address: address, Back: back, Languages: f.Languages()}
	p.Language = v.r.URL.Query().Get("lang")
	if p.Language == "" {
		p.Language = v.words.Code
	}
	known := false
	for _, l := range p.Languages {
		known = known || l == p.Language
	}
	if !known && len(p.Languages) > 0 {
		p.Language = p.Languages[0]
	}
	p.Title = f.Title(p.Language)
	loose := false
	for _, o := range f.Outline(p.Language) {
		container := o.Kind == form.Group || o.Kind == form.Repeat
		switch {
		case o.Level == 0 && container:
			p.Pages, loose = append(p.Pages, previewSection{Heading: o}), false
			continue
		case o.Level == 0 && !loose:
			p.Pages, loose = append(p.Pages, previewSection{}), true
		}
		line := previewLine{Outlined: o}
		if n := len(o.Choices); n > choicesShown {
			line.Choices, line.More = o.Choices[:choicesShown], n-choicesShown
		}
		if o.Kind.Asked() {
			p.Questions++
		}
		last := &p.Pages[len(p.Pages)-1]
		last.Lines = append(last.Lines, line)
	}
	return p
}

func (v *visit) deskPreview() error {
	desk, err := v.atDesk()
	if err != nil {
		return err
	}
	b, c, err := repaired(desk.Workbook, v.r.URL.Query().Get("repaired") == "yes")
	if err != nil {
		return err
	}
	if !c.OK {
		return c.Refused()
	}
	f, err := form.Load(b)
	if err != nil {
		return err
	}
	v.show(200, "preview", v.previewOf(f, deskPath+desk.Digest.String()+"/preview", deskPath+desk.Digest.String()))
	return nil
}

// mapPage is the mapping of a form's questions, to be decided by a person.
type mapPage struct {
	Digest     string
	Title      string
	Lines      []mapLine
	Attributes []attributes.Attribute
	Sure       int
}

type mapLine struct {
	mapping.Proposal
	Chosen  string // what the field holds at first
	Percent int
}

func (v *visit) deskMap() error {
	desk, f, dictionary, err := v.mappedAtDesk()
	if err != nil {
		return err
	}
	list, err := mapping.Propose(f, dictionary)
	if err != nil {
		return err
	}
	p := mapPage{Digest: desk.Digest.String(), Title: f.Title(v.words.Code), Attributes: dictionary.All()}
	for _, one := range list {
		l := mapLine{Proposal: one, Chosen: one.Have, Percent: int(one.Score*100 + .5)}
		if q, ok := f.Question(one.Path); ok {
			l.Label = q.Label(v.words.Code)
			if l.Have != "" {
				l.Days = q.FreshDays
			}
		}
		if l.Have == "" && one.Score >= mapping.Sure {
			l.Chosen = one.Attr
			p.Sure++
		}
		p.Lines = append(p.Lines, l)
	}
	v.show(200, "mapping", p)
	return nil
}
