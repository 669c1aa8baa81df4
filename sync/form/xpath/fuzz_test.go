package xpath

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzExpression reads and evaluates arbitrary expressions: they end, within
// their limits.
func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"1 + 2 * 3", "//*[position() > 1]/..", "/data/rep[x = current()/../x]/x", "if(selected(., 'a'), today(), now() - 1)",
		"regex(., '(a+)+$')", "concat(//*, //*, //*)", "((((1))))", "-----1", "a/b/c[1][2]", "instance('x')/root/item[name = 'y']/z",
		"format-date(., '%Y-%m-%d %3 %%')", "substr('äöü', -2, 5)", "round(1.005, 2)", "indexed-repeat(x, rep, 1)", "1and1 or.=3", "'unclosed",
		"randomize(//rep, 3)", "digest('a', 'MD5')", "translate(., 'abc', 'x')", "count(//*[//*[//*]])",
	} {
		f.Add(s)
	}
	doc, err := ReadXML([]byte(`<data xmlns:o="urn:o"><name o:a="1">Ana</name><rep><x>3</x></rep><rep><x>4</x></rep><!-- c --><?p i?></data>`))
	if err != nil {
		f.Fatal(err)
	}
	env := &Env{
		Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }, Bound: true, Steps: 20_000,
		Instance: func(string) *Node { return doc },
	}
	at := doc.Children[0].Child("rep").Child("x")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var s *SyntaxError
			if !errors.As(err, &s) || s.Error() == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		e.References()
		e.Calls()
		v, err := e.Eval(at, env)
		if err != nil {
			return
		}
		v.Text()
		v.Bool()
		v.Number(time.UTC)
	})
}

// FuzzXML reads arbitrary documents and writes them again.
func FuzzXML(f *testing.F) {
	for _, s := range []string{`<a/>`, `<a xmlns="urn:x" b="1"><c>x</c><!-- y --></a>`, `<a><b></a></b>`, `<?xml version="1.0"?><a>&lt;</a>`, strings.Repeat("<a>", 300)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, err := ReadXML(b)
		if err != nil {
			return
		}
		text := doc.Text()
		again, err := ReadXML([]byte(doc.WriteXML()))
		if err == nil && again.Text() != text && strings.TrimSpace(text) == text {
			t.Fatalf("%q became %q", text, again.Text())
		}
	})
}

// TestLimits shows that no expression runs away.
func TestLimits(t *testing.T) {
	if _, err := Parse(strings.Repeat("(", 1000) + "1" + strings.Repeat(")", 1000)); err == nil {
		t.Error("a deep expression is taken")
	}
	if _, err := Parse(strings.Repeat("1 + ", MaxLength)); err == nil {
		t.Error("a long expression is taken")
	}
	data := NewElement("data", "")
	for range 2000 {
		data.Append(NewElement("x", "1"))
	}
	doc := &Node{Kind: Document}
	doc.Append(data)
	e, err := Parse("count(//x[count(//x[count(//x) > 1]) > 1])")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Eval(data, &Env{}); !errors.Is(err, ErrTooLong) {
		t.Errorf("%v", err)
	}
}
