package command

// The three rules of the terminal: standard output holds only what was asked
// for; a message is one line on standard error, then hint lines that say what
// to do next; a success that speaks for itself stays short.

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

// person is a result that can tell itself to people.
type person interface {
	tell(w io.Writer)
}

// end prints a command's result and error, and gives the exit code.
func (f *face) end(e ended) int {
	var p *civic.Problem
	if e.err != nil && !errors.As(e.err, &p) {
		p = civic.NewProblem(civic.Unexpected, e.err)
	}
	switch {
	case f.json:
		f.object(e.result, p)
	case e.result != nil:
		if r, ok := e.result.(person); ok {
			r.tell(f.out)
		}
	}
	if p == nil {
		return exitOK
	}
	_, _ = fmt.Fprintf(f.err, "fieldkit-server: %s\n", p.Error())
	if hint := p.Hint(); hint != "" {
		_, _ = fmt.Fprintf(f.err, "  hint: %s\n", hint)
	}
	if p.Err != nil && p.Code != civic.WrongUse {
		_, _ = fmt.Fprintf(f.err, "  hint: for whoever looks into it: %v\n", p.Err)
	}
	if p.Code == civic.WrongUse {
		return exitUse
	}
	return exitRefused
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
