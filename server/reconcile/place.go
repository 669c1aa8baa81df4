package reconcile

import (
	"bytes"
	"math"
	"slices"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// maxSubjects bounds the people of one registration that become persons.
const maxSubjects = 64

// subjectsOf takes a registration's claims apart by whom they are about, the
// one it is about first. Others of whom too little was said become no person of
// their own; what was said stays in the registration.
func subjectsOf(in *Incoming) []subject {
	reg := in.Registration
	var order []string
	by := map[string][]civic.Claim{}
	for _, c := range in.Form.Claims(reg) {
		if by[c.Subject] == nil {
			order = append(order, c.Subject)
		}
		by[c.Subject] = append(by[c.Subject], c)
	}
	for i, name := range order {
		if name == "" {
			copy(order[1:i+1], order[:i])
			order[0] = ""
		}
	}
	var out []subject
	for _, name := range order {
		record := match.Prepare(match.FromClaims(by[name]))
		if name != "" && !record.Enough() || len(out) == maxSubjects {
			continue
		}
		out = append(out, subject{
			said: registry.Said{
				Registration: reg.ID, Subject: name, Office: reg.Area, At: reg.Sealed.Wall,
				SourceRow: reg.SourceRow, Claims: by[name],
			},
			record: record,
			keys:   record.Keys(),
		})
	}
	return out
}

// verdict is what a registration's first subject makes of its status.
type verdict struct {
	status  civic.Status
	reasons []civic.Reason
}

// place finds the person a subject is, or makes one.
func (s *settling) place(sub *subject, reg *civic.Registration, taken map[registry.Ref]bool) (*registry.Person, verdict) {
	if p := s.correctedPerson(sub, reg); p != nil && !taken[p.Ref] {
		s.strengthens(sub, placesOf(p))
		s.link(sub, p, false, registry.Detail{Verdict: "corrects"})
		return p, verdict{civic.Merged, []civic.Reason{{Code: match.ReasonSamePerson}}}
	}
	among := s.among(sub, taken)
	d, who, runner := s.decide(sub, among)
	detail := registry.Detail{
		Model: d.Model, Verdict: d.Verdict.String(), Reasons: d.Reasons, Margin: min(d.Margin, math.MaxInt16),
		Relation: d.Comparison.Relation.String(), Weight: d.Comparison.Weight, Chance: d.Comparison.Probability, Evidence: d.Comparison.Evidence,
	}
	v := verdict{status: civic.Registered}
	for _, code := range d.Reasons {
		v.reasons = append(v.reasons, civic.Reason{Code: code})
	}
	if sub.found.Capped > 0 && !slices.Contains(d.Reasons, match.ReasonTooCommon) {
		v.reasons = append(v.reasons, civic.Reason{Code: match.ReasonTooCommon})
	}
	if d.Verdict == match.Auto {
		v.status = civic.Merged
		s.strengthens(sub, placesOf(who))
		s.adopt(who)
		s.link(sub, who, false, detail)
		return who, v
	}
	p := &registry.Person{
		Ref:     registry.Ref{Home: s.area, Person: registry.NewPersonID(reg.ID, sub.said.Subject)},
		State:   registry.Standing,
		Created: s.at.Unix(),
	}
	if who != nil && (d.Verdict == match.Review || d.Comparison.Relation != match.Stranger && s.here(who)) {
		s.adopt(who)
		detail.Other = []registry.Ref{who.Ref}
		if runner != nil && d.Verdict == match.Review && !math.IsInf(d.Margin, 1) {
			s.adopt(runner)
			detail.Other = append(detail.Other, runner.Ref)
		}
	}
	if doubts := s.doubts(sub, reg); len(doubts) > 0 {
		for i, code := range doubts {
			v.reasons = slices.Insert(v.reasons, i, civic.Reason{Code: code})
		}
		detail.Reasons = append(slices.Clone(doubts), detail.Reasons...)
		if d.Verdict != match.Review {
			p.State, v.status = registry.Waiting, civic.Held
			s.reviews = append(s.reviews, []any{string(s.area), bytes.Clone(reg.ID[:]), sub.said.Subject, int64(doubtRisk), s.at.Unix()})
		}
	}
	s.vouchedFor(sub, reg)
	if d.Verdict == match.Review {
		p.State, v.status = registry.Waiting, civic.Held
		risk := riskOf(&d)
		s.reviews = append(s.reviews, []any{string(s.area), bytes.Clone(reg.ID[:]), sub.said.Subject, risk, s.at.Unix()})
	}
	s.link(sub, p, true, detail)
	return p, v
}

// even is the risk of what no data can tell apart: a twin and the same child
// with a name left out, two persons who fit alike.
const even = 500

// riskOf says how likely a wrong merge would be, 0 to 1000.
func riskOf(d *match.Decision) int64 {
	risk := int64(math.Round(1000 * (1 - d.Comparison.Probability)))
	if d.Comparison.Ambiguous || slices.Contains(d.Reasons, match.ReasonTwoCandidates) {
		return max(risk, even)
	}
	return risk
}

// doubtRisk is the risk of a question that is about evidence and not about
// likeness, of 1000.
const doubtRisk = 500

// placesOf lists what was said of a person, as identity_weak names it.
func placesOf(p *registry.Person) []strengthened {
	out := make([]strengthened, len(p.Said))
	for i, s := range p.Said {
		out[i] = strengthened{s.Office, s.Registration, s.Subject}
	}
	return out
}

// correctedPerson is the person of the same subject in the registration that
// this one corrects.
func (s *settling) correctedPerson(sub *subject, reg *civic.Registration) *registry.Person {
	if reg.Corrects.IsZero() {
		return nil
	}
	for _, l := range s.corrected[reg.Corrects] {
		if l.Subject == sub.said.Subject {
			return s.touched[l.To]
		}
	}
	return nil
}

// among lists the persons a subject may be: those the registry found and those
// that came up in this call.
func (s *settling) among(sub *subject, taken map[registry.Ref]bool) []*registry.Person {
	out := make([]*registry.Person, 0, len(sub.found.Persons))
	seen := map[registry.Ref]bool{}
	add := func(p *registry.Person) {
		if !seen[p.Ref] && !taken[p.Ref] {
			seen[p.Ref] = true
			out = append(out, p)
		}
	}
	for _, p := range sub.found.Persons {
		add(p)
	}
	for _, k := range sub.keys {
		for _, p := range s.overlay[k] {
			add(p)
		}
		if len(s.overlay[k]) == registry.MaxNamesakes {
			sub.found.Capped++
			sub.found.Cut = append(sub.found.Cut, k)
		}
	}
	return out
}

// decide asks the model. Persons that still wait for a reviewer count only when
// nobody the registry stands by is sure: they may be one of those.
func (s *settling) decide(sub *subject, among []*registry.Person) (d match.Decision, who, runner *registry.Person) {
	waiting := false
	people := make([]match.Person, len(among))
	for i, p := range among {
		people[i] = match.Person{ID: p.Person, Records: p.Records(), Aside: p.State == registry.Waiting}
		waiting = waiting || people[i].Aside
	}
	around := match.Around{People: s.people, Cut: sub.found.Cut}
	d = s.r.model.DecideAmong(sub.record, people, around)
	if d.Verdict != match.Auto && waiting {
		for i := range people {
			people[i].Aside = !people[i].Aside
		}
		w := s.r.model.DecideAmong(sub.record, people, around)
		if w.Verdict == match.Auto || (w.Verdict == match.Review && d.Verdict == match.New) {
			d = w
		}
	}
	if d.Person >= 0 {
		who = among[d.Person]
	}
	if d.Runner >= 0 {
		runner = among[d.Runner]
	}
	return d, who, runner
}

// link notes that a subject is a person, for the registry and for the rest of
// this call.
func (s *settling) link(sub *subject, p *registry.Person, fresh bool, detail registry.Detail) {
	p.Add(sub.said, sub.record)
	s.touched[p.Ref] = p
	if s.corrected != nil { // a correction may come in the same batch as what it corrects
		s.corrected[sub.said.Registration] = append(s.corrected[sub.said.Registration], registry.Link{Subject: sub.said.Subject, To: p.Ref})
	}
	if fresh {
		s.people++
	}
	for _, k := range sub.keys {
		if held := s.overlay[k]; len(held) < registry.MaxNamesakes && !holds(held, p) {
			s.overlay[k] = append(held, p)
		}
	}
	s.changes = append(s.changes, registry.Change{
		Said: sub.said, To: p.Ref, State: p.State, Fresh: fresh, Keys: p.Lacking(sub.keys), Actor: "match", Detail: detail, At: s.at.Unix(),
	})
}

func holds(list []*registry.Person, p *registry.Person) bool {
	for _, q := range list {
		if q == p {
			return true
		}
	}
	return false
}
