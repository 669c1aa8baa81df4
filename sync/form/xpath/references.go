package xpath

// Base says where a reference begins.
type Base uint8

// Where a reference can begin.
const (
	AtContext  Base = iota // at the node the expression is evaluated at
	AtRoot                 // at the root of the form's instance
	AtInstance             // in the secondary instance named in Instance
	AtUnknown              // in what a function gives: it may be anywhere
)

// Reference is a path that an expression looks at, predicates left out.
type Reference struct {
	Base     Base
	Instance string
	Steps    []Step
	// Counted tells that only the number or the place of nodes matters, not
	// what they hold: the argument of count() or position().
	Counted bool
}

// Step is one step of a reference: Axis as XPath writes it, Name "*" for any.
type Step struct{ Axis, Name string }

// References lists every path the expression looks at, those in predicates and
// arguments included; paths in predicates are given from where the whole
// expression starts.
func (e *Expr) References() []Reference {
	var out []Reference
	collect(e.root, nil, func(r Reference) { out = append(out, r) })
	return out
}

// Calls lists the names of all functions the expression calls, with repeats.
func (e *Expr) Calls() []string {
	var out []string
	walk(e.root, func(x expr) {
		if c, ok := x.(call); ok {
			out = append(out, c.name)
		}
	})
	return out
}

func walk(x expr, visit func(expr)) {
	visit(x)
	switch x := x.(type) {
	case negation:
		walk(x.of, visit)
	case operation:
		walk(x.left, visit)
		walk(x.right, visit)
	case call:
		for _, a := range x.args {
			walk(a, visit)
		}
	case filter:
		walk(x.of, visit)
		for _, p := range x.predicates {
			walk(p, visit)
		}
	case path:
		if x.start != nil {
			walk(x.start, visit)
		}
		for _, s := range x.steps {
			for _, p := range s.predicates {
				walk(p, visit)
			}
		}
	}
}

// collect gives the references of x; at is what a relative path goes on from,
// nil for the context node itself.
func collect(x expr, at *Reference, give func(Reference)) {
	switch x := x.(type) {
	case negation:
		collect(x.of, at, give)
	case operation:
		collect(x.left, at, give)
		collect(x.right, at, give)
	case call:
		switch {
		case x.name == "current" || x.name == "instance":
			r, _ := startOf(x)
			give(r)
		case len(x.args) == 0 && (x.name == "position" || x.name == "string" || x.name == "number" || x.name == "once"):
			give(extend(at, nil))
		}
		counts := x.name == "count" || x.name == "position"
		for _, a := range x.args {
			p, direct := a.(path)
			if !counts || !direct {
				collect(a, at, give)
				continue
			}
			first := true
			p.collect(at, func(r Reference) {
				r.Counted, first = first, false
				give(r)
			})
		}
	case filter:
		collect(x.of, at, give)
		base, ok := startOf(x.of)
		if !ok {
			base = Reference{Base: AtUnknown}
		}
		for _, p := range x.predicates {
			collect(p, &base, give)
		}
	case path:
		x.collect(at, give)
	}
}

func (p path) collect(at *Reference, give func(Reference)) {
	r, ok := p.reference(at)
	if !ok {
		r = Reference{Base: AtUnknown}
	}
	give(r)
	if p.start != nil {
		collect(p.start, at, give)
	}
	for i, s := range p.steps {
		if len(s.predicates) == 0 {
			continue
		}
		upTo := r
		if r.Base != AtUnknown {
			upTo.Steps = r.Steps[: len(r.Steps)-len(p.steps)+i+1 : len(r.Steps)-len(p.steps)+i+1]
		}
		for _, q := range s.predicates {
			collect(q, &upTo, give)
		}
	}
}

// reference flattens a path into a base and steps.
func (p path) reference(at *Reference) (Reference, bool) {
	var r Reference
	switch {
	case p.absolute:
		r.Base = AtRoot
	case p.start != nil:
		var ok bool
		if r, ok = startOf(p.start); !ok {
			return r, false
		}
	default:
		r = extend(at, nil)
	}
	return extend(&r, p.steps), r.Base != AtUnknown
}

func startOf(x expr) (Reference, bool) {
	switch x := x.(type) {
	case call:
		if x.name == "current" {
			return Reference{Base: AtContext}, true
		}
		if x.name == "instance" && len(x.args) == 1 {
			if id, ok := x.args[0].(literal); ok {
				return Reference{Base: AtInstance, Instance: string(id)}, true
			}
		}
		if x.name == "randomize" && len(x.args) > 0 {
			if p, ok := x.args[0].(path); ok {
				return p.reference(nil)
			}
		}
	case filter:
		return startOf(x.of)
	case path:
		return x.reference(nil)
	}
	return Reference{}, false
}

func extend(at *Reference, steps []step) Reference {
	var r Reference
	if at != nil {
		r = *at
	}
	out := make([]Step, 0, len(r.Steps)+len(steps))
	out = append(out, r.Steps...)
	for _, s := range steps {
		name := s.name
		if s.kind != testName {
			name = "node()"
		}
		out = append(out, Step{axisNames[s.axis], name})
	}
	r.Steps = out
	return r
}

var axisNames = func() map[axis]string {
	m := make(map[axis]string, len(axes))
	for name, a := range axes {
		m[a] = name
	}
	return m
}()
