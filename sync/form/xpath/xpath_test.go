package xpath

import (
	"testing"
	"time"
)

func TestEval(t *testing.T) {
	rep := func(x string) *Node {
		r := NewElement("rep", "")
		r.Append(NewElement("x", x))
		return r
	}
	data := NewElement("data", "")
	one, two := rep("3"), rep("4")
	data.Append(NewElement("name", "Ana"), NewElement("born", "1990-02-03"), one, two)
	doc := &Node{Kind: Document}
	doc.Append(data)
	env := &Env{Now: func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }, Bound: true}
	for _, c := range []struct{ text, want string }{
		{"1 + 2 * 3", "7"},
		{"-2 + 5", "3"},
		{"/data/name", "Ana"},
		{"../rep/x", "3"},
		{"sum(/data/rep/x)", "7"},
		{"/data/rep[x > 3]/x", "4"},
		{"count(/data/rep)", "2"},
		{"position(/data/rep[2])", "2"},
		{"/data/born < today()", "true"},
		{"int((today() - /data/born) div 365.25)", "36"},
		{"format-date(/data/born, '%d/%m/%Y')", "03/02/1990"},
		{"today() - 1", "20778"},
		{"date(today() - 1)", "2026-11-21"},
		{"if(selected('a b', 'b') and not(false()), 'yes', 'no')", "yes"},
		{"regex('123', '[0-9]{2}')", "false"},
		{"indexed-repeat(/data/rep/x, /data/rep, 2)", "4"},
		{"//rep[last()]/x", "4"},
		{"1and 1", "true"},
		{"5 mod 2 = 1 or.=3", "true"},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		v, err := e.Eval(data.Child("name"), env)
		if err != nil || v.Text() != c.want {
			t.Errorf("%s: %q, %v; want %q", c.text, v.Text(), err, c.want)
		}
	}
	e, _ := Parse("/data/rep/x")
	if v, err := e.Eval(two.Child("x"), env); err != nil || v.Text() != "4" {
		t.Errorf("an absolute path inside a repeat: %q, %v", v.Text(), err)
	}
}
