package xpath

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of a document read by ReadXML.
const (
	MaxXML      = 32 << 20 // bytes
	MaxXMLNodes = 2_000_000
	MaxXMLDepth = 256
)

const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// ReadXML reads a document into a tree. Entities beyond the five of XML are
// not expanded.
func ReadXML(b []byte) (*Node, error) {
	if len(b) > MaxXML {
		return nil, errors.New("the document is too large")
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimSpace(b)))
	doc := &Node{Kind: Document}
	at, depth, count := doc, 0, 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the document cannot be read: %w", err)
		}
		if count++; count > MaxXMLNodes {
			return nil, errors.New("the document has too many parts")
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth++; depth > MaxXMLDepth {
				return nil, errors.New("the document is nested too deeply")
			}
			n := element(t)
			at.Append(n)
			n.settle()
			at = n
		case xml.EndElement:
			if depth--; depth < 0 || at.Name != t.Name.Local {
				return nil, fmt.Errorf("the tag %s is closed in the wrong place", t.Name.Local)
			}
			at = at.Parent
		case xml.CharData:
			if at.Kind == Document {
				continue
			}
			if n := len(at.Children); n > 0 && at.Children[n-1].Kind == TextNode {
				at.Children[n-1].Value += string(t)
				continue
			}
			at.Append(&Node{Kind: TextNode, Value: string(t)})
		case xml.Comment:
			at.Append(&Node{Kind: Comment, Value: string(t)})
		case xml.ProcInst:
			if t.Target != "xml" {
				at.Append(&Node{Kind: Instruction, Name: t.Target, Value: string(t.Inst)})
			}
		}
	}
	if depth != 0 {
		return nil, errors.New("the document ends too early")
	}
	if !slices.ContainsFunc(doc.Children, func(n *Node) bool { return n.Kind == Element }) {
		return nil, errors.New("the document has no element")
	}
	return doc, nil
}

func element(t xml.StartElement) *Node {
	n := &Node{Kind: Element, Name: t.Name.Local, Prefix: t.Name.Space}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			n.spaces = append(n.spaces, &Node{Kind: Namespace, Value: a.Value})
		case a.Name.Space == "xmlns":
			n.spaces = append(n.spaces, &Node{Kind: Namespace, Name: a.Name.Local, Value: a.Value})
		default:
			n.Attrs = append(n.Attrs, &Node{Kind: Attribute, Name: a.Name.Local, Prefix: a.Name.Space, Value: a.Value, Parent: n})
		}
	}
	return n
}

// settle finds the namespaces of an element that hangs in its place.
func (n *Node) settle() {
	n.Space = n.lookup(n.Prefix)
	for _, a := range n.Attrs {
		if a.Prefix != "" {
			a.Space = n.lookup(a.Prefix)
		}
	}
}

func (n *Node) lookup(prefix string) string {
	if prefix == "xml" {
		return xmlSpace
	}
	for e := n; e != nil; e = e.Parent {
		for _, s := range e.spaces {
			if s.Name == prefix {
				return s.Value
			}
		}
	}
	return ""
}

// Elements lists the child elements.
func (n *Node) Elements() []*Node {
	var out []*Node
	for _, c := range n.Children {
		if c.Kind == Element {
			out = append(out, c)
		}
	}
	return out
}

// Find follows names of elements from child to child; nil when one is missing.
func (n *Node) Find(names ...string) *Node {
	for _, name := range names {
		if n = n.Child(name); n == nil {
			return nil
		}
	}
	return n
}

// WriteXML writes a tree as XML without further whitespace.
func (n *Node) WriteXML() string {
	var b strings.Builder
	n.writeXML(&b)
	return b.String()
}

var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func (n *Node) writeXML(b *strings.Builder) {
	switch n.Kind {
	case TextNode:
		b.WriteString(escape.Replace(n.Value))
	case Document:
		for _, c := range n.Children {
			c.writeXML(b)
		}
	case Element:
		b.WriteString("<" + n.qualified())
		for _, s := range n.spaces {
			name := "xmlns"
			if s.Name != "" {
				name += ":" + s.Name
			}
			b.WriteString(" " + name + `="` + escape.Replace(s.Value) + `"`)
		}
		for _, a := range n.Attrs {
			b.WriteString(" " + a.qualified() + `="` + escape.Replace(a.Value) + `"`)
		}
		if len(n.Children) == 0 && n.Value == "" {
			b.WriteString("/>")
			return
		}
		b.WriteString(">")
		b.WriteString(escape.Replace(n.Value))
		for _, c := range n.Children {
			c.writeXML(b)
		}
		b.WriteString("</" + n.qualified() + ">")
	}
}
