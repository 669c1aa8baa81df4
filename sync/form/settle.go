package form

import (
	"math"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/xpath"
)

// maxWork limits what all expressions together may cost after one change, in
// steps of their evaluation: seconds, on a slow tablet, for a form that means
// ill. What does not fit counts as an expression that fails.
const maxWork = 4 << 20

// maxRounds limits how often one expression runs after one change: a circle of
// expressions must come to rest.
const maxRounds = 16

func (s *Session) mark(tasks []*task) {
	for _, t := range tasks {
		s.dirty[t] = true
	}
}

func (s *Session) markAll() { s.mark(s.form.plan.tasks) }

// assign keeps an answer and marks what hangs on it.
func (s *Session) assign(f *field, a civic.Answer) {
	f.answer = civic.Answer{Value: a.Value, Stated: a.Stated, Absent: a.Absent}
	f.chosen = a.Value
	if f.show() {
		s.changed(f)
	}
}

// changed marks what looks at a field.
func (s *Session) changed(f *field) {
	s.mark(s.form.plan.onValue[f.element])
	for _, t := range s.form.plan.onTrigger[f.element] {
		s.fired[t] = true
		s.dirty[t] = true
	}
}

// settle runs what is marked, in the plan's order, until nothing changes.
func (s *Session) settle() {
	rounds := map[*task]int{}
	s.work = maxWork
	for len(s.dirty) > 0 {
		var next *task
		for t := range s.dirty {
			if next == nil || t.order < next.order {
				next = t
			}
		}
		delete(s.dirty, next)
		if rounds[next]++; rounds[next] > maxRounds {
			continue
		}
		if next.property == propCount {
			s.recount(next)
			continue
		}
		for _, f := range s.instances(next.element) {
			s.perform(next, f)
		}
	}
}

// perform evaluates one expression for one field and acts on the result. An
// expression that fails must not make a question disappear or stop the
// interview, so it counts as the answer that does least harm.
func (s *Session) perform(t *task, f *field) {
	if t.property == propChoices {
		f.filtered = false
		s.prune(f)
		return
	}
	v, err := t.x.Eval(f.node, s.xenv)
	switch t.property {
	case propRelevant:
		if own := err != nil || v.Bool(); own != f.own {
			f.own = own
			s.reveal(f, f.parent == nil || f.parent.relevant)
		}
	case propCalculate:
		if !f.relevant || err != nil {
			return
		}
		text := plainValue(v)
		if len(text) > MaxText {
			text = "" // no answer may be that long: it counts as one that failed
		}
		if text != f.answer.Value || f.answer.Absent != civic.Present {
			s.assign(f, civic.Answer{Value: text})
		}
	case propReadOnly:
		f.readOnly = err == nil && v.Bool()
	case propRequired:
		f.required = err == nil && v.Bool()
	case propConstraint:
		f.fits = err != nil || v.Bool() || s.fitsSomeDay(t.x, f)
	}
}

// prune hides what was chosen and is no longer offered, and shows it again once
// it is.
func (s *Session) prune(f *field) {
	if f.chosen == "" || !f.relevant || f.element.external || f.element.file != "" && s.csv(f.element.file) == nil {
		return
	}
	offered := s.offered(f)
	chosen := []string{f.chosen}
	if f.element.kind != SelectOne {
		chosen = strings.Fields(f.chosen)
	}
	kept := strings.Join(slices.DeleteFunc(chosen, func(c string) bool {
		return !offered(c)
	}), " ")
	if kept != f.answer.Value && f.answer.Absent == civic.Present {
		f.answer.Value = kept
		if f.show() {
			s.changed(f)
		}
	}
}

// plainValue is a value as a node keeps it: what is no number is nothing.
func plainValue(v xpath.Value) string {
	if v.Type() == xpath.Number && math.IsNaN(v.Number(nil)) {
		return ""
	}
	return v.Text()
}

// fitsSomeDay tells whether a constraint holds for the first or the last day
// that a partial date can mean.
func (s *Session) fitsSomeDay(x *xpath.Expr, f *field) bool {
	if !f.element.partial || !f.relevant {
		return false
	}
	d, err := civic.ParseDate(f.answer.Value)
	if err != nil || d.Precision() == civic.Exact {
		return false
	}
	seen := f.node.Value
	defer func() { f.node.Value = seen }()
	first, last := d.Bounds()
	for _, day := range []string{first.Format("2006-01-02"), last.Format("2006-01-02")} {
		f.node.Value = day
		if v, err := x.Eval(f.node, s.xenv); err == nil && v.Bool() {
			return true
		}
	}
	return false
}

// reveal passes a change of relevance down to all that lies in f.
func (s *Session) reveal(f *field, around bool) {
	relevant := around && f.own
	if relevant == f.relevant {
		return
	}
	f.relevant = relevant
	if !f.element.container() {
		if f.show() {
			s.changed(f)
		}
		if relevant {
			for _, t := range s.form.plan.of[f.element] {
				if t.property == propCalculate || t.property == propChoices {
					s.dirty[t] = true
				}
			}
		}
	} else if f.element.kind == Repeat {
		s.mark(s.form.plan.onCount[f.element])
	}
	for _, c := range f.children {
		s.reveal(c, relevant)
	}
}

// recount gives a repeat as many instances as its count wants, in each place
// where it stands; those beyond it go.
func (s *Session) recount(t *task) {
	for _, up := range s.instances(t.element.parent) {
		if !up.relevant {
			continue
		}
		// The expression stands at the repeat, which may have no instance yet.
		v, err := t.x.Eval(ghost(t.element, up), s.xenv)
		if err != nil {
			continue
		}
		want := countOf(v)
		have := up.instances(t.element)
		for n := len(have); n < want && s.fields < MaxFields; n++ {
			s.added(up, t.element)
		}
		for n := len(have); n > want; n-- {
			s.removed(have[n-1])
		}
	}
}

// added puts one more instance behind the last and marks everything that it
// brings or moves.
func (s *Session) added(up *field, e *element) *field {
	f := s.grow(up, e, up.end(e))
	s.compute(f)
	s.mark(s.form.plan.onCount[e])
	e.each(func(x *element) {
		s.mark(s.form.plan.of[x])
		s.mark(s.form.plan.onValue[x])
	})
	return f
}

// removed takes an instance away.
func (s *Session) removed(f *field) {
	up := f.parent
	f.each(func(*field) { s.fields-- })
	up.node.Remove(f.node)
	if i := slices.Index(up.children, f); i >= 0 {
		up.children = slices.Delete(up.children, i, i+1)
	}
	s.mark(s.form.plan.onCount[f.element])
	f.element.each(func(e *element) { s.mark(s.form.plan.onValue[e]) })
}
