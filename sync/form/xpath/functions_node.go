package xpath

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

func nodeFunctions() map[string]*function {
	// named looks at the first node of its argument, or at the context node.
	named := func(do func(*Node) string) *function {
		return &function{0, 1, func(c *Call) (Value, error) {
			if c.Len() == 0 {
				return Str(do(c.Node)), nil
			}
			nodes, err := c.nodes(0)
			if err != nil || len(nodes) == 0 {
				return Str(""), err
			}
			return Str(do(nodes[0])), nil
		}}
	}
	return map[string]*function{
		"last":     {0, 0, func(c *Call) (Value, error) { return Num(float64(c.at.size)), nil }},
		"position": {0, 1, position},
		"count": {1, 1, func(c *Call) (Value, error) {
			nodes, err := c.nodes(0)
			return Num(float64(len(nodes))), err
		}},
		"count-non-empty": {1, 1, func(c *Call) (Value, error) {
			nodes, err := c.nodes(0)
			n := 0
			for _, node := range nodes {
				if node.Text() != "" {
					n++
				}
			}
			return Num(float64(n)), err
		}},
		"current": {0, 0, func(c *Call) (Value, error) { return Set(c.at.run.current), nil }},
		"instance": {1, 1, func(c *Call) (Value, error) {
			id, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			if c.at.run.env.Instance == nil {
				return Set(), nil
			}
			if n := c.at.run.env.Instance(id); n != nil {
				return Set(n), nil
			}
			return Set(), nil
		}},
		"randomize":     {1, 2, randomize},
		"local-name":    named(func(n *Node) string { return n.Name }),
		"name":          named((*Node).qualified),
		"namespace-uri": named(func(n *Node) string { return n.Space }),
		"id":            {1, 1, byID},
		"lang": {1, 1, func(c *Call) (Value, error) {
			want, err := c.Text(0)
			for n := c.Node; n != nil; n = n.Parent {
				for _, a := range n.Attrs {
					if a.Name == "lang" && a.Prefix == "xml" {
						have := strings.ToLower(a.Value)
						want = strings.ToLower(want)
						return Bool(have == want || strings.HasPrefix(have, want+"-")), err
					}
				}
			}
			return Bool(false), err
		}},
		"indexed-repeat": {3, -1, indexedRepeat},
	}
}

// position() is the place among the nodes a predicate looks at; position(x) is
// the place of x among its siblings of the same name.
func position(c *Call) (Value, error) {
	if c.Len() == 0 {
		return Num(float64(c.at.pos)), nil
	}
	nodes, err := c.nodes(0)
	if err != nil || len(nodes) == 0 || nodes[0].Parent == nil {
		return Num(math.NaN()), err
	}
	at := 0
	for _, s := range nodes[0].Parent.Children {
		if s.Kind == nodes[0].Kind && s.Name == nodes[0].Name {
			at++
		}
		if s == nodes[0] {
			break
		}
	}
	return Num(float64(at)), nil
}

func byID(c *Call) (Value, error) {
	v, err := c.Arg(0)
	if err != nil {
		return v, err
	}
	var wanted []string
	for _, part := range v.each() {
		wanted = append(wanted, strings.Fields(part.Text())...)
	}
	var out []*Node
	root := c.Node.Root()
	for _, w := range wanted {
		found := false
		descend(root, func(n *Node) {
			if !found && n.Kind == Element && slices.ContainsFunc(n.Attrs, func(a *Node) bool {
				return a.Value == w && (a.Name == "id" && (a.Prefix == "" || a.Prefix == "xml"))
			}) {
				found = true
				out = append(out, n)
			}
		})
	}
	return Value{kind: NodeSet, nodes: inOrder(out)}, c.at.run.spend(len(wanted))
}

// indexedRepeat(x, repeat1, i1, …) is the x in the i1-th instance of repeat1,
// and so on inwards.
func indexedRepeat(c *Call) (Value, error) {
	if c.Len()%2 == 0 {
		return Value{}, fmt.Errorf("indexed-repeat() wants a question, then repeats with their numbers")
	}
	target, ok := c.args[0].(path)
	if !ok {
		return Value{}, fmt.Errorf("indexed-repeat() wants a question first")
	}
	unbound := *c.at.run.env
	unbound.Bound = false
	at := *c.at
	at.run = &run{env: &unbound, zone: c.at.run.zone, current: c.at.run.current, steps: c.at.run.steps}
	defer func() { c.at.run.steps = at.run.steps }()
	nodes, err := at.unrolled(target)
	if err != nil {
		return Value{}, err
	}
	for i := 1; i < c.Len(); i += 2 {
		repeat, ok := c.args[i].(path)
		if !ok {
			return Value{}, fmt.Errorf("indexed-repeat() wants a repeat as argument %d", i+1)
		}
		instances, err := at.unrolled(repeat)
		if err != nil {
			return Value{}, err
		}
		want, err := c.Number(i + 1)
		if err != nil {
			return Value{}, err
		}
		nodes = slices.DeleteFunc(nodes, func(n *Node) bool {
			for _, inst := range instances {
				for m := n; m != nil; m = m.Parent {
					if m == inst {
						return float64(placeOf(inst)) != want
					}
				}
			}
			return true
		})
	}
	return Set(nodes...), nil
}

// unrolled evaluates a path so that it reaches every instance of the repeats
// on its way, wherever it starts from: "../x" in a repeat means all x.
func (c *context) unrolled(p path) ([]*Node, error) {
	nodes, err := c.path(p)
	if err != nil || len(nodes) == 0 {
		return nodes, err
	}
	var names []string
	n := nodes[0]
	for ; n.Parent != nil; n = n.Parent {
		names = append(names, n.Name)
	}
	out := []*Node{n}
	for i := len(names) - 1; i >= 0; i-- {
		next, err := c.step(out, &step{axis: axisChild, name: names[i]})
		if err != nil {
			return nil, err
		}
		out = next
	}
	return out, nil
}

func placeOf(n *Node) int {
	at := 0
	for _, s := range n.Parent.Children {
		if s.Name == n.Name {
			at++
		}
		if s == n {
			break
		}
	}
	return at
}
