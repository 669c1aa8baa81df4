package xpath

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Env is what an evaluation may know beside the tree.
type Env struct {
	Now  func() time.Time // for now() and today(); they give nothing when nil
	Zone *time.Location   // UTC when nil
	// Instance gives the root element's parent of a secondary instance.
	Instance func(id string) *Node
	// Functions of the host; they go before the functions of this package.
	Functions map[string]func(*Call) (Value, error)
	// Primary is the root element that absolute paths start at instead of the
	// context node's own root; nil for the latter.
	Primary *Node
	Rand    io.Reader // for random(), uuid() and randomize()
	// Space gives the namespace of a prefix; nil means names match by prefix.
	Space func(prefix string) string
	// Bound makes absolute paths keep to the instances of repeats that the
	// context node stands in, as forms want it.
	Bound bool
	// Steps limits one evaluation; 0 means MaxSteps.
	Steps int
	// Budget is what is left for several evaluations together; each takes what
	// it used away. Nil means no common limit.
	Budget *int
}

// ErrTooLong tells that an evaluation was given up at its limit of steps.
var ErrTooLong = errors.New("the expression takes too many steps")

// Call is a function call as a function of the host sees it. Arguments are
// evaluated when asked for.
type Call struct {
	Name string
	Node *Node // the context node
	args []expr
	at   *context
}

// Len is the number of arguments.
func (c *Call) Len() int { return len(c.args) }

// Arg evaluates the i-th argument.
func (c *Call) Arg(i int) (Value, error) { return c.at.eval(c.args[i]) }

// Text evaluates the i-th argument as text.
func (c *Call) Text(i int) (string, error) {
	v, err := c.Arg(i)
	return v.Text(), err
}

// Number evaluates the i-th argument as a number.
func (c *Call) Number(i int) (float64, error) {
	v, err := c.Arg(i)
	return v.number(c.at.run.zone), err
}

// run is one evaluation.
type run struct {
	env     *Env
	zone    *time.Location
	current *Node
	steps   int
}

// context is where in the tree a piece of the expression is evaluated.
type context struct {
	run       *run
	node      *Node
	pos, size int
	depth     int
}

// Eval evaluates the expression at a node.
func (e *Expr) Eval(node *Node, env *Env) (Value, error) {
	c := e.context(node, env)
	defer c.run.settle(c.run.steps)
	return c.eval(e.root)
}

// settle takes what an evaluation used from the common budget.
func (r *run) settle(had int) {
	if r.env.Budget != nil {
		*r.env.Budget -= had - max(r.steps, 0)
	}
}

func (r *run) spend(n int) error {
	if r.steps -= n; r.steps < 0 {
		return ErrTooLong
	}
	return nil
}

func (c *context) eval(e expr) (Value, error) {
	if err := c.run.spend(1); err != nil {
		return Value{}, err
	}
	switch e := e.(type) {
	case number:
		return Num(float64(e)), nil
	case literal:
		return Str(string(e)), nil
	case negation:
		v, err := c.eval(e.of)
		return Num(-v.number(c.run.zone)), err
	case operation:
		return c.operate(e)
	case call:
		return c.call(e)
	case path:
		nodes, err := c.path(e)
		return Value{kind: NodeSet, nodes: nodes}, err
	case filter:
		v, err := c.eval(e.of)
		if err != nil {
			return v, err
		}
		if v.kind != NodeSet {
			return v, fmt.Errorf("only nodes can be chosen from with [ ]")
		}
		v.nodes, err = c.choose(v.nodes, e.predicates)
		return v, err
	}
	return Value{}, fmt.Errorf("an expression of an unknown sort")
}

func (c *context) operate(e operation) (Value, error) {
	l, err := c.eval(e.left)
	if err != nil {
		return l, err
	}
	switch e.op {
	case "or":
		if l.Bool() {
			return Bool(true), nil
		}
		r, err := c.eval(e.right)
		return Bool(r.Bool()), err
	case "and":
		if !l.Bool() {
			return Bool(false), nil
		}
		r, err := c.eval(e.right)
		return Bool(r.Bool()), err
	}
	r, err := c.eval(e.right)
	if err != nil {
		return r, err
	}
	zone := c.run.zone
	switch e.op {
	case "|":
		if l.kind != NodeSet || r.kind != NodeSet {
			return Value{}, fmt.Errorf("only sets of nodes can be joined with |")
		}
		return Value{kind: NodeSet, nodes: inOrder(slices.Concat(l.nodes, r.nodes))}, nil
	case "+":
		return Num(l.number(zone) + r.number(zone)), nil
	case "-":
		return Num(l.number(zone) - r.number(zone)), nil
	case "*":
		return Num(l.number(zone) * r.number(zone)), nil
	case "div":
		return Num(l.number(zone) / r.number(zone)), nil
	case "mod":
		return Num(math.Mod(l.number(zone), r.number(zone))), nil
	}
	return c.compare(e.op, l, r)
}

// compare follows XPath 1.0, section 3.4, with dates beside it.
func (c *context) compare(op string, l, r Value) (Value, error) {
	if l.kind == Boolean || r.kind == Boolean {
		if op == "=" || op == "!=" {
			return Bool((l.Bool() == r.Bool()) == (op == "=")), nil
		}
	}
	ls, rs := l.each(), r.each()
	if err := c.run.spend(len(ls) * len(rs)); err != nil {
		return Value{}, err
	}
	for _, a := range ls {
		for _, b := range rs {
			if c.single(op, a, b) {
				return Bool(true), nil
			}
		}
	}
	return Bool(false), nil
}

// each gives a set as its nodes' texts, any other value as itself.
func (v Value) each() []Value {
	if v.kind != NodeSet {
		return []Value{v}
	}
	out := make([]Value, len(v.nodes))
	for i, n := range v.nodes {
		out[i] = Str(n.Text())
	}
	return out
}

func (c *context) single(op string, l, r Value) bool {
	zone := c.run.zone
	if (op == "=" || op == "!=") && l.kind == String && r.kind == String && !l.date && !r.date {
		return (l.str == r.str) == (op == "=")
	}
	a, b := l.number(zone), r.number(zone)
	switch op {
	case "=":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}

func (c *context) call(e call) (Value, error) {
	if c.depth > MaxDepth {
		return Value{}, ErrTooLong
	}
	at := *c
	at.depth++
	host := &Call{Name: e.name, Node: c.node, args: e.args, at: &at}
	if fn, ok := c.run.env.Functions[e.name]; ok {
		return fn(host)
	}
	if e.fn == nil {
		return Value{}, &UnknownFunction{e.name}
	}
	if len(e.args) < e.fn.least || e.fn.most >= 0 && len(e.args) > e.fn.most {
		return Value{}, fmt.Errorf("%s() takes another number of arguments", e.name)
	}
	v, err := e.fn.do(host)
	if err == nil && v.kind == String {
		// Long texts are work too, or a form could double one until nothing is left.
		if len(v.str) > MaxValue {
			return Value{}, ErrTooLong
		}
		err = c.run.spend(len(v.str) / bytesAStep)
	}
	return v, err
}

// UnknownFunction tells that an expression calls what nobody defines.
type UnknownFunction struct{ Name string }

func (e *UnknownFunction) Error() string { return "there is no function " + e.Name + "()" }

// Choose keeps the nodes for which the expression, taken as a predicate, holds;
// current() is the node given.
func (e *Expr) Choose(nodes []*Node, current *Node, env *Env) ([]*Node, error) {
	c := e.context(current, env)
	defer c.run.settle(c.run.steps)
	return c.choose(nodes, []expr{e.root})
}

func (e *Expr) context(node *Node, env *Env) *context {
	r := &run{env: env, zone: env.Zone, current: node, steps: env.Steps}
	if r.zone == nil {
		r.zone = time.UTC
	}
	if r.steps == 0 {
		r.steps = MaxSteps
	}
	if env.Budget != nil {
		r.steps = min(r.steps, *env.Budget)
	}
	return &context{run: r, node: node, pos: 1, size: 1}
}
