//go:build acceptance

package form_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/workbook"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// spaces are the prefixes of the reference's assertions.
var spaces = map[string]string{
	"": "", "h": "http://www.w3.org/1999/xhtml", "x": "http://www.w3.org/2002/xforms", "jr": "http://openrosa.org/javarosa", "odk": "http://www.opendatakit.org/xforms",
	"orx": "http://openrosa.org/xforms", "ev": "http://www.w3.org/2001/xml-events", "xsd": "http://www.w3.org/2001/XMLSchema", "ex": "http://example.com/xforms",
	"entities": "http://www.opendatakit.org/xforms/entities",
}

// named gives the workbook the name that the reference's tests give the form's
// root where the workbook has none.
func named(w *workbook.Workbook, name string) *workbook.Workbook {
	if name == "" {
		name = "test_name"
	}
	settings := w.Sheet("settings")
	if settings == nil {
		settings = &workbook.Sheet{Name: "settings", Rows: []workbook.Row{{Number: 1}, {Number: 2}}}
		w.Names, w.Sheets = append(w.Names, "settings"), append(w.Sheets, settings)
	}
	for len(settings.Rows) < 2 {
		settings.Rows = append(settings.Rows, workbook.Row{Number: len(settings.Rows) + 1})
	}
	if slices.Contains(settings.Rows[0].Cells, "name") {
		return w
	}
	head, row := &settings.Rows[0], &settings.Rows[1]
	for len(row.Cells) < len(head.Cells) {
		row.Cells = append(row.Cells, "")
	}
	at := len(head.Cells)
	head.Cells, row.Cells = append(head.Cells, "name"), append(row.Cells[:at:at], name)
	return w
}

// assertion is one thing that the reference says of its XForm.
type assertion struct {
	how, text string
	count     int
	exact     []string
}

// markupOnly tells of what this project keeps in no model, because no kit does
// anything with it: where a filled form is sent and how it is encrypted, further
// namespaces and attributes, styles, programs to call, templates of entities.
func (a assertion) markupOnly() bool {
	for _, s := range []string{"submission", "namespace", "xmlns:", "ex:", "esri", "style", "@intent", "intent=", "accept=", "autoplay", "master-form", "entities:", "@class", "prefix", "@orx", "attribute"} {
		if strings.Contains(a.text, s) {
			return true
		}
	}
	return false
}

func (c *smallCase) assertions() (all []assertion) {
	texts := func(how string, list []string) {
		for _, s := range list {
			all = append(all, assertion{how: how, text: s})
		}
	}
	texts("match", c.KW.Match)
	texts("contains", c.KW.Contains)
	texts("model", c.KW.Model)
	texts("instance", c.KW.Instance)
	texts("excludes", c.KW.Excludes)
	for _, p := range c.KW.Count {
		a := assertion{how: "count"}
		if len(p) == 2 {
			a.text, _ = p[0].(string)
			n, _ := p[1].(float64)
			a.count = int(n)
		}
		all = append(all, a)
	}
	return append(all, c.exact()...)
}

// exact reads "[('xpath', {'a', 'b'}), …]", as the tests were recorded.
func (c *smallCase) exact() (all []assertion) {
	s, ok := c.KW.Exact.(string)
	if !ok {
		return nil
	}
	s = s[min(1, len(s)):] // the list's own bracket
	for strings.Contains(s, "(") {
		_, s, _ = strings.Cut(s, "(")
		var path string
		if path, s, ok = pythonText(s); !ok {
			return append(all, assertion{how: "exact", text: "unreadable " + s})
		}
		a := assertion{how: "exact", text: path}
		_, s, _ = strings.Cut(s, "{")
		for {
			s = strings.TrimLeft(s, ", \n")
			if strings.HasPrefix(s, "}") || s == "" {
				break
			}
			var v string
			if v, s, ok = pythonText(s); !ok {
				return append(all, assertion{how: "exact", text: "unreadable " + s})
			}
			a.exact = append(a.exact, v)
		}
		all = append(all, a)
		_, s, _ = strings.Cut(s, ")")
	}
	return all
}

// pythonText reads a quoted text with its escapes.
func pythonText(s string) (text, rest string, ok bool) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", s, false
	}
	mark := s[0]
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == mark:
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
			if s[i] == 'n' {
				b.WriteByte('\n')
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", s, false
}

// holds tells whether an assertion holds of a document; what says why it does
// not.
func (a assertion) holds(doc *xpath.Node, text string) (what string, ok bool) {
	switch a.how {
	case "match", "count", "exact":
		x, err := xpath.Parse(strings.TrimSpace(a.text))
		if err != nil {
			return "the assertion cannot be read: " + err.Error(), false
		}
		v, err := x.Eval(doc, &xpath.Env{Space: func(p string) string { return spaces[p] }})
		if err != nil {
			return err.Error(), false
		}
		nodes := v.Nodes()
		switch a.how {
		case "count":
			return fmt.Sprintf("%d nodes, not %d", len(nodes), a.count), len(nodes) == a.count
		case "match":
			return "no match", len(nodes) > 0
		}
		return a.exactly(nodes)
	case "excludes":
		return "it is there", !strings.Contains(text, a.text)
	}
	return "not there", contains(doc, text, a.text)
}

// exactly tells whether the nodes are those of a set of texts or elements.
func (a assertion) exactly(nodes []*xpath.Node) (what string, ok bool) {
	same := func(n *xpath.Node, s string) bool {
		if p := piece(s); p != nil {
			return sameNode(n, p, false)
		}
		return n.Kind == xpath.Attribute && squeeze(n.Value) == squeeze(s) || n.Kind != xpath.Attribute && squeeze(n.Text()) == squeeze(s)
	}
	for _, s := range a.exact {
		if !slices.ContainsFunc(nodes, func(n *xpath.Node) bool { return same(n, s) }) {
			return fmt.Sprintf("%q is not among %d", s, len(nodes)), false
		}
	}
	for _, n := range nodes {
		if !slices.ContainsFunc(a.exact, func(s string) bool { return same(n, s) }) {
			return fmt.Sprintf("%s %q is none of them", n.Name, n.Text()), false
		}
	}
	return "", true
}

// piece reads an element written out; nil when it is none.
func piece(s string) *xpath.Node {
	if !strings.HasPrefix(strings.TrimSpace(s), "<") {
		return nil
	}
	doc, err := xpath.ReadXML([]byte(`<root xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms" xmlns:orx="http://openrosa.org/xforms">` + s + `</root>`))
	if err != nil || len(doc.Elements()[0].Elements()) == 0 {
		return nil
	}
	return doc.Elements()[0].Elements()[0]
}

// contains tells whether a piece of XML stands in the document: an element of
// that name with those attributes, in whatever order, and what stands in it.
func contains(doc *xpath.Node, text, part string) bool {
	if strings.Contains(squeeze(text), squeeze(part)) {
		return true
	}
	want := part
	if strings.HasPrefix(want, "<") && !strings.HasPrefix(want, "</") {
		if !strings.HasSuffix(strings.TrimSpace(want), ">") {
			want += ">"
		}
		if strings.Count(want, "<") == 1 && !strings.HasSuffix(want, "/>") {
			want = strings.TrimSuffix(want, ">") + "/>"
		}
	}
	p := piece(want)
	found := false
	if p != nil {
		walk(doc, func(n *xpath.Node) { found = found || sameNode(n, p, want != part) })
	}
	return found
}

func walk(n *xpath.Node, visit func(*xpath.Node)) {
	for _, c := range n.Elements() {
		visit(c)
		walk(c, visit)
	}
}

// sameNode compares an element; open leaves out what stands in it.
func sameNode(n, want *xpath.Node, open bool) bool {
	if n.Name != want.Name || n.Space != want.Space || !open && len(n.Attrs) != len(want.Attrs) {
		return false
	}
	for _, a := range want.Attrs {
		if squeeze(n.Attr(a.Name)) != squeeze(a.Value) {
			return false
		}
	}
	if open {
		return true
	}
	have, kids := n.Elements(), want.Elements()
	if len(have) != len(kids) || squeeze(n.Text()) != squeeze(want.Text()) {
		return false
	}
	for i, k := range kids {
		if !sameNode(have[i], k, false) {
			return false
		}
	}
	return true
}

// assess tells how many assertions there are about a form, and which do not hold.
func (c *smallCase) assess(f *form.Form) (n int, failed []string, markup bool) {
	all := c.assertions()
	if len(all) == 0 {
		return 0, nil, false
	}
	text := form.Reference(f)
	doc, err := xpath.ReadXML([]byte(text))
	if err != nil {
		return len(all), []string{"the form cannot be written: " + err.Error()}, false
	}
	markup = true
	for _, a := range all {
		if what, ok := a.holds(doc, text); !ok {
			failed = append(failed, fmt.Sprintf("%s %s: %s", a.how, strings.Join(strings.Fields(a.text), " "), what))
			markup = markup && a.markupOnly()
		}
	}
	return len(all), failed, markup
}
