package form

import (
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// element is a question, a group or a repeat as compiled: a node of the form's
// tree. The root is a group without a path.
type element struct {
	kind      Kind
	typ       string // as the workbook writes it
	name      string
	path      string // without the root: "mother/given_name"
	parent    *element
	children  []*element
	row       int // in the survey sheet
	freshDays int // x_ttl
	cells     map[string]string

	label, hint, guidance, constraintMessage, requiredMessage wording
	media                                                     map[string]wording
	appearance                                                string
	parameters                                                map[string]string

	list     *choiceList
	file     string      // select from a file: its name
	external bool        // select_one_external
	search   *xpath.Expr // search(…) of the appearance: choices from a file
	source   *element    // select from the instances of a repeat: the question there
	other    bool        // or_other was written behind the list
	typed    bool        // computed, with the type of a question nobody sees
	internal bool        // made by the kit, as meta/instanceID is
	beyond   bool        // of a sort that the kit cannot ask
	table    *tableList  // of a group with the appearance table-list

	generated, taken bool // made for or_other; mentioned by name

	resolved map[string]string // the paths of the questions its texts mention
	unread   map[string]string // expressions that could not be read, by column

	relevant, required, readOnly, constraint, calculate, count, filter, dynamicDefault *xpath.Expr
	fixedDefault                                                                       string
	equal                                                                              []xpath.Equality // parts of the filter that an index can answer
	begins                                                                             *xpath.Equality  // a part of the filter that says how a column begins
	beginsWhole                                                                        bool             // the filter says nothing else
	filterParts                                                                        int              // how many parts the filter joins by "and"
	triggers                                                                           []*element
	meta                                                                               string // source of metadata

	attribute civic.Attribute
	subject   string
	partial   bool
	absences  []civic.Absence
	question  *Question
}

// container tells whether the element holds others.
func (e *element) container() bool { return e.kind == Group || e.kind == Repeat }

// xpath is the element's absolute path in the instance.
func (e *element) xpath() string {
	if e.parent == nil {
		return "/" + e.name
	}
	return e.parent.xpath() + "/" + e.name
}

// ancestors lists the elements around e, the root first, e last.
func (e *element) ancestors() []*element {
	var up []*element
	for x := e; x != nil; x = x.parent {
		up = append([]*element{x}, up...)
	}
	return up
}

// repeat is the innermost repeat around e, or e itself; nil if none.
func (e *element) repeat() *element {
	for x := e; x != nil; x = x.parent {
		if x.kind == Repeat {
			return x
		}
	}
	return nil
}

func (e *element) child(name string) *element {
	for _, c := range e.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// each visits e and all below it in document order.
func (e *element) each(visit func(*element)) {
	visit(e)
	for _, c := range e.children {
		c.each(visit)
	}
}

// wording is a text in several languages, with places that answers fill.
type wording map[string]wordings

// wordings is a text as the workbook writes it, and without the marks of
// Markdown and HTML.
type wordings struct{ raw, shown []piece }

// said makes a wording of one text for all languages.
func said(text string) wording {
	w := wordings{raw: []piece{{text: text}}}
	w.shown = plainly(w.raw)
	return wording{"": w}
}

// piece is a part of a text: plain, or the value of an expression.
type piece struct {
	text  string
	value *xpath.Expr
}

// plain gives the text with "…" where an answer would stand.
func (w wording) plain(lang string) string {
	s := ""
	for _, p := range w.in(lang).shown {
		if p.value != nil {
			s += "…"
		} else {
			s += p.text
		}
	}
	return s
}

func (w wording) in(lang string) wordings {
	if p, ok := w[lang]; ok {
		return p
	}
	return w[""]
}

// choiceList is one list of the choices sheet.
type choiceList struct {
	name  string
	items []*choiceItem
	root  *xpath.Node // as a secondary instance: root/item/{name,label,…}
}

// choiceItem is one choice: cells hold the further columns.
type choiceItem struct {
	name  string
	label wording
	media map[string]wording
	cells map[string]string
	row   int
	node  *xpath.Node

	resolved map[string]string
}

func (l *choiceList) choices(lang string) []Choice {
	out := make([]Choice, len(l.items))
	for i, item := range l.items {
		out[i] = Choice{Name: item.name, Label: item.label.plain(lang)}
		if out[i].Label == "" {
			out[i].Label = item.name
		}
	}
	return out
}
