package form

import (
	"fmt"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
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
		case e.kind == Repeat:
			out = append(out, page{path: e.path, head: e, fields: s.root.instances(e)})
			loose = -1
		case e.kind == Group:
			out = append(out, page{path: e.path, head: e, fields: s.root.instances(e)})
			loose = -1
		case shown(e):
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
	return e.container() || !e.beyond && !e.typed && (e.kind.Asked() || e.kind == Note)
}

// Sections lists the pages as they stand now: relevant questions only, repeats
// unfolded, labels with the answers they mention filled in.
func (s *Session) Sections(lang string) []Section {
	s.SetLanguage(lang)
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
			if len(sec.Items) == 0 && !(sec.Repeat && s.couldStand(p.head, s.root)) {
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
	at := s.root
	if len(fields) > 0 {
		at = fields[0]
	}
	return s.write(e.label, at)
}

// couldStand tells whether a repeat without instances would be relevant here.
func (s *Session) couldStand(e *element, up *field) bool {
	if !up.relevant {
		return false
	}
	if e.relevant == nil {
		return true
	}
	ghost := &xpath.Node{Kind: xpath.Element, Name: e.name, Parent: up.node}
	v, err := e.relevant.Eval(ghost, s.xenv)
	return err != nil || v.Bool()
}

// within lists what stands in a group, nested groups and repeats unfolded.
func (s *Session) within(f *field, level int, items *[]Item) {
	for _, e := range f.element.children {
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
				*items = append(*items, Item{Path: path, Kind: Repeat, Label: s.write(e.label, f), Level: level})
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
				if title := s.write(e.label, x); title != "" {
					*items = append(*items, Item{Path: x.path(), Kind: Group, Label: title, Hint: s.write(e.hint, x), Appearance: e.appearance, Level: level})
				}
				*items = append(*items, inner...)
			}
		default:
			for _, x := range instances {
				if x.relevant && shown(e) {
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
	label := s.write(f.element.label, f)
	if label == "" {
		label = f.element.name
	}
	*items = append(*items, Item{
		Path: path, Kind: Group, Label: fmt.Sprintf("%s %d", label, n), Hint: s.write(f.element.hint, f),
		Level: level, Removable: f.element.count == nil, Appearance: f.element.appearance,
	})
	s.within(f, level+1, items)
}

// item words one question.
func (s *Session) item(f *field, level int) Item {
	e := f.element
	it := Item{
		Path: f.path(), Kind: e.kind, Label: s.write(e.label, f), Hint: s.write(e.hint, f), Required: f.required,
		ReadOnly: f.locked(), Answer: f.answer, Appearance: e.appearance, Partial: e.partial,
		Absences: e.absences, Level: level, Attribute: e.attribute, Subject: e.subject, Parameters: e.parameters,
	}
	it.Answer.Path = it.Path
	if it.Label == "" && e.kind != Note {
		it.Label = e.name
	}
	for key, w := range e.media {
		if it.Media == nil {
			it.Media = map[string]string{}
		}
		it.Media[key] = s.write(w, f)
	}
	for _, o := range s.options(f) {
		it.Choices = append(it.Choices, Choice{o.name, s.labelOf(o, f)})
	}
	return it
}

// labelOf words a choice.
func (s *Session) labelOf(o *choiceItem, f *field) string {
	if l := s.write(o.label, f); l != "" {
		return l
	}
	return o.name
}

// options lists the choices of a question as they stand now.
func (s *Session) options(f *field) []*choiceItem {
	e := f.element
	var items []*choiceItem
	switch {
	case e.list != nil:
		items = e.list.items
	case e.file != "":
		items = s.fileChoices(e)
	case e.source != nil:
		items = s.repeatChoices(f)
	default:
		return nil
	}
	if e.filter == nil {
		return items
	}
	if f.filtered && e.source == nil {
		return f.offered
	}
	nodes := make([]*xpath.Node, len(items))
	for i, o := range items {
		nodes[i] = o.node
	}
	kept, err := e.filter.Choose(nodes, f.node, s.xenv)
	if err != nil {
		return items
	}
	out := make([]*choiceItem, 0, len(kept))
	for _, o := range items { // both in document order
		if len(kept) > 0 && kept[0] == o.node {
			out, kept = append(out, o), kept[1:]
		}
	}
	f.offered, f.filtered = out, true
	return out
}

// allChoices lists every choice of a question, filter aside.
func (s *Session) allChoices(f *field) []Choice {
	items := []*choiceItem(nil)
	if f.element.list != nil {
		items = f.element.list.items
	} else if f.element.file != "" {
		items = s.fileChoices(f.element)
	}
	out := make([]Choice, len(items))
	for i, o := range items {
		out[i] = Choice{o.name, s.labelOf(o, f)}
	}
	return out
}

// repeatChoices takes the instances of a repeat as choices, by the answer to
// one of its questions; inside a shared outer repeat only those beside f.
func (s *Session) repeatChoices(f *field) []*choiceItem {
	var items []*choiceItem
	r := f.element.source.repeat()
	for _, x := range s.instances(f.element.source) {
		up := x
		for up.element != r {
			up = up.parent
		}
		name := x.node.Text()
		if name == "" || !sharesRepeats(f, up) {
			continue
		}
		item := &choiceItem{name: name, label: wording{"": {{text: name}}}, node: up.node}
		items = append(items, item)
	}
	return items
}

// sharesRepeats tells whether the repeats around an instance hold f too,
// wherever both stand in the same repeat.
func sharesRepeats(f, instance *field) bool {
	for up := instance.parent; up != nil; up = up.parent {
		if up.element.kind != Repeat {
			continue
		}
		for g := f; g != nil; g = g.parent {
			if g.element == up.element && g != up {
				return false
			}
		}
	}
	return true
}

// fileChoices reads the choices of a CSV: the columns name and label, or those
// that the parameters value and label say.
func (s *Session) fileChoices(e *element) []*choiceItem {
	d := s.csv(e.file)
	if d == nil {
		return nil
	}
	value, label := e.parameters["value"], e.parameters["label"]
	if value == "" {
		value = "name"
	}
	if label == "" {
		label = "label"
	}
	key := value + "\x00" + label
	if items, ok := d.items[key]; ok {
		return items
	}
	var items []*choiceItem
	root := d.instance().Children[0]
	for i := range d.rows {
		item := &choiceItem{name: d.cell(i, value), node: root.Children[i]}
		item.label = wording{"": {{text: d.cell(i, label)}}}
		item.node.Data = item
		items = append(items, item)
	}
	if d.items == nil {
		d.items = map[string][]*choiceItem{}
	}
	d.items[key] = items
	return items
}

// write words a text in the session's language, answers filled in.
func (s *Session) write(w wording, f *field) string {
	var b strings.Builder
	for _, p := range w.in(s.lang) {
		if p.value == nil {
			b.WriteString(p.text)
			continue
		}
		if v, err := p.value.Eval(f.node, s.xenv); err == nil {
			b.WriteString(v.Text())
		}
	}
	return b.String()
}

// Claims says what the registration's answers mean, each with its subject.
// Answers to questions without an attribute say nothing lasting.
func (f *Form) Claims(r *civic.Registration) []civic.Claim {
	var out []civic.Claim
	for _, a := range r.Answers {
		q, ok := f.Question(a.Path)
		if !ok || q.Attribute == "" {
			continue
		}
		c := civic.Claim{
			Subject: q.subjectAt(a.Path), Attribute: q.Attribute, Value: a.Value, Stated: a.Stated, Absent: a.Absent,
			Registration: r.ID, Area: r.Area, At: r.Sealed,
		}
		if q.Kind == Date {
			if d, err := civic.ParseDate(a.Value); err == nil {
				c.Precision = d.Precision()
			}
		}
		out = append(out, c)
	}
	return out
}

// subjectAt gives the subject its number inside a repeat: "members[2]".
func (q *Question) subjectAt(path string) string {
	if q.Repeat == "" || q.Subject != repeatNames(q.element) {
		return q.Subject
	}
	steps := strings.Split(path, "/")
	var out []string
	for i, e := range q.element.ancestors()[1:] {
		if e.kind == Repeat && i < len(steps) {
			name, n := cutIndex(steps[i])
			out = append(out, fmt.Sprintf("%s[%d]", name, n))
		}
	}
	return strings.Join(out, "/")
}

// Validate judges a sealed registration by the form's rules as they stood when
// it was sealed: env.Now is not asked.
func (f *Form) Validate(r *civic.Registration, env Env) []Finding {
	sealed := r.Sealed.Time()
	env.Now = nowIs(sealed)
	s := Resume(f, env, r.Answers)
	s.SetLanguage(r.Language)
	out := s.CheckAll()
	for _, a := range r.Answers {
		if _, ok := f.Question(a.Path); !ok {
			out = append(out, Finding{Path: a.Path, Code: civic.AnswersInvalid, Words: []string{a.Path},
				Message: "The form has no question " + a.Path + "."})
		}
	}
	return out
}
