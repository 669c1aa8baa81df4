package form_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/form"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"Plain words, 2 * 3 = 6":   "Plain words, 2 * 3 = 6",
		"# Big\nand small":         "Big\nand small",
		"**Name** of the _child_":  "Name of the child",
		"first_name and last_name": "first_name and last_name",
		"<b>Bold</b><br/>next <span style=\"color:red\">red</span>": "Bold\nnext red",
		"a &lt; b &amp; c&nbsp;d":                                   "a < b & c d",
		"see [the rules](http://x.y/z) now":                         "see the rules now",
		"\\*not stressed\\*":                                        "*not stressed*",
		"x < y and y > z":                                           "x < y and y > z",
		"__all__ *of* it*":                                          "all of it*",
	} {
		if got := form.Plain(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	f := compiled(t, `
| survey |
| | type | name | label |
| | text | who  | <b>Who</b>? |
| | text | what | **What** does _${who}_ want? # |`)
	s := form.Start(f, env())
	play(t, s, "who = *Ana*")
	items := s.Sections("")[0].Items
	if items[0].Label != "Who?" || items[1].Label != "What does *Ana* want? #" {
		t.Errorf("%q %q", items[0].Label, items[1].Label)
	}
	if q, _ := f.Question("what"); q.Label("") != "What does … want? #" {
		t.Errorf("%q", q.Label(""))
	}
	if n := s.Nodes(); n[1].Label != "<b>Who</b>?" {
		t.Errorf("%q", n[1].Label)
	}
}
