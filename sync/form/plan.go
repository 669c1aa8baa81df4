package form

import (
	"slices"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// property is what an expression decides of an element.
type property uint8

const (
	propRelevant property = iota
	propCount
	propCalculate
	propReadOnly
	propRequired
	propConstraint
	propChoices // answers that are no longer among the choices are taken back
)

// task is one expression to evaluate, for every instance of its element.
type task struct {
	element  *element
	property property
	x        *xpath.Expr
	order    int
}

// plan says which expressions hang on which answers, and in which order they
// are evaluated so that each sees the values it needs.
type plan struct {
	tasks     []*task
	onValue   map[*element][]*task // a value of the element changed
	onCount   map[*element][]*task // an instance of the repeat came or went
	of        map[*element][]*task
	onTrigger map[*element][]*task // calculations with a trigger
	// onLanguage are the expressions that use words of the form.
	onLanguage []*task
}

func newPlan(root *element) *plan {
	p := &plan{
		onValue: map[*element][]*task{}, onCount: map[*element][]*task{},
		of: map[*element][]*task{}, onTrigger: map[*element][]*task{},
	}
	root.each(func(e *element) {
		p.add(e, propRelevant, e.relevant)
		p.add(e, propCount, e.count)
		if len(e.triggers) == 0 {
			p.add(e, propCalculate, e.calculate)
		} else if e.calculate != nil {
			for _, t := range e.triggers {
				p.onTrigger[t] = append(p.onTrigger[t], &task{e, propCalculate, e.calculate, 0})
			}
		}
		p.add(e, propReadOnly, e.readOnly)
		p.add(e, propRequired, e.required)
		p.add(e, propConstraint, e.constraint)
		p.add(e, propChoices, e.filter)
	})
	for _, t := range p.tasks {
		p.link(root, t)
		if calls := t.x.Calls(); slices.Contains(calls, "jr:itext") || slices.Contains(calls, "jr:choice-name") {
			p.onLanguage = append(p.onLanguage, t)
		}
	}
	p.sort()
	return p
}

func (p *plan) add(e *element, what property, x *xpath.Expr) {
	if x == nil {
		return
	}
	t := &task{element: e, property: what, x: x}
	p.tasks = append(p.tasks, t)
	p.of[e] = append(p.of[e], t)
}

// link finds the answers that a task looks at.
func (p *plan) link(root *element, t *task) {
	for _, r := range t.x.References() {
		reach, passed := resolveReference(root, t.element, r)
		for _, e := range passed {
			appendOnce(p.onCount, e, t)
		}
		for _, e := range reach {
			if r.Counted {
				appendOnce(p.onCount, e, t)
				continue
			}
			e.each(func(x *element) {
				if x.kind == Repeat {
					appendOnce(p.onCount, x, t)
				}
				if !x.container() && (x != t.element || t.property == propConstraint) {
					appendOnce(p.onValue, x, t)
				}
			})
		}
	}
	if t.property == propConstraint {
		appendOnce(p.onValue, t.element, t)
	}
}

func appendOnce(m map[*element][]*task, e *element, t *task) {
	if !slices.Contains(m[e], t) {
		m[e] = append(m[e], t)
	}
}

// resolveReference finds the elements a reference can mean, and the repeats it
// passes on the way.
func resolveReference(root, at *element, r xpath.Reference) (reach, passed []*element) {
	switch r.Base {
	case xpath.AtInstance:
		return nil, nil
	case xpath.AtUnknown:
		return []*element{root}, nil
	case xpath.AtContext:
		reach = []*element{at}
	case xpath.AtRoot:
		// The root element hangs under the document.
		if len(r.Steps) == 0 || r.Steps[0].Axis != "child" || r.Steps[0].Name != root.name && r.Steps[0].Name != "*" {
			return []*element{root}, nil
		}
		reach, r.Steps = []*element{root}, r.Steps[1:]
	}
	for i, s := range r.Steps {
		var next []*element
		for _, e := range reach {
			switch s.Axis {
			case "self":
				next = append(next, e)
			case "parent":
				if e.parent != nil {
					next = append(next, e.parent)
				}
			case "child":
				for _, c := range e.children {
					if s.Name == c.name || s.Name == "*" || s.Name == "node()" {
						next = append(next, c)
					}
				}
			case "descendant-or-self", "descendant":
				e.each(func(x *element) { next = append(next, x) })
			case "attribute":
			default: // siblings and the like: whatever lies beside
				if e.parent != nil {
					next = append(next, e.parent)
				}
				if e.kind == Repeat {
					passed = append(passed, e)
				}
			}
		}
		reach = next
		if i < len(r.Steps)-1 {
			for _, e := range reach {
				if e.kind == Repeat && s.Axis != "parent" && s.Axis != "self" {
					passed = append(passed, e)
				}
			}
		}
	}
	return reach, passed
}

// sort orders the tasks so that what is computed stands before what looks at
// it; in a circle the order of the form decides.
func (p *plan) sort() {
	const (
		fresh = iota
		open
		done
	)
	state := make(map[*task]int, len(p.tasks))
	var sorted []*task
	var visit func(*task)
	visit = func(t *task) {
		if state[t] != fresh {
			return
		}
		state[t] = open
		for _, after := range p.effects(t) {
			visit(after)
		}
		state[t] = done
		sorted = append(sorted, t)
	}
	for i := len(p.tasks) - 1; i >= 0; i-- {
		visit(p.tasks[i])
	}
	slices.Reverse(sorted)
	for i, t := range sorted {
		t.order = i
	}
	p.tasks = sorted
}

// effects lists the tasks that may have to run when a task has changed
// something.
func (p *plan) effects(t *task) []*task {
	switch t.property {
	case propCalculate, propChoices:
		return p.onValue[t.element]
	case propRelevant, propCount:
		var out []*task
		t.element.each(func(e *element) {
			out = append(out, p.onValue[e]...)
			for _, own := range p.of[e] {
				if own != t && (own.property == propCalculate || own.property == propCount || t.property == propCount) {
					out = append(out, own)
				}
			}
		})
		return append(out, p.onCount[t.element]...)
	}
	return nil
}
