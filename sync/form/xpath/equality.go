package xpath

import "slices"

// Equality is one part of a predicate that compares a child of the node looked
// at with a value that is the same for all of them.
type Equality struct {
	Child string
	Value *Expr
}

// Equalities finds such parts of an expression, taken as a predicate whose parts
// are joined by "and": whoever has an index of the children need not look at
// every node. The expression itself still decides.
func (e *Expr) Equalities() []Equality {
	var out []Equality
	for _, eq := range equalities(e.root) {
		out = append(out, Equality{eq.child, &Expr{text: e.text, root: eq.right}})
	}
	return out
}

// equated is child = right, with a right that is the same at every node.
type equated struct {
	child string
	right expr
}

func equalities(root expr) []equated {
	var out []equated
	for _, x := range parts(root) {
		o, ok := x.(operation)
		if !ok || o.op != "=" {
			continue
		}
		for _, side := range [][2]expr{{o.left, o.right}, {o.right, o.left}} {
			if name := childName(side[0]); name != "" && independent(side[1]) {
				out = append(out, equated{name, side[1]})
				break
			}
		}
	}
	return out
}

// parts are what an expression joins by "and".
func parts(x expr) []expr {
	if o, ok := x.(operation); ok && o.op == "and" {
		return append(parts(o.left), parts(o.right)...)
	}
	return []expr{x}
}

// Positional tells whether an expression asks where a node stands.
func (e *Expr) Positional() bool {
	calls := e.Calls()
	return slices.Contains(calls, "position") || slices.Contains(calls, "last")
}

// Parts counts what an expression joins by "and": with as many equalities there
// is nothing else in it.
func (e *Expr) Parts() int { return len(parts(e.root)) }

// Beginning finds starts-with(child, value) in an expression, taken as a
// predicate whose parts must all hold; whole tells that the predicate is nothing
// but that. The value is the same at every node.
func (e *Expr) Beginning() (begins Equality, whole, ok bool) {
	var find func(expr) bool
	find = func(x expr) bool {
		switch x := x.(type) {
		case operation:
			return x.op == "and" && (find(x.left) || find(x.right))
		case call:
			if x.name != "starts-with" || len(x.args) != 2 {
				return false
			}
			if name := childName(x.args[0]); name != "" && independent(x.args[1]) {
				begins = Equality{name, &Expr{text: e.text, root: x.args[1]}}
				return true
			}
		}
		return false
	}
	ok = find(e.root)
	_, whole = e.root.(call)
	return begins, whole && ok, ok
}

// childName gives the name when x is a path of one step to a child, or the
// same with "./" before it.
func childName(x expr) string {
	p, ok := x.(path)
	if !ok || p.absolute || p.start != nil || len(p.steps) == 0 {
		return ""
	}
	if s := p.steps[0]; len(p.steps) == 2 && s.axis == axisSelf && s.kind == testNode && len(s.predicates) == 0 {
		p.steps = p.steps[1:]
	}
	s := p.steps[0]
	if len(p.steps) != 1 || s.axis != axisChild || s.kind != testName || s.name == "*" || s.prefix != "" || len(s.predicates) > 0 {
		return ""
	}
	return s.name
}

// independent tells whether x gives the same at every node of a predicate: it
// starts at the root or at current(), or is a literal.
func independent(x expr) bool {
	switch x := x.(type) {
	case literal:
		return true
	case path:
		for _, s := range x.steps {
			if len(s.predicates) > 0 {
				return false
			}
		}
		if x.absolute {
			return true
		}
		c, ok := x.start.(call)
		return ok && c.name == "current" && len(c.args) == 0
	}
	return false
}
