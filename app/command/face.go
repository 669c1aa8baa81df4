package command

// The three rules of the terminal: standard output holds only what was asked
// for; a message is one line, then hint lines that say what to do next; nothing
// is said that helps nobody, so a success that speaks for itself stays short.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

type face struct {
	out, err io.Writer
	json     bool
}

// say writes one line for people.
func (f *face) say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.err, "fieldkit: "+format+"\n", args...)
}

// hint writes a line under it.
func (f *face) hint(text string) {
	if text != "" {
		_, _ = fmt.Fprintf(f.err, "  hint: %s\n", text)
	}
}

// print writes what was asked for, where no JSON is wanted.
func (f *face) print(format string, args ...any) {
	if !f.json {
		_, _ = fmt.Fprintf(f.out, format+"\n", args...)
	}
}

// end prints the result and the error of a command and gives the exit code.
func (f *face) end(d done) int {
	var p *civic.Problem
	if d.err != nil {
		if !errors.As(d.err, &p) {
			p = civic.NewProblem(civic.Unexpected, d.err)
		}
		f.say("%s", p.Error())
		f.hint(p.Hint())
		if p.Code == civic.Unexpected && p.Err != nil {
			f.hint("for whoever looks into it: " + p.Err.Error())
		}
	}
	if f.json {
		f.object(d.result, p)
	}
	if p != nil {
		return exitRefused
	}
	return exitOK
}

// object prints the result's keys with the error beside them.
func (f *face) object(result any, p *civic.Problem) {
	all := map[string]any{}
	if result != nil {
		// Through its own JSON, so that the keys stand in one place only.
		if b, err := json.Marshal(result); err == nil {
			_ = json.Unmarshal(b, &all) // what Marshal wrote
		}
	}
	if p != nil {
		maps.Copy(all, map[string]any{"error": map[string]string{"code": string(p.Code), "message": p.Error(), "hint": p.Hint()}})
	}
	e := json.NewEncoder(f.out)
	e.SetEscapeHTML(false)
	_ = e.Encode(all) // a closed standard output has nobody to tell
}

// sentence makes cobra's words one of ours.
func sentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimRight(s[size:], ".") + "."
}
