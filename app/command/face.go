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
	_, _ = fmt.Fprintf(f.err, "%s", "fieldkit: "+plain(fmt.Sprintf(format, args...))+"\n")
}

// hint writes a line under it.
func (f *face) hint(text string) {
	if text != "" {
		_, _ = fmt.Fprintf(f.err, "  hint: %s\n", plain(text))
	}
}

// print writes what was asked for, where no JSON is wanted.
func (f *face) print(format string, args ...any) {
	if !f.json {
		_, _ = fmt.Fprintf(f.out, "%s\n", plain(fmt.Sprintf(format, args...)))
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
	switch {
	case p == nil:
		return exitOK
	case p.Code == civic.WrongUse:
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
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(all) // made of what JSON can hold
	var safe strings.Builder
	for _, r := range b.String() {
		if r >= 0x7f && r <= 0x9f { // JSON leaves these as they are, terminals obey them
			fmt.Fprintf(&safe, "\\u%04x", r)
		} else {
			safe.WriteRune(r)
		}
	}
	_, _ = io.WriteString(f.out, safe.String()) // a closed standard output has nobody to tell
}

// plain takes out the characters that a terminal would obey instead of show.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, text)
}

// sentence makes cobra's words one of ours.
func sentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimRight(s[size:], ".") + "."
}
