package xpath

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokNumber
	tokLiteral
	tokName     // name, prefix:name, prefix:*
	tokOperator // and or div mod * + - = != < <= > >= |
	tokSlash    // / and //
	tokMark     // ( ) [ ] , @ :: . ..
	tokVariable
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset
}

// SyntaxError says what is wrong with an expression and where.
type SyntaxError struct {
	Text string // the expression
	At   int    // byte offset
	What string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s, at sign %d", e.What, utf8.RuneCountInString(e.Text[:min(e.At, len(e.Text))])+1)
}

// lex cuts an expression into tokens by the rules of XPath 1.0, section 3.7:
// whether "*", "and" or "div" is an operator hangs on what stands before.
func lex(text string) ([]token, error) {
	var out []token
	operatorNext := func() bool {
		if len(out) == 0 {
			return false
		}
		switch last := out[len(out)-1]; last.kind {
		case tokOperator, tokSlash:
			return false
		case tokMark:
			return last.text == ")" || last.text == "]" || last.text == "." || last.text == ".."
		}
		return true
	}
	fail := func(at int, what string, args ...any) ([]token, error) {
		return nil, &SyntaxError{Text: text, At: at, What: fmt.Sprintf(what, args...)}
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		rest := text[i:]
		add := func(kind tokenKind, n int) {
			out = append(out, token{kind, rest[:n], i})
			i += n
		}
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '"' || r == '\'':
			end := strings.IndexByte(rest[1:], rest[0])
			if end < 0 {
				return fail(i, "a quotation is not closed")
			}
			out = append(out, token{tokLiteral, rest[1 : 1+end], i})
			i += end + 2
		case isDigit(r) || (r == '.' && len(rest) > 1 && isDigit(rune(rest[1]))):
			n, point := 0, false
			for n < len(rest) && (isDigit(rune(rest[n])) || (rest[n] == '.' && !point)) {
				point = point || rest[n] == '.'
				n++
			}
			add(tokNumber, n)
		case strings.HasPrefix(rest, "//"):
			add(tokSlash, 2)
		case r == '/':
			add(tokSlash, 1)
		case strings.HasPrefix(rest, "::"), strings.HasPrefix(rest, ".."):
			add(tokMark, 2)
		case strings.ContainsRune("()[],@.", r):
			add(tokMark, 1)
		case strings.HasPrefix(rest, "!="), strings.HasPrefix(rest, "<="), strings.HasPrefix(rest, ">="):
			add(tokOperator, 2)
		case strings.ContainsRune("+-=<>|", r):
			add(tokOperator, 1)
		case r == '*':
			if operatorNext() {
				add(tokOperator, 1)
			} else {
				add(tokName, 1)
			}
		case r == '$':
			n := nameLength(rest[1:])
			if n == 0 {
				return fail(i, "a name must follow $")
			}
			add(tokVariable, 1+n)
		case isNameStart(r):
			n := nameLength(rest)
			if operatorNext() {
				op := operatorName(rest[:n])
				if op == "" {
					return fail(i, "%q stands where an operator such as and, or, div, mod must stand", rest[:n])
				}
				add(tokOperator, len(op))
				continue
			}
			if after := rest[n:]; len(after) > 1 && after[0] == ':' && after[1] != ':' {
				if after[1] == '*' {
					n += 2
				} else if m := nameLength(after[1:]); m > 0 {
					n += 1 + m
				}
			}
			add(tokName, n)
		default:
			return fail(i, "the sign %q has no meaning here", r)
		}
	}
	return append(out, token{tokEnd, "", len(text)}), nil
}

// operatorName reads the operator a name stands for; "and1" and "or." begin
// with one, as the reference parser takes them.
func operatorName(name string) string {
	for _, op := range []string{"and", "or", "div", "mod"} {
		after, ok := strings.CutPrefix(name, op)
		if !ok {
			continue
		}
		if r, _ := utf8.DecodeRuneInString(after); after == "" || !unicode.IsLetter(r) && r != '_' && r != '-' {
			return op
		}
	}
	return ""
}

func isDigit(r rune) bool     { return r >= '0' && r <= '9' }
func isNameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func nameLength(s string) int {
	for i, r := range s {
		if i == 0 && !isNameStart(r) {
			return 0
		}
		if !isNameStart(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) && r != '-' && r != '.' && r != '·' {
			return i
		}
	}
	return len(s)
}

// Computes tells whether a text, as it stands in a cell that may hold either a
// value or an expression, is an expression: it calls a function, has a
// predicate or an operator of arithmetic. minus tells whether a hyphen counts.
func Computes(text string, minus bool) bool {
	tokens, err := lex(text)
	if err != nil {
		return false
	}
	for i, t := range tokens {
		switch {
		case t.kind == tokOperator && t.text == "-" && !minus:
			return false
		case t.kind == tokOperator && slices.Contains([]string{"+", "-", "*", "div", "mod", "|"}, t.text) && i > 0,
			t.kind == tokMark && t.text == "[",
			t.kind == tokMark && t.text == "(" && i > 0 && tokens[i-1].kind == tokName:
			return true
		}
	}
	return false
}
