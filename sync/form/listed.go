package form

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Source is a table that whoever runs forms holds itself, such as the places of
// a country. A form names it as a file, "places.csv", and it is read where it
// lies: no form brings a copy, no interview makes one. It never changes.
type Source interface {
	Len() int
	// Columns name the cells a row has; "name" and "label" among them.
	Columns() []string
	// Cell is empty for a column that there is not.
	Cell(row int, column string) string
	// Words tell the row from its namesakes, for who chooses.
	Words(row int) string
	// Find gives the rows that somebody may be typing the label of, best first, at
	// most limit. keep, when not nil, tells which rows count.
	Find(typed string, limit int, keep func(row int) bool) []int
}

// List is a [Source] with what was found out about its columns, for any number
// of interviews and goroutines.
type List struct {
	Source

	mu     sync.Mutex
	sorted map[string][]int32 // rows in the order of a column's cells
}

// NewList wraps a source.
func NewList(s Source) *List { return &List{Source: s, sorted: map[string][]int32{}} }

// order gives the rows in the order of a column's cells, rows of one cell in
// the source's own order.
func (l *List) order(column string) []int32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.sorted[column]
	if !ok {
		cells := make([]string, l.Len())
		o = make([]int32, l.Len())
		for i := range o {
			o[i], cells[i] = int32(i), l.Cell(i, column)
		}
		slices.SortStableFunc(o, func(a, b int32) int { return strings.Compare(cells[a], cells[b]) })
		l.sorted[column] = o
	}
	return o
}

// equal gives the rows whose cell is the text, in the source's order.
func (l *List) equal(column, text string) []int32 {
	o := l.order(column)
	from := sort.Search(len(o), func(i int) bool { return l.Cell(int(o[i]), column) >= text })
	to := from + sort.Search(len(o)-from, func(i int) bool { return l.Cell(int(o[from+i]), column) > text })
	return o[from:to:to]
}

// beginning gives the rows whose cell begins with the text, in the source's
// order.
func (l *List) beginning(column, text string) []int32 {
	o := l.order(column)
	from := sort.Search(len(o), func(i int) bool { return l.Cell(int(o[i]), column) >= text })
	to := from + sort.Search(len(o)-from, func(i int) bool { return !strings.HasPrefix(l.Cell(int(o[from+i]), column), text) })
	return slices.Sorted(slices.Values(o[from:to]))
}

// node lays one row out as an expression sees it; its cells are looked up only
// when the expression does.
func (l *List) node(row int) *xpath.Node {
	return xpath.Lazy("item", func() []*xpath.Node {
		columns := l.Columns()
		out := make([]*xpath.Node, len(columns))
		for i, c := range columns {
			out[i] = xpath.NewElement(c, l.Cell(row, c))
		}
		return out
	})
}

// document lays the whole table out as root/item/column.
func (l *List) document() *xpath.Node {
	doc := &xpath.Node{Kind: xpath.Document}
	root := xpath.NewElement("root", "")
	items := make([]*xpath.Node, l.Len())
	for i := range items {
		items[i] = l.node(i)
	}
	root.Append(items...)
	root.Indexed(func(child, text string) []*xpath.Node {
		if !slices.Contains(l.Columns(), child) {
			return nil
		}
		rows := l.equal(child, text)
		out := make([]*xpath.Node, len(rows))
		for i, r := range rows {
			out[i] = items[r]
		}
		return out
	})
	doc.Append(root)
	return doc
}

// Listed are the choices of a question out of a [List], as they stood when the
// page was worded. It may be used from any goroutine.
type Listed struct {
	list         *List
	value, label string  // columns
	rows         []int32 // offered, ascending; nil for all
}

// Len counts the choices offered.
func (o *Listed) Len() int {
	if o.rows == nil {
		return o.list.Len()
	}
	return len(o.rows)
}

func (o *Listed) has(row int) bool {
	if o.rows == nil {
		return true
	}
	_, ok := slices.BinarySearchFunc(o.rows, row, func(have int32, want int) int { return cmp.Compare(int(have), want) })
	return ok
}

func (o *Listed) choice(row int) Choice {
	c := Choice{Name: o.list.Cell(row, o.value)}
	if o.label == "label" {
		c.Label = o.list.Words(row)
	} else {
		c.Label = o.list.Cell(row, o.label)
	}
	if c.Label == "" {
		c.Label = c.Name
	}
	return c
}

// Find gives the choices that somebody may be typing, best first. With nothing
// typed it gives the first ones.
func (o *Listed) Find(typed string, limit int) []Choice {
	var out []Choice
	if strings.TrimSpace(typed) == "" {
		for i := 0; i < min(limit, o.Len()); i++ {
			row := i
			if o.rows != nil {
				row = int(o.rows[i])
			}
			out = append(out, o.choice(row))
		}
		return out
	}
	var keep func(int) bool
	if o.rows != nil {
		keep = o.has
	}
	for _, row := range o.list.Find(typed, limit, keep) {
		out = append(out, o.choice(row))
	}
	return out
}

// Choice finds a choice by its name, false when it is not offered.
func (o *Listed) Choice(name string) (Choice, bool) {
	for _, row := range o.list.equal(o.value, name) {
		if o.has(int(row)) {
			return o.choice(int(row)), true
		}
	}
	return Choice{}, false
}

// Same tells whether two offer the same; both may be nil.
func (o *Listed) Same(p *Listed) bool {
	if o == nil || p == nil {
		return o == p
	}
	return o.list == p.list && o.value == p.value && o.label == p.label && (o.rows == nil) == (p.rows == nil) && slices.Equal(o.rows, p.rows)
}

// Choice finds one of an item's choices by its name, however many there are.
func (it Item) Choice(name string) (Choice, bool) {
	if it.Listed != nil {
		return it.Listed.Choice(name)
	}
	for _, c := range it.Choices {
		if c.Name == name {
			return c, true
		}
	}
	return Choice{}, false
}

// Offers tells whether an item has choices at all.
func (it Item) Offers() bool { return it.Listed != nil || len(it.Choices) > 0 }

// listed gives the choices of a question that come from a list of the kit's own,
// nil for every other question.
func (s *Session) listed(f *field) *Listed {
	e := f.element
	if e.file == "" || e.search != nil {
		return nil
	}
	d := s.csv(e.file)
	if d == nil || d.list == nil {
		return nil
	}
	if f.listed != nil && (e.filter == nil || f.filtered) {
		return f.listed
	}
	o := &Listed{list: d.list, value: cmp.Or(e.parameters["value"], "name"), label: cmp.Or(e.parameters["label"], "label")}
	if e.filter != nil {
		o.rows = s.listedRows(f, d.list)
	}
	f.listed, f.filtered = o, true
	return o
}

// listedRows are the rows a filter lets through, never nil. What compares a
// column with an answer is looked up; only what the filter says besides is
// evaluated, row by row.
func (s *Session) listedRows(f *field, l *List) []int32 {
	e := f.element
	rows, found, looked := []int32(nil), false, 0
	narrow := func(some []int32) {
		if !found {
			rows, found = slices.Clone(some), true
			return
		}
		rows = slices.DeleteFunc(rows, func(r int32) bool { _, in := slices.BinarySearch(some, r); return !in })
	}
	for _, eq := range e.equal {
		v, err := eq.Value.Eval(f.node, s.xenv)
		if err != nil || v.Type() != xpath.String && (v.Type() != xpath.NodeSet || len(v.Nodes()) > 1) || v.IsDate() || !slices.Contains(l.Columns(), eq.Child) {
			continue
		}
		if v.Type() == xpath.NodeSet && len(v.Nodes()) == 0 {
			return []int32{} // nothing equals what is not there
		}
		narrow(l.equal(eq.Child, v.Text()))
		looked++
	}
	if e.begins != nil && slices.Contains(l.Columns(), e.begins.Child) {
		if v, err := e.begins.Value.Eval(f.node, s.xenv); err == nil && !v.IsDate() {
			narrow(l.beginning(e.begins.Child, v.Text()))
			looked++
		}
	}
	if found && looked == e.filterParts {
		if rows == nil {
			rows = []int32{}
		}
		return rows
	}
	if !found {
		rows = make([]int32, l.Len())
		for i := range rows {
			rows[i] = int32(i)
		}
	}
	nodes := make([]*xpath.Node, len(rows))
	for i, r := range rows {
		nodes[i] = l.node(int(r))
	}
	kept, err := e.filter.Choose(nodes, f.node, s.xenv)
	if err != nil {
		return rows
	}
	out := make([]int32, 0, len(kept))
	for i, r := range rows { // both in document order
		if len(kept) > 0 && kept[0] == nodes[i] {
			out, kept = append(out, r), kept[1:]
		}
	}
	return out
}
