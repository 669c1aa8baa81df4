package form

import (
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// labelOf words a choice.
func (s *Session) labelOf(o *choiceItem, f *field) string {
	if l := s.show(o.label, f); l != "" {
		return l
	}
	return o.name
}

// options lists the choices of a question as they stand now.
func (s *Session) options(f *field) []*choiceItem {
	e := f.element
	var items []*choiceItem
	switch {
	case e.search != nil:
		items = s.searchChoices(f)
	case e.list != nil:
		items = e.list.items
	case e.file != "":
		if s.listed(f) != nil {
			return nil // too many to lay out: see Listed
		}
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
	items, done := s.narrow(f, items)
	if done {
		f.offered, f.filtered = items, true
		return items
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

// offered tells of names whether they are among a question's choices as they
// stand now.
func (s *Session) offered(f *field) func(name string) bool {
	if o := s.listed(f); o != nil {
		return func(name string) bool { _, ok := o.Choice(name); return ok }
	}
	names := map[string]bool{}
	for _, item := range s.options(f) {
		names[item.name] = true
	}
	return func(name string) bool { return names[name] }
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
		out[i] = Choice{Name: o.name, Label: s.labelOf(o, f)}
	}
	return out
}

// searchCall takes search(…) out of an appearance.
func searchCall(appearance string) string {
	i := strings.Index(appearance, "search(")
	if i < 0 {
		return ""
	}
	depth := 0
	for j, r := range appearance[i:] {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return appearance[i : i+j+1]
			}
		}
	}
	return ""
}

// searched is what search() asks of a file.
type searched struct {
	data               *data
	how, column, text  string // "contains", "startswith", "endswith" or "matches"; empty for all rows
	filterColumn, only string
}

// searchFile notes what search(file, how, column, text, filter column, filter)
// asks for.
func (s *Session) searchFile(c *xpath.Call) (xpath.Value, error) {
	var arg [6]string
	for i := range min(c.Len(), len(arg)) {
		var err error
		if arg[i], err = c.Text(i); err != nil {
			return xpath.Value{}, err
		}
	}
	s.asked = searched{s.csv(arg[0]), arg[1], arg[2], arg[3], arg[4], arg[5]}
	return xpath.Str(""), nil
}

// searchChoices reads choices as search() has it: the list on the choices sheet
// names the columns of the file. Without the file the list stands for itself.
func (s *Session) searchChoices(f *field) []*choiceItem {
	e := f.element
	if e.list == nil || len(e.list.items) == 0 {
		return nil
	}
	s.asked = searched{}
	if _, err := e.search.Eval(f.node, s.xenv); err != nil || s.asked.data == nil {
		return e.list.items
	}
	q, columns := s.asked, e.list.items[0]
	label := columns.label.plain(s.lang)
	var items []*choiceItem
	for i := range q.data.rows {
		have := q.data.cell(i, q.column)
		fits := q.how == "" || q.how == "contains" && strings.Contains(have, q.text) || q.how == "startswith" && strings.HasPrefix(have, q.text) ||
			q.how == "endswith" && strings.HasSuffix(have, q.text) || q.how == "matches" && have == q.text
		if fits && (q.filterColumn == "" || q.data.cell(i, q.filterColumn) == q.only) {
			items = append(items, &choiceItem{name: q.data.cell(i, columns.name), label: said(q.data.cell(i, label))})
		}
	}
	return items
}

// fewChoices are not worth an index.
const fewChoices = 500

// narrow leaves out choices that the filter cannot keep, by an index of the
// columns it compares with an answer; done tells that the filter would keep all
// that are left.
func (s *Session) narrow(f *field, items []*choiceItem) (left []*choiceItem, done bool) {
	e := f.element
	if len(items) < fewChoices || e.source != nil || e.search != nil {
		return items, false
	}
	for _, eq := range e.equal {
		v, err := eq.Value.Eval(f.node, s.xenv)
		if err != nil || v.Type() != xpath.String && (v.Type() != xpath.NodeSet || len(v.Nodes()) > 1) || v.IsDate() {
			continue
		}
		if v.Type() == xpath.NodeSet && len(v.Nodes()) == 0 {
			return nil, false // nothing equals what is not there
		}
		index := s.indexed[indexKey{items[0], eq.Child}]
		if index == nil {
			index = map[string][]*choiceItem{}
			for _, item := range items {
				for _, c := range item.node.Children {
					if c.Name == eq.Child {
						index[c.Text()] = append(index[c.Text()], item)
					}
				}
			}
			s.indexed[indexKey{items[0], eq.Child}] = index
		}
		return index[v.Text()], false
	}
	if e.begins != nil {
		if v, err := e.begins.Value.Eval(f.node, s.xenv); err == nil && !v.IsDate() {
			return s.beginning(items, e.begins.Child, v.Text()), e.beginsWhole
		}
	}
	return items, false
}

// indexKey names an index: the list by its first choice, and a column.
type indexKey struct {
	first  *choiceItem
	column string
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
		item := &choiceItem{name: name, label: said(name), node: up.node}
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
		if strings.HasSuffix(e.file, ".geojson") {
			value = "id"
		}
	}
	if label == "" {
		label = "label"
		if strings.HasSuffix(e.file, ".geojson") {
			label = "title"
		}
	}
	key := value + "\x00" + label
	if items, ok := d.items[key]; ok {
		return items
	}
	var items []*choiceItem
	root := d.instance().Children[0]
	for i := range d.rows {
		item := &choiceItem{name: d.cell(i, value), node: root.Children[i]}
		item.label = said(d.cell(i, label))
		item.node.Data = item
		items = append(items, item)
	}
	if d.items == nil {
		d.items = map[string][]*choiceItem{}
	}
	d.items[key] = items
	return items
}
