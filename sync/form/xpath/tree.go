package xpath

import (
	"slices"
	"strings"
)

// NodeKind says what a node is.
type NodeKind uint8

// The kinds of nodes.
const (
	Document NodeKind = iota
	Element
	Attribute
	TextNode
	Comment
	Instruction
	Namespace
)

// Node is a piece of a tree. A leaf element may keep its text in Value instead
// of in a text node.
type Node struct {
	Kind   NodeKind
	Name   string // local name
	Prefix string
	Space  string // namespace
	Value  string
	Parent *Node
	Attrs  []*Node
	// Children in document order; whoever changes them keeps Parent right.
	Children []*Node
	// Data belongs to the owner of the tree.
	Data any

	spaces []*Node // namespaces declared here, by prefix
	late   *late   // nil for most
}

// late is what a node does not have in memory from the beginning.
type late struct {
	grow  func() []*Node
	index func(child, text string) []*Node
}

// Lazy makes an element whose children are made when something first looks at
// them. Its tree must be read by one goroutine at a time.
func Lazy(name string, grow func() []*Node) *Node {
	return &Node{Kind: Element, Name: name, late: &late{grow: grow}}
}

// Indexed lets predicates such as [code = /data/x] on the children of n be
// answered by an index: it gives those children, in order, that have a child of
// that name with that text. The predicate is still evaluated on them.
func (n *Node) Indexed(index func(child, text string) []*Node) {
	if n.late == nil {
		n.late = &late{}
	}
	n.late.index = index
}

// below lists the children, made now when they were not yet.
func (n *Node) below() []*Node {
	if n.late != nil && n.late.grow != nil {
		grow := n.late.grow
		n.late.grow = nil
		n.Append(grow()...)
	}
	return n.Children
}

// NewElement makes an element with a leaf value.
func NewElement(name, value string) *Node { return &Node{Kind: Element, Name: name, Value: value} }

// Append adds children at the end.
func (n *Node) Append(children ...*Node) {
	for _, c := range children {
		c.Parent = n
	}
	n.Children = append(n.Children, children...)
}

// Insert puts a child at position i.
func (n *Node) Insert(i int, child *Node) {
	child.Parent = n
	n.Children = slices.Insert(n.Children, i, child)
}

// Remove takes a child away.
func (n *Node) Remove(child *Node) {
	if i := slices.Index(n.Children, child); i >= 0 {
		n.Children = slices.Delete(n.Children, i, i+1)
	}
}

// Text is the string value in the sense of XPath: of an element all text below
// it, one after the other.
func (n *Node) Text() string {
	if len(n.below()) == 0 {
		return n.Value
	}
	var b strings.Builder
	n.text(&b)
	return b.String()
}

func (n *Node) text(b *strings.Builder) {
	switch n.Kind {
	case TextNode:
		b.WriteString(n.Value)
	case Element, Document:
		if len(n.below()) == 0 {
			b.WriteString(n.Value)
		}
		for _, c := range n.Children {
			c.text(b)
		}
	}
}

// Attr gives an attribute's value by local name.
func (n *Node) Attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Child finds the first child element of a name, nil if there is none.
func (n *Node) Child(name string) *Node {
	for _, c := range n.below() {
		if c.Kind == Element && c.Name == name {
			return c
		}
	}
	return nil
}

// Root is the topmost node.
func (n *Node) Root() *Node {
	for n.Parent != nil {
		n = n.Parent
	}
	return n
}

func (n *Node) qualified() string {
	if n.Prefix != "" {
		return n.Prefix + ":" + n.Name
	}
	return n.Name
}

// before tells whether a comes before b in document order.
func before(a, b *Node) bool {
	if a == b {
		return false
	}
	da, db := a.depth(), b.depth()
	x, y := a, b
	for ; da > db; da-- {
		x = x.Parent
	}
	for ; db > da; db-- {
		y = y.Parent
	}
	if x == y {
		return a == x // the ancestor comes first
	}
	for x.Parent != y.Parent {
		x, y = x.Parent, y.Parent
	}
	return x.rank() < y.rank()
}

func (n *Node) depth() int {
	d := 0
	for p := n.Parent; p != nil; p = p.Parent {
		d++
	}
	return d
}

// rank orders siblings: attributes before children.
func (n *Node) rank() int {
	if n.Parent == nil {
		return 0
	}
	switch n.Kind {
	case Namespace:
		return -1 << 30
	case Attribute:
		return slices.Index(n.Parent.Attrs, n) - 1<<20
	}
	return slices.Index(n.Parent.Children, n)
}

// inOrder sorts a set of nodes by document order and drops repeats.
func inOrder(nodes []*Node) []*Node {
	if len(nodes) < 2 {
		return nodes
	}
	seen := make(map[*Node]bool, len(nodes))
	out := nodes[:0:0]
	for _, n := range nodes {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Node) int {
		if a == b {
			return 0
		}
		if before(a, b) {
			return -1
		}
		return 1
	})
	return out
}
