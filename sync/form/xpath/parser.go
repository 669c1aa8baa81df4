package xpath

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of one expression and of one evaluation.
const (
	MaxLength = 32 << 10 // bytes of an expression's text
	MaxDepth  = 128      // nesting of parentheses, predicates and arguments
	MaxValue  = 1 << 20  // bytes of a text that a function gives
	MaxSteps  = 2 << 20  // nodes visited and operations made in one evaluation
)

// Expr is an expression ready to be evaluated. It never changes and may be
// used by several goroutines.
type Expr struct {
	text string
	root expr
}

// String gives the text the expression was read from.
func (e *Expr) String() string { return e.text }

// Parse reads an expression; the error is a *[SyntaxError].
func Parse(text string) (*Expr, error) {
	if len(text) > MaxLength {
		return nil, &SyntaxError{Text: "", What: fmt.Sprintf("an expression has at most %d signs", MaxLength)}
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens}
	if p.peek().kind == tokEnd {
		return nil, p.fail("the expression is empty")
	}
	root, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, p.fail("%q stands too much", t.text)
	}
	return &Expr{text: text, root: root}, nil
}

type parser struct {
	text   string
	tokens []token
	next   int
	depth  int
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokEnd {
		p.next++
	}
	return t
}

// accept takes the next token when it is this mark.
func (p *parser) accept(mark string) bool {
	if t := p.peek(); t.kind == tokMark && t.text == mark {
		p.next++
		return true
	}
	return false
}

func (p *parser) expect(mark string) error {
	if !p.accept(mark) {
		if t := p.peek(); t.kind != tokEnd {
			return p.fail("%q must stand before %q", mark, t.text)
		}
		return p.fail("%q is missing at the end", mark)
	}
	return nil
}

func (p *parser) fail(what string, args ...any) error {
	return &SyntaxError{Text: p.text, At: p.peek().at, What: fmt.Sprintf(what, args...)}
}

// power is how strongly an operator binds.
var power = map[string]int{
	"or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6, "|": 8,
}

const unaryPower = 7

// expression reads what binds at least as strongly as least.
func (p *parser) expression(least int) (expr, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, p.fail("the expression is nested too deeply")
	}
	defer func() { p.depth-- }()
	var left expr
	var err error
	if t := p.peek(); t.kind == tokOperator && t.text == "-" {
		p.take()
		of, err := p.expression(unaryPower)
		if err != nil {
			return nil, err
		}
		left = negation{of}
	} else if left, err = p.path(); err != nil {
		return nil, err
	}
	// A long chain such as a + b + c … leans to the left and would nest as
	// deeply as it is long.
	for links := 0; ; links++ {
		t := p.peek()
		if t.kind != tokOperator || power[t.text] <= least {
			return left, nil
		}
		if links > 8*MaxDepth {
			return nil, p.fail("the expression is too long")
		}
		p.take()
		right, err := p.expression(power[t.text])
		if err != nil {
			return nil, err
		}
		left = operation{t.text, left, right}
	}
}

// path reads a location path or a primary expression with what follows it.
func (p *parser) path() (expr, error) {
	if p.startsPrimary() {
		of, err := p.primary()
		if err != nil {
			return nil, err
		}
		predicates, err := p.predicates()
		if err != nil {
			return nil, err
		}
		if len(predicates) > 0 {
			of = filter{of, predicates}
		}
		if p.peek().kind != tokSlash {
			return of, nil
		}
		out := path{start: of}
		return p.steps(out, p.take().text)
	}
	if p.peek().kind == tokSlash {
		out := path{absolute: true}
		slash := p.take().text
		if slash == "/" && !p.startsStep() {
			return out, nil
		}
		return p.steps(out, slash)
	}
	return p.steps(path{}, "")
}

// steps reads the steps that follow; slash is what stood before them.
func (p *parser) steps(out path, slash string) (expr, error) {
	for {
		if slash == "//" {
			out.steps = append(out.steps, step{axis: axisDescendantOrSelf, kind: testNode})
		}
		s, err := p.step()
		if err != nil {
			return nil, err
		}
		out.steps = append(out.steps, s)
		if p.peek().kind != tokSlash {
			return out, nil
		}
		slash = p.take().text
	}
}

func (p *parser) startsStep() bool {
	t := p.peek()
	return t.kind == tokName || t.kind == tokMark && (t.text == "." || t.text == ".." || t.text == "@")
}

func (p *parser) startsPrimary() bool {
	t := p.peek()
	switch t.kind {
	case tokNumber, tokLiteral, tokVariable:
		return true
	case tokMark:
		return t.text == "("
	case tokName:
		if _, test := nodeTests[t.text]; test {
			return false
		}
		after := p.tokens[p.next+1]
		return after.kind == tokMark && after.text == "("
	}
	return false
}

func (p *parser) primary() (expr, error) {
	switch t := p.take(); t.kind {
	case tokNumber:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil && f == 0 {
			return nil, p.fail("%q is no number", t.text)
		}
		return number(f), nil
	case tokLiteral:
		return literal(t.text), nil
	case tokVariable:
		return nil, p.fail("%s: forms have no variables", t.text)
	case tokMark: // "("
		of, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return of, p.expect(")")
	default:
		return p.call(t.text)
	}
}

func (p *parser) call(name string) (expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	c := call{name: name, fn: functions[name]}
	if p.accept(")") {
		return c, nil
	}
	for {
		arg, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
		if !p.accept(",") {
			return c, p.expect(")")
		}
	}
}

func (p *parser) predicates() ([]expr, error) {
	var out []expr
	for p.accept("[") {
		e, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		if err := p.expect("]"); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (p *parser) step() (step, error) {
	if p.accept(".") {
		s := step{axis: axisSelf, kind: testNode}
		var err error
		s.predicates, err = p.predicates()
		return s, err
	}
	if p.accept("..") {
		s := step{axis: axisParent, kind: testNode}
		var err error
		s.predicates, err = p.predicates()
		return s, err
	}
	s := step{axis: axisChild}
	if p.accept("@") {
		s.axis = axisAttribute
	} else if t := p.peek(); t.kind == tokName && p.tokens[p.next+1].text == "::" && p.tokens[p.next+1].kind == tokMark {
		a, ok := axes[t.text]
		if !ok {
			return s, p.fail("there is no axis %q", t.text)
		}
		s.axis = a
		p.next += 2
	}
	t := p.peek()
	if t.kind != tokName {
		if t.kind == tokEnd {
			return s, p.fail("something is missing at the end")
		}
		return s, p.fail("%q stands where a name or a value must stand", t.text)
	}
	p.take()
	if kind, ok := nodeTests[t.text]; ok && p.accept("(") {
		s.kind = kind
		if kind == testInstruction && p.peek().kind == tokLiteral {
			s.name = p.take().text
		}
		if err := p.expect(")"); err != nil {
			return s, err
		}
	} else {
		s.name = t.text
		if prefix, local, ok := strings.Cut(t.text, ":"); ok {
			s.prefix, s.name = prefix, local
		}
	}
	var err error
	s.predicates, err = p.predicates()
	return s, err
}
