package capture

import (
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Line is one question of a plan.
type Line struct {
	Path, Label string
	Subject     string // with its number inside a repeat
	Attribute   civic.Attribute
	Way         Way
	Why         Why  // of Ask
	Held        Held // of Confirm and Show; of Ask only for WhyStale
	// Taken tells that the held answer stands in the form: shown, or said to be
	// still so.
	Taken bool
}

// Plan is what a service still needs, question by question in the order of the
// form; only questions that are relevant as the answers stand.
type Plan struct {
	Service civic.ServiceID
	Form    civic.FormRef
	Ask     []Line
	Confirm []Line
	Reuse   []Line
}

// passes bounds how often answers filled in may bring up further questions.
const passes = 16

// Plan works out what one service needs of one visit, before anybody is asked:
// everything held is taken as still so. Questions that come up only with an
// answer nobody has given are not in it.
func (p *Planner) Plan(f *form.Form, env form.Env, v Visit) (Plan, error) {
	s := form.Start(f, env)
	if err := openRepeats(s, v); err != nil {
		return Plan{}, err
	}
	for range passes {
		filled := 0
		for _, l := range p.lines(s, "", v, nil) {
			if l.Way == Ask || l.Taken {
				continue
			}
			if err := s.Set(l.Path, l.Held.Answer); err != nil {
				return Plan{}, err
			}
			filled++
		}
		if filled == 0 {
			break
		}
	}
	return planOf(f, p.lines(s, "", v, nil)), nil
}

// planOf sorts lines into a plan.
func planOf(f *form.Form, lines []Line) Plan {
	out := Plan{Service: f.Service(), Form: f.Ref()}
	for _, l := range lines {
		switch l.Way {
		case Ask:
			out.Ask = append(out.Ask, l)
		case Confirm:
			out.Confirm = append(out.Confirm, l)
		default:
			out.Reuse = append(out.Reuse, l)
		}
	}
	return out
}

// VisitPlan plans several services of one visit in their order: what the first
// one asks is known to the next, if an agreement lets it. It supposes that the
// citizen lets the services share; whoever refuses is planned with Refused.
func (p *Planner) VisitPlan(forms []*form.Form, env form.Env, visits []Visit) ([]Plan, error) {
	var out []Plan
	coming := map[Ref]map[civic.Attribute]civic.ServiceID{}
	for i, f := range forms {
		plan, err := p.Plan(f, env, visits[i])
		if err != nil {
			return nil, err
		}
		var ask []Line
		for _, l := range plan.Ask {
			r, who := visits[i].People[l.Subject]
			if from, asked := coming[r][l.Attribute]; who && asked && p.inVisit(visits[i], from, l) {
				l.Way, l.Why = Show, ""
				l.Held = Held{From: r, Service: from, At: visits[i].Now}
				plan.Reuse = append(plan.Reuse, l)
				continue
			}
			ask = append(ask, l)
			if who && l.Attribute != "" {
				if coming[r] == nil {
					coming[r] = map[civic.Attribute]civic.ServiceID{}
				}
				coming[r][l.Attribute] = f.Service()
			}
		}
		plan.Ask = ask
		out = append(out, plan)
	}
	return out, nil
}

// inVisit tells whether an answer that an earlier service of this visit is going to ask
// will serve this one too.
func (p *Planner) inVisit(v Visit, from civic.ServiceID, l Line) bool {
	a, ok := p.Dictionary.Get(l.Attribute)
	return ok && a.Reuse != attributes.Never && !v.Refused && p.Agreements.Allows(v.Service, from, l.Attribute, v.Now).Allowed
}

// openRepeats makes room for everyone the visit names inside repeats.
func openRepeats(s *form.Session, v Visit) error {
	most := map[string]int{}
	for subject := range v.People {
		name, n := numbered(subject)
		most[name] = max(most[name], n)
	}
	for _, q := range s.Form().Questions() {
		n := most[q.Subject]
		if q.Repeat == "" || n == 0 {
			continue
		}
		last := q.Repeat + "[" + strconv.Itoa(n) + "]" + strings.TrimPrefix(q.Path, q.Repeat)
		for s.State(last).Answer.Path == "" { // there is no such instance yet
			if _, err := s.AddInstance(q.Repeat); err != nil {
				return err
			}
		}
		delete(most, q.Subject)
	}
	return nil
}
