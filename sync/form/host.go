package form

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// hostFunctions are those that need the running form; their names are known
// when a form is loaded.
var hostFunctions = []string{"jr:choice-name", "jr:itext", "pulldata", "search", "version"}

func knownFunction(name string) bool {
	if slices.Contains(hostFunctions, name) {
		return true
	}
	_, ok := slices.BinarySearch(xpath.Functions(), name)
	return ok
}

func (s *Session) functions() map[string]func(*xpath.Call) (xpath.Value, error) {
	return map[string]func(*xpath.Call) (xpath.Value, error){
		"jr:choice-name": s.choiceName,
		"jr:itext":       s.itext,
		"pulldata":       s.pullData,
		"search":         s.searchFile,
		"version":        func(*xpath.Call) (xpath.Value, error) { return xpath.Str(s.form.Version), nil },
	}
}

// itext is a text of the form in the language of the interview, by the id that
// the reference converter gives it: "list-0" for a choice, "/data/x:label" for
// a question.
func (s *Session) itext(c *xpath.Call) (xpath.Value, error) {
	id, err := c.Text(0)
	if err != nil {
		return xpath.Value{}, err
	}
	if path, what, ok := strings.Cut(id, ":"); ok && strings.HasPrefix(path, "/") {
		f := s.at(s.inside(path))
		switch {
		case f == nil:
		case what == "label":
			return xpath.Str(s.write(f.element.label, f)), nil
		case what == "hint":
			return xpath.Str(s.write(f.element.hint, f)), nil
		}
		return xpath.Str(""), nil
	}
	i := strings.LastIndexByte(id, '-')
	if i < 0 {
		return xpath.Str(""), nil
	}
	n, err := strconv.Atoi(id[i+1:])
	l := s.form.lists[id[:i]]
	if err != nil || l == nil || n < 0 || n >= len(l.items) {
		return xpath.Str(""), nil //nolint:nilerr // no such text is no text
	}
	return xpath.Str(s.labelOf(l.items[n], s.root)), nil
}

// choiceName is the label of a choice in the language of the interview:
// jr:choice-name(value, 'path of the question').
func (s *Session) choiceName(c *xpath.Call) (xpath.Value, error) {
	if c.Len() != 2 {
		return xpath.Value{}, fmt.Errorf("jr:choice-name() wants a value and a question")
	}
	name, err := c.Text(0)
	if err != nil {
		return xpath.Value{}, err
	}
	path, err := c.Text(1)
	if err != nil {
		return xpath.Value{}, err
	}
	e := s.elementAt(c.Node, path)
	if e == nil {
		return xpath.Str(""), nil
	}
	f := s.nearest(c.Node, e)
	if f == nil {
		return xpath.Str(name), nil
	}
	if o := s.listed(f); o != nil {
		all := Listed{list: o.list, value: o.value, label: o.label}
		choice, _ := all.Choice(name)
		return xpath.Str(choice.Label), nil
	}
	for _, choice := range s.allChoices(f) {
		if choice.Name == name {
			return xpath.Str(choice.Label), nil
		}
	}
	return xpath.Str(""), nil
}

// elementAt finds the element that a path written in an expression means.
func (s *Session) elementAt(at *xpath.Node, path string) *element {
	x, err := xpath.Parse(strings.TrimSpace(path))
	if err != nil {
		return nil
	}
	from := s.form.root
	if f, ok := at.Data.(*field); ok {
		from = f.element
	}
	for _, r := range x.References() {
		if reach, _ := resolveReference(s.form.root, from, r); len(reach) == 1 {
			return reach[0]
		}
	}
	return nil
}

// nearest finds the instance of an element that shares most with a node.
func (s *Session) nearest(at *xpath.Node, e *element) *field {
	var best *field
	depth := -1
	for _, f := range s.instances(e) {
		d := 0
		for p := f; p != nil; p = p.parent {
			for n := at; n != nil; n = n.Parent {
				if n == p.node {
					d++
				}
			}
		}
		if d > depth {
			best, depth = f, d
		}
	}
	return best
}

// pullData looks a value up in a CSV: pulldata(file, wanted column, key column,
// key).
func (s *Session) pullData(c *xpath.Call) (xpath.Value, error) {
	if c.Len() != 4 {
		return xpath.Value{}, fmt.Errorf("pulldata() wants a file, a column, a key column and a key")
	}
	var arg [4]string
	for i := range arg {
		var err error
		if arg[i], err = c.Text(i); err != nil {
			return xpath.Value{}, err
		}
	}
	t := s.csv(arg[0])
	switch {
	case t == nil && s.sealed: // what was sealed was computed where the file is: that stands
		return xpath.Value{}, fmt.Errorf("there is no file %s here", arg[0])
	case t == nil:
		return xpath.Str(""), nil
	}
	return xpath.Str(t.find(arg[1], arg[2], arg[3])), nil
}

// number reads the result of a repeat_count.
func countOf(v xpath.Value) int {
	x, err := xpath.Parse("number(.)")
	if err != nil {
		return 0
	}
	n, err := x.Eval(xpath.NewElement("n", v.Text()), &xpath.Env{})
	if err != nil {
		return 0
	}
	f := n.Number(time.UTC)
	if math.IsNaN(f) || f < 0 {
		return 0
	}
	return int(min(f, MaxInstances))
}
