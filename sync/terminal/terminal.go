// Package terminal is how both programs speak to somebody at a terminal, by
// three rules: standard output holds only what was asked for; a message is one
// line on standard error, then hint lines that say what to do next; nothing is
// said that helps nobody, so a success that speaks for itself stays short.
// What comes from elsewhere (names, files, other programs' words) is shown and
// never obeyed: control characters are taken out of all that people read.
package terminal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

// Exit codes of a command.
const (
	OK      = 0
	Refused = 1 // it was understood and could not be done
	Use     = 2 // the words of the command line are off
)

// Face is where one run of a program speaks.
type Face struct {
	Program  string // stands before each message
	Out, Err io.Writer
	JSON     bool // one object on Out instead of words

	// Causes tells the cause under each refusal. Who runs a centre can use it;
	// an officer is told it only where nothing better is known.
	Causes bool
}

// Teller is a result that tells itself to people.
type Teller interface {
	Tell(w io.Writer)
}

// Say writes one line for people.
func (f *Face) Say(format string, args ...any) {
	_, _ = fmt.Fprintf(f.Err, "%s: %s\n", f.Program, plain(fmt.Sprintf(format, args...)))
}

// Hint writes a line under it; an empty one is left out.
func (f *Face) Hint(text string) {
	if text != "" {
		_, _ = fmt.Fprintf(f.Err, "  hint: %s\n", plain(text))
	}
}

// Print writes a line of what was asked for, where no JSON is wanted.
func (f *Face) Print(format string, args ...any) {
	if !f.JSON {
		_, _ = fmt.Fprintf(f.Out, "%s\n", plain(fmt.Sprintf(format, args...)))
	}
}

// End prints the result (nil for none) and the error of a command and gives
// the exit code.
func (f *Face) End(result any, err error) int {
	var p *civic.Problem
	if err != nil && !errors.As(err, &p) {
		p = civic.NewProblem(civic.Unexpected, err)
	}
	if f.JSON {
		f.object(result, p)
	} else if t, ok := result.(Teller); ok && !empty(result, p) {
		var words strings.Builder
		t.Tell(&words)
		_, _ = io.WriteString(f.Out, plain(words.String())) // a closed standard output has nobody to tell
	}
	if p == nil {
		return OK
	}
	f.Say("%s", p.Error())
	f.Hint(p.Hint())
	if p.Err != nil && (p.Code == civic.Unexpected || f.Causes && p.Code != civic.WrongUse) {
		f.Hint("for whoever looks into it: " + p.Err.Error())
	}
	if p.Code == civic.WrongUse {
		return Use
	}
	return Refused
}

// empty tells whether a result has nothing to tell of: the command was refused for
// its words, or came to nothing. What it would have said then is not said.
func empty(result any, p *civic.Problem) bool {
	return p != nil && (p.Code == civic.WrongUse || reflect.ValueOf(result).IsZero())
}

// object prints the result's keys with the error beside them.
func (f *Face) object(result any, p *civic.Problem) {
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
	_, _ = io.WriteString(f.Out, safe.String()) // a closed standard output has nobody to tell
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

// Misuse is the problem of a command line that was not understood: err, which
// somebody else worded, as a sentence of ours.
func Misuse(err error) *civic.Problem {
	return civic.NewProblem(civic.WrongUse, err, sentence(err.Error()))
}

func sentence(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + strings.TrimRight(s[size:], ".") + "."
}
