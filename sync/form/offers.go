package form

import (
	"github.com/askonce/fieldkit/sync/form/xpath"
)

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
