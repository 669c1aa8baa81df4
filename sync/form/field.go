package form

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// field is one instance of an element with its answer.
type field struct {
	element  *element
	node     *xpath.Node
	parent   *field
	children []*field
	answer   civic.Answer // without its path
	chosen   string       // of a question with a filter: what was chosen, offered now or not

	// offered are the choices as they were filtered last; filtered tells that
	// nothing they hang on has changed since.
	offered  []*choiceItem
	filtered bool
	listed   *Listed // of a list that the kit holds, likewise

	own      bool // the element's own condition
	relevant bool // that and those of all around it
	required bool
	readOnly bool
	fits     bool // the constraint holds
}

// show puts into the tree what expressions see of the answer.
func (f *field) show() bool {
	value := ""
	if f.relevant && f.answer.Absent == civic.Present {
		value = f.answer.Value
		if f.element.partial {
			value = middle(value)
		}
	}
	changed := f.node.Value != value
	f.node.Value = value
	return changed
}

// middle is the day in the middle of a partial or estimated date: the least
// wrong day to compute an age from.
func middle(value string) string {
	d, err := civic.ParseDate(value)
	if err != nil || d.Precision() == civic.Exact {
		return value
	}
	first, last := d.Bounds()
	return first.Add(last.Sub(first) / 2).Format("2006-01-02")
}

// cutIndex takes "members[2]" apart; the number is 1 when none stands there.
func cutIndex(step string) (string, int) {
	name, rest, ok := strings.Cut(step, "[")
	if !ok {
		return step, 1
	}
	i, err := strconv.Atoi(strings.TrimSuffix(rest, "]"))
	if err != nil || i < 1 {
		return name, 0
	}
	return name, i
}

// instances lists the children that are instances of e.
func (f *field) instances(e *element) []*field {
	var out []*field
	for _, c := range f.children {
		if c.element == e {
			out = append(out, c)
		}
	}
	return out
}

// end is the position behind the last instance of e among the children.
func (f *field) end(e *element) int {
	for i := len(f.children) - 1; i >= 0; i-- {
		c := f.children[i].element
		if c == e {
			return i + 1
		}
		for _, before := range f.element.children {
			if before == e {
				break
			}
			if before == c {
				return i + 1
			}
		}
	}
	return 0
}

// path is the field's place: "members[2]/name"; only instances of repeats have
// a number.
func (f *field) path() string {
	if f.parent == nil {
		return ""
	}
	step := f.element.name
	if f.element.kind == Repeat {
		step = fmt.Sprintf("%s[%d]", step, f.place())
	}
	if up := f.parent.path(); up != "" {
		return up + "/" + step
	}
	return step
}

func (f *field) each(visit func(*field)) {
	visit(f)
	for _, c := range f.children {
		c.each(visit)
	}
}

// place is the number of an instance of a repeat, from 1.
func (f *field) place() int {
	return slices.Index(f.parent.instances(f.element), f) + 1
}

// locked tells whether a person may not answer here: the question says so, or
// what lies around it.
func (f *field) locked() bool {
	for up := f; up != nil; up = up.parent {
		if up.readOnly {
			return true
		}
	}
	return f.element.kind == Note || f.element.meta == "uid"
}

func (f *field) answered() bool {
	return f.answer.Value != "" || f.answer.Stated != "" || f.answer.Absent != civic.Present
}
