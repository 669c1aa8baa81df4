package xpath

import (
	"fmt"
	"slices"
)

// path walks the steps of a location path.
func (c *context) path(p path) ([]*Node, error) {
	nodes := []*Node{c.node}
	switch {
	case p.start != nil:
		v, err := c.eval(p.start)
		if err != nil {
			return nil, err
		}
		if v.kind != NodeSet {
			return nil, fmt.Errorf("only from nodes can a path go on")
		}
		nodes = v.nodes
	case p.absolute:
		if nodes = []*Node{c.run.current.Root()}; c.run.env.Primary != nil {
			nodes[0] = &Node{Kind: Document, Children: []*Node{c.run.env.Primary}}
		}
	}
	bound := p.absolute && c.run.env.Bound
	for i := range p.steps {
		s := &p.steps[i]
		if bound {
			if n := c.boundStep(nodes, s, i == len(p.steps)-1); n != nil {
				nodes = []*Node{n}
				continue
			}
			bound = s.axis == axisChild && len(s.predicates) == 0
		}
		next, err := c.step(nodes, s)
		if err != nil {
			return nil, err
		}
		nodes = next
	}
	return nodes, nil
}

// boundStep takes one step of an absolute path down the line of the expression's
// own ancestors; nil when the step leaves that line.
func (c *context) boundStep(nodes []*Node, s *step, last bool) *Node {
	if last || s.axis != axisChild || s.kind != testName || len(s.predicates) > 0 || len(nodes) != 1 {
		return nil
	}
	for n := c.run.current; n != nil; n = n.Parent {
		if n.Parent == nodes[0] {
			if n.Kind == Element && n.Name == s.name {
				return n
			}
			return nil
		}
	}
	return nil
}

func (c *context) step(nodes []*Node, s *step) ([]*Node, error) {
	var out []*Node
	for _, n := range nodes {
		found, done, err := c.indexed(n, s)
		if !done && err == nil {
			found, err = c.along(n, s)
		}
		if err != nil {
			return nil, err
		}
		if len(s.predicates) > 0 {
			if found, err = c.choose(found, s.predicates); err != nil {
				return nil, err
			}
		}
		if len(nodes) == 1 && !s.axis.reverse() {
			return found, nil
		}
		out = append(out, found...)
	}
	if s.axis == axisChild || s.axis == axisAttribute || s.axis == axisSelf {
		// Contexts in document order that do not lie in one another give
		// children in document order; those of descendant steps may overlap.
		if !nested(nodes) {
			return out, nil
		}
	}
	return inOrder(out), nil
}

// indexed takes a step to children whose first predicate an index answers; done
// tells that there was one.
func (c *context) indexed(n *Node, s *step) (found []*Node, done bool, err error) {
	if n.late == nil || n.late.index == nil || s.axis != axisChild || s.kind != testName || len(s.predicates) == 0 {
		return nil, false, nil
	}
	if (&Expr{root: s.predicates[0]}).Positional() {
		return nil, false, nil
	}
	for _, eq := range equalities(s.predicates[0]) {
		v, err := c.eval(eq.right)
		if err != nil {
			return nil, false, err
		}
		if v.kind != String && (v.kind != NodeSet || len(v.nodes) != 1) || v.date {
			continue
		}
		for _, m := range n.late.index(eq.child, v.Text()) {
			c.run.steps--
			if c.matches(m, s) {
				found = append(found, m)
			}
		}
		return found, true, c.run.spend(0)
	}
	return nil, false, nil
}

// nested tells whether one of the nodes lies below another; they are in order.
func nested(nodes []*Node) bool {
	for i := 1; i < len(nodes); i++ {
		if nodes[i].Parent != nodes[i-1].Parent {
			return true
		}
	}
	return false
}

// along lists what an axis reaches and the test takes, nearest first.
func (c *context) along(n *Node, s *step) ([]*Node, error) {
	var out []*Node
	visit := func(m *Node) {
		c.run.steps--
		if c.matches(m, s) {
			out = append(out, m)
		}
	}
	switch s.axis {
	case axisChild:
		for _, m := range children(n) {
			visit(m)
		}
	case axisSelf:
		visit(n)
	case axisParent:
		if n.Parent != nil {
			visit(n.Parent)
		}
	case axisAttribute:
		for _, m := range n.Attrs {
			visit(m)
		}
	case axisDescendant, axisDescendantOrSelf:
		if s.axis == axisDescendantOrSelf {
			visit(n)
		}
		descend(n, visit)
	case axisAncestor, axisAncestorOrSelf:
		if s.axis == axisAncestorOrSelf {
			visit(n)
		}
		for m := n.Parent; m != nil; m = m.Parent {
			visit(m)
		}
	case axisFollowingSibling, axisPrecedingSibling:
		if n.Parent == nil || n.Kind == Attribute || n.Kind == Namespace {
			break
		}
		i := slices.Index(n.Parent.Children, n)
		if s.axis == axisFollowingSibling {
			for _, m := range n.Parent.Children[i+1:] {
				visit(m)
			}
		} else {
			for j := i - 1; j >= 0; j-- {
				visit(n.Parent.Children[j])
			}
		}
	case axisFollowing, axisPreceding:
		c.beside(n, s.axis == axisFollowing, visit)
	case axisNamespace:
		for _, m := range namespaces(n) {
			visit(m)
		}
	}
	return out, c.run.spend(0)
}

// beside visits what follows or precedes a node without containing it.
func (c *context) beside(n *Node, following bool, visit func(*Node)) {
	if n.Kind == Attribute || n.Kind == Namespace {
		if n = n.Parent; n == nil {
			return
		}
		if following {
			descend(n, visit)
		}
	}
	for ; n.Parent != nil; n = n.Parent {
		siblings := n.Parent.Children
		i := slices.Index(siblings, n)
		if following {
			for _, m := range siblings[i+1:] {
				visit(m)
				descend(m, visit)
			}
			continue
		}
		for j := i - 1; j >= 0; j-- {
			var below []*Node
			descend(siblings[j], func(m *Node) { below = append(below, m) })
			for k := len(below) - 1; k >= 0; k-- {
				visit(below[k])
			}
			visit(siblings[j])
		}
	}
}

// children lists a node's children; the text a leaf keeps in Value counts as
// one.
func children(n *Node) []*Node {
	below := n.below()
	if n.Kind == Element && len(below) == 0 && n.Value != "" {
		return []*Node{{Kind: TextNode, Value: n.Value, Parent: n}}
	}
	return below
}

func descend(n *Node, visit func(*Node)) {
	for _, m := range children(n) {
		visit(m)
		descend(m, visit)
	}
}

// namespaces lists what prefixes mean at a node, outermost declared first.
func namespaces(n *Node) []*Node {
	if n.Kind != Element {
		return nil
	}
	var line []*Node
	for e := n; e != nil; e = e.Parent {
		line = append(line, e)
	}
	var out []*Node
	for _, e := range slices.Backward(line) {
		for _, d := range e.spaces {
			out = slices.DeleteFunc(out, func(o *Node) bool { return o.Name == d.Name })
			if d.Value != "" {
				out = append(out, &Node{Kind: Namespace, Name: d.Name, Value: d.Value, Parent: n})
			}
		}
	}
	return append(out, &Node{Kind: Namespace, Name: "xml", Value: xmlSpace, Parent: n})
}

func (c *context) matches(n *Node, s *step) bool {
	switch s.kind {
	case testNode:
		return true
	case testText:
		return n.Kind == TextNode
	case testComment:
		return n.Kind == Comment
	case testInstruction:
		return n.Kind == Instruction && (s.name == "" || s.name == n.Name)
	}
	principal := Element
	switch s.axis {
	case axisAttribute:
		principal = Attribute
	case axisNamespace:
		principal = Namespace
	}
	if n.Kind != principal || s.name != "*" && s.name != n.Name {
		return false
	}
	if s.name == "*" && s.prefix == "" {
		return true
	}
	if c.run.env.Space == nil {
		return s.prefix == "" || s.prefix == n.Prefix
	}
	if s.prefix == "" && n.Kind == Attribute {
		return n.Space == ""
	}
	space := c.run.env.Space(s.prefix)
	return space == AnySpace || space == n.Space
}

// choose keeps the nodes for which each predicate in turn holds; a number
// stands for a position.
func (c *context) choose(nodes []*Node, predicates []expr) ([]*Node, error) {
	for _, p := range predicates {
		if n, ok := p.(number); ok {
			i := int(min(max(n, 0), number(len(nodes)+1)))
			if number(i) != n || i < 1 || i > len(nodes) {
				return nil, nil
			}
			nodes = nodes[i-1 : i]
			continue
		}
		at := context{run: c.run, size: len(nodes), depth: c.depth + 1}
		if at.depth > MaxDepth {
			return nil, ErrTooLong
		}
		var kept []*Node
		for i, n := range nodes {
			at.node, at.pos = n, i+1
			v, err := at.eval(p)
			if err != nil {
				return nil, err
			}
			if v.kind == Number && !v.date && v.num == float64(i+1) || v.kind != Number && v.Bool() {
				kept = append(kept, n)
			}
		}
		nodes = kept
	}
	return nodes, nil
}
