package capture

import (
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Meter counts the questions of an interview.
type Meter struct {
	Asked     int // put to the citizen, answered or not
	Confirmed int // held, shown and said to be still so
	Reused    int // held and shown
}

// Saved is how many questions nobody had to put.
func (m Meter) Saved() int { return m.Confirmed + m.Reused }

// Total is how many questions the form had for this citizen.
func (m Meter) Total() int { return m.Asked + m.Saved() }

// Plus adds two meters up.
func (m Meter) Plus(n Meter) Meter {
	return Meter{m.Asked + n.Asked, m.Confirmed + n.Confirmed, m.Reused + n.Reused}
}

// Meter counts a plan as if every question to confirm were said to be still so.
func (p Plan) Meter() Meter {
	return Meter{Asked: len(p.Ask), Confirmed: len(p.Confirm), Reused: len(p.Reuse)}
}

// Meter counts the questions as the interview stands: what waits for "is this still so?"
// counts as asked until somebody says so.
func (iv *Interview) Meter() Meter {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return meterOf(iv.lines(""))
}

func meterOf(lines []Line) Meter {
	var m Meter
	for _, l := range lines {
		switch {
		case l.Way == Confirm && l.Taken:
			m.Confirmed++
		case l.Way == Show && l.Taken:
			m.Reused++
		default:
			m.Asked++
		}
	}
	return m
}

// Recount counts a sealed registration from its answers and what was held
// before it: no count travels, so none can be wrong, and kit and centre come to
// the same one. sources are what is known of its people; those sealed
// later and the registration itself do not count.
func (p *Planner) Recount(f *form.Form, env form.Env, r *civic.Registration, sources []Source) Meter {
	var before []Source
	for _, s := range sources {
		if s.Registration != r.ID && s.sealed() <= r.Sealed.Wall {
			before = append(before, s)
		}
	}
	all := Know(append(slices.Clone(before), SourceOf(f, r, nil)))
	then := *p
	then.Known = Know(before)
	v := Visit{Service: f.Service(), People: map[string]Ref{}, Refused: refusedHeld(f.Service(), r.Consents), Now: r.Sealed.Time()}
	for _, ref := range all.visitor[r.ID] {
		for _, other := range all.byRef[ref].Refs() {
			if _, known := then.Known.Someone(other); known {
				v.People[ref.Subject] = other
				break
			}
		}
	}
	env.Now = v.now
	s := form.Resume(f, env, r.Answers)
	return meterOf(then.lines(s, r.Language, v, nil))
}
