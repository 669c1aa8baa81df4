package form

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// page is one section before it is worded.
type page struct {
	path   string
	head   *element // the group or repeat; nil for questions between groups
	fields []*field
}

// pages cuts the form at its top-level groups and repeats.
func (s *Session) pages() []page {
	var out []page
	loose := -1 // the page that collects questions between groups
	seen := map[*element]bool{}
	add := func(e *element) {
		switch {
		case !shown(e):
		case e.kind == Repeat:
			out = append(out, page{path: e.path, head: e, fields: s.root.instances(e)})
			loose = -1
		case e.kind == Group:
			out = append(out, page{path: e.path, head: e, fields: s.root.instances(e)})
			loose = -1
		default:
			if loose < 0 {
				out = append(out, page{path: e.path})
				loose = len(out) - 1
			}
			out[loose].fields = append(out[loose].fields, s.root.instances(e)...)
		}
		seen[e] = true
	}
	for _, e := range s.form.root.children {
		if !seen[e] {
			add(e)
		}
	}
	return out
}

// shown tells whether a question ever stands on a page.
func shown(e *element) bool {
	return !e.beyond && (e.container() || !e.typed && (e.kind.Asked() || e.kind == Note))
}

// Sections lists the pages as they stand now: relevant questions only, repeats
// unfolded, labels with the answers they mention filled in.
func (s *Session) Sections(lang string) []Section {
	s.SetLanguage(lang)
	s.work = maxWork
	var out []Section
	for _, p := range s.pages() {
		sec := Section{Path: p.path}
		if p.head != nil {
			sec.Title = s.heading(p.head, p.fields)
		}
		if p.head != nil && p.head.kind == Repeat {
			sec.Repeat = p.head.count == nil
			for _, f := range p.fields {
				if f.relevant {
					s.unfold(f, 0, &sec.Items)
				}
			}
			if len(sec.Items) == 0 && (!sec.Repeat || !s.couldStand(p.head, s.root)) {
				continue
			}
		} else {
			for _, f := range p.fields {
				if !f.relevant {
					continue
				}
				if f.element.kind == Group {
					s.within(f, 0, &sec.Items)
				} else {
					sec.Items = append(sec.Items, s.item(f, 0))
				}
			}
			if len(sec.Items) == 0 {
				continue
			}
		}
		out = append(out, sec)
	}
	return out
}

// heading words a group's title; a group without one is named after its first
// question's page.
func (s *Session) heading(e *element, fields []*field) string {
	if len(fields) > 0 {
		return s.show(e.label, fields[0])
	}
	return s.showAt(e.label, ghost(e, s.root))
}

// couldStand tells whether a repeat without instances would be relevant here.
func (s *Session) couldStand(e *element, up *field) bool {
	if !up.relevant {
		return false
	}
	if e.relevant == nil {
		return true
	}
	v, err := e.relevant.Eval(ghost(e, up), s.xenv)
	return err != nil || v.Bool()
}

// ghost stands where an instance of a repeat would, for expressions that are
// evaluated before there is one.
func ghost(e *element, up *field) *xpath.Node {
	return &xpath.Node{Kind: xpath.Element, Name: e.name, Parent: up.node}
}

// within lists what stands in a group, nested groups and repeats unfolded.
func (s *Session) within(f *field, level int, items *[]Item) {
	for _, e := range f.element.children {
		if !shown(e) {
			continue
		}
		instances := f.instances(e)
		switch e.kind {
		case Repeat:
			for _, x := range instances {
				if x.relevant {
					s.unfold(x, level, items)
				}
			}
			if e.count == nil && s.couldStand(e, f) && len(instances) < MaxInstances {
				path := e.name
				if up := f.path(); up != "" {
					path = up + "/" + e.name
				}
				*items = append(*items, Item{Path: path, Kind: Repeat, Label: s.showAt(e.label, ghost(e, f)), Level: level})
			}
		case Group:
			for _, x := range instances {
				if !x.relevant {
					continue
				}
				var inner []Item
				s.within(x, level+1, &inner)
				if len(inner) == 0 {
					continue
				}
				if title := s.show(e.label, x); title != "" {
					*items = append(*items, Item{Path: x.path(), Kind: Group, Label: title, Hint: s.show(e.hint, x), Appearance: e.appearance, Level: level})
				}
				*items = append(*items, inner...)
			}
		default:
			for _, x := range instances {
				if x.relevant {
					*items = append(*items, s.item(x, level))
				}
			}
		}
	}
}

// unfold lists one instance of a repeat under its heading.
func (s *Session) unfold(f *field, level int, items *[]Item) {
	path := f.path()
	_, n := cutIndex(path[strings.LastIndex(path, "/")+1:])
	label := s.show(f.element.label, f)
	if label == "" {
		label = f.element.name
	}
	*items = append(*items, Item{
		Path: path, Kind: Group, Label: fmt.Sprintf("%s %d", label, n), Hint: s.show(f.element.hint, f),
		Level: level, Removable: f.element.count == nil, Appearance: f.element.appearance,
	})
	s.within(f, level+1, items)
}

// item words one question.
func (s *Session) item(f *field, level int) Item {
	e := f.element
	it := Item{
		Path: f.path(), Kind: e.kind, Label: s.show(e.label, f), Hint: s.show(e.hint, f), Required: f.required,
		ReadOnly: f.locked(), Answer: f.answer, Appearance: e.appearance, Partial: e.partial,
		Absences: e.absences, Level: level, Attribute: e.attribute, Subject: e.subject, FreshDays: e.freshDays, Parameters: e.parameters,
	}
	it.Answer.Path = it.Path
	if it.Label == "" && e.kind != Note {
		it.Label = e.name
	}
	it.Media = s.mediaOf(e.media, f)
	if e.file != "" && s.csv(e.file) == nil {
		it.Absent = e.file
	}
	it.Listed = s.listed(f)
	options := s.options(f)
	if len(options) > 0 {
		it.Choices = make([]Choice, len(options))
	}
	for i, o := range options {
		it.Choices[i] = Choice{Name: o.name, Label: s.labelOf(o, f)}
		if o.media != nil {
			it.Choices[i].Image, it.Choices[i].Audio, it.Choices[i].Video = s.write(o.media["image"], f), s.write(o.media["audio"], f), s.write(o.media["video"], f)
		}
	}
	return it
}

// mediaOf names the files that go with a text; nil when there are none.
func (s *Session) mediaOf(media map[string]wording, f *field) map[string]string {
	var out map[string]string
	for key, w := range media {
		if out == nil {
			out = map[string]string{}
		}
		out[key] = s.write(w, f)
	}
	return out
}

// write words a text in the session's language, answers filled in.
func (s *Session) write(w wording, f *field) string { return s.writeAt(w, f.node) }

func (s *Session) writeAt(w wording, at *xpath.Node) string { return s.fill(w.in(s.lang).raw, at) }

// show words a text as it is shown: without the marks of Markdown and HTML.
func (s *Session) show(w wording, f *field) string { return s.showAt(w, f.node) }

func (s *Session) showAt(w wording, at *xpath.Node) string { return s.fill(w.in(s.lang).shown, at) }

// fill puts the answers into a text.
func (s *Session) fill(pieces []piece, at *xpath.Node) string {
	if len(pieces) == 1 && pieces[0].value == nil {
		return pieces[0].text
	}
	var b strings.Builder
	for _, p := range pieces {
		if p.value == nil {
			b.WriteString(p.text)
			continue
		}
		if v, err := p.value.Eval(at, s.xenv); err == nil {
			b.WriteString(v.Text())
		}
	}
	return b.String()
}
