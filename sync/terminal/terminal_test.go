package terminal_test

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/terminal"
)

type result struct {
	Name string `json:"name"`
}

func (r result) Tell(w io.Writer) { _, _ = io.WriteString(w, r.Name+"\n") }

func TestEnd(t *testing.T) {
	cause := errors.New("the cause")
	for name, c := range map[string]struct {
		causes bool
		result any
		err    error
		code   int
		out    string
		said   []string
		hidden string
	}{
		"a result":             {result: result{"Ana"}, code: terminal.OK, out: "Ana\n"},
		"nothing to say":       {code: terminal.OK},
		"refused":              {err: civic.NewProblem(civic.FileAbsent, cause, "a.csv"), code: terminal.Refused, said: []string{"fieldkit: ", "a.csv", "  hint: "}, hidden: "the cause"},
		"refused at a centre":  {causes: true, err: civic.NewProblem(civic.FileAbsent, cause, "a.csv"), code: terminal.Refused, said: []string{"  hint: for whoever looks into it: the cause"}},
		"nobody's problem":     {err: cause, code: terminal.Refused, said: []string{"  hint: for whoever looks into it: the cause"}},
		"the words are off":    {causes: true, err: terminal.Misuse(errors.New("unknown flag: --x\nmore")), code: terminal.Use, said: []string{"fieldkit: Unknown flag: --x.\n"}, hidden: "more"},
		"nothing was done":     {result: result{}, err: cause, code: terminal.Refused, said: []string{"the cause"}},
		"nor for such words":   {result: result{"Ana"}, err: terminal.Misuse(errors.New("no such place")), code: terminal.Use, said: []string{"No such place."}},
		"a result and a fault": {result: result{"Ana"}, err: cause, code: terminal.Refused, out: "Ana\n", said: []string{"the cause"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said strings.Builder
			f := terminal.Face{Program: "fieldkit", Out: &out, Err: &said, Causes: c.causes}
			if code := f.End(c.result, c.err); code != c.code || out.String() != c.out {
				t.Errorf("exit %d, printed %q", code, out.String())
			}
			for _, want := range c.said {
				if !strings.Contains(said.String(), want) {
					t.Errorf("%q lacks %q", said.String(), want)
				}
			}
			if len(c.said) == 0 && said.Len() > 0 || c.hidden != "" && strings.Contains(said.String(), c.hidden) {
				t.Errorf("said %q", said.String())
			}
		})
	}
}

// With JSON a single object stands on the output, with the error in it.
func TestObject(t *testing.T) {
	var out, said strings.Builder
	f := terminal.Face{Program: "fieldkit", Out: &out, Err: &said, JSON: true}
	f.Print("words")
	code := f.End(result{"<Ana>"}, civic.NewProblem(civic.FileAbsent, nil, "a.csv"))
	var got struct {
		Name  string
		Error struct{ Code, Message, Hint string }
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if code != terminal.Refused || got.Name != "<Ana>" || got.Error.Code != string(civic.FileAbsent) || got.Error.Message == "" || got.Error.Hint == "" {
		t.Errorf("%d %+v", code, got)
	}
	if !strings.Contains(out.String(), "<Ana>") {
		t.Error("escaped for a browser")
	}
}

// A name that would clear the screen or rename the window does not.
func TestNothingIsObeyed(t *testing.T) {
	const wicked = "Ana\x1b[2J\u009b31m\x07\u0085\x7f"
	obeyed := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f })
	}
	for _, asJSON := range []bool{false, true} {
		var out, said strings.Builder
		f := terminal.Face{Program: "fieldkit", Out: &out, Err: &said, JSON: asJSON, Causes: true}
		f.Say("%s", wicked)
		f.Hint(wicked)
		f.Print("%s", wicked)
		f.End(result{wicked}, civic.NewProblem(civic.FileAbsent, errors.New(wicked), wicked))
		if obeyed(out.String()) || obeyed(said.String()) {
			t.Errorf("%q %q", out.String(), said.String())
		}
		if !strings.Contains(out.String(), "Ana") {
			t.Error("nothing of it was shown")
		}
	}
}
