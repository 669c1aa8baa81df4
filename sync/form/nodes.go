package form

import (
	"fmt"

	"github.com/askonce/fieldkit/sync/civic"
)

// Node is how one node of a running form stands, for tools that look at all of
// them: groups and repeats too.
type Node struct {
	// Path is absolute, with the number of each instance of a repeat:
	// "/data/members[1]/name".
	Path                         string
	Kind                         Kind
	Relevant, Required, ReadOnly bool
	Value                        string // empty while the node is not relevant
	Fits                         bool   // the constraint holds
	Valid                        bool   // no finding stands against the answer
	Label                        string
	Choices                      []string // names, as they stand now
}

// Nodes lists every node in document order. A repeat stands once by its path
// without a number, before its instances.
func (s *Session) Nodes() []Node {
	s.work = maxWork
	var out []Node
	s.list(s.root, "/"+s.form.root.name, &out)
	return out
}

func (s *Session) list(f *field, path string, out *[]Node) {
	e := f.element
	n := Node{Path: path, Kind: e.kind, Relevant: f.relevant, Required: f.required, ReadOnly: f.locked(), Valid: true}
	n.Fits = f.fits || !f.relevant || f.node.Value == ""
	if e.kind == Repeat {
		n.Path = fmt.Sprintf("%s[%d]", path, f.place())
	}
	if e.container() || e.visible() {
		n.Label = s.write(e.label, f)
	}
	if !e.container() {
		n.Value = f.node.Value
		_, bad := s.judge(f)
		n.Valid = !bad
		for _, o := range s.options(f) {
			n.Choices = append(n.Choices, o.name)
		}
	}
	*out = append(*out, n)
	for _, c := range e.children {
		inner := n.Path + "/" + c.name
		if c.kind == Repeat {
			*out = append(*out, Node{Path: inner, Kind: Repeat, Relevant: s.couldStand(c, f), ReadOnly: n.ReadOnly, Fits: true, Valid: true, Label: s.writeAt(c.label, ghost(c, f))})
		}
		for _, x := range f.instances(c) {
			s.list(x, inner, out)
		}
	}
}

// Play does one action on a running form, as recorded interviews write them:
// "set" or "sel" an answer, "add" an instance of a repeat, "remove" one. The
// path may begin with the form's root.
func (s *Session) Play(action, path, value string) error {
	path = s.inside(path)
	switch action {
	case "set", "sel":
		return s.Set(path, civic.Answer{Value: value})
	case "add":
		_, err := s.AddInstance(path)
		return err
	case "remove":
		return s.RemoveInstance(path)
	}
	return civic.NewProblem(civic.WrongUse, nil, fmt.Sprintf("There is no action %q; there are set, sel, add and remove.", action))
}

// inside takes the form's root off a path.
func (s *Session) inside(path string) string {
	if len(path) > 0 && path[0] == '/' {
		path = path[1:]
		if root := s.form.root.name; path == root {
			return ""
		} else if len(path) > len(root) && path[:len(root)] == root && path[len(root)] == '/' {
			path = path[len(root)+1:]
		}
	}
	return path
}
