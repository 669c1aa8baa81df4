package reconcile

import (
	"bytes"
	"context"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/identity"
	"github.com/askonce/fieldkit/sync/match"
)

// Incoming is one registration that was opened and checked.
type Incoming struct {
	Registration *civic.Registration
	Digest       civic.Digest
	// Form is the version the registration was made with, a *form.Form.
	Form Claimer
	// Findings are what the form's rules have against it; warnings do not count.
	Findings []form.Finding
	// Foreign are people outside registries know who may be its subjects, by
	// subject; filled in by [Reconciler.Ahead].
	Foreign map[string][]registry.Foreign
	// Unasked names the outside registries that refused to be asked about it.
	Unasked []string
}

// Claimer says what a registration's answers mean.
type Claimer interface {
	Claims(*civic.Registration) []civic.Claim
}

// Config is what a Reconciler needs.
type Config struct {
	Registry registry.Port
	Model    *match.Model // nil for match.DefaultModel
	Clock    func() time.Time
	// Outside are the outside registries that are asked who somebody may be.
	Outside []Lookup
	// Second says which merges need a second reviewer; nil for none. Notes seals
	// what reviewers say; the registry itself when nil.
	Second func(ctx context.Context, tx ledger.Tx) (SecondPair, error)
	Notes  Notes
	// Rules gives an office's rules for people without papers; nil for none. Key
	// is the registry's data key, which blinds introducers' names.
	Rules func(ctx context.Context, tx ledger.Tx, area civic.Area) (identity.Rules, error)
	Key   [32]byte
}

// Reconciler settles registrations. It keeps no state between calls.
type Reconciler struct {
	registry registry.Port
	model    *match.Model
	clock    func() time.Time
	outside  []Lookup
	policy   func(ctx context.Context, tx ledger.Tx) (SecondPair, error)
	notes    Notes
	rules    func(ctx context.Context, tx ledger.Tx, area civic.Area) (identity.Rules, error)
	key      [32]byte
}

// New makes a Reconciler.
func New(c Config) *Reconciler {
	if c.Model == nil {
		c.Model = match.DefaultModel()
	}
	if c.Notes == nil {
		c.Notes, _ = c.Registry.(Notes)
	}
	return &Reconciler{registry: c.Registry, model: c.Model, clock: c.Clock, outside: c.Outside, policy: c.Second, notes: c.Notes, rules: c.Rules, key: c.Key}
}

// ReasonTooLittle says that the registration does not tell who it is about.
const ReasonTooLittle civic.Code = "match_too_little"

// Settle decides on registrations of one office and answers in their order.
func (r *Reconciler) Settle(ctx context.Context, tx ledger.Tx, area civic.Area, regs []Incoming) ([]civic.Outcome, error) {
	s := &settling{r: r, area: area, at: r.clock().UTC().Truncate(time.Second), overlay: map[uint64][]*registry.Person{}}
	outcomes := make([]civic.Outcome, len(regs))
	ids := make([]civic.RegistrationID, len(regs))
	for i := range regs {
		ids[i] = regs[i].Registration.ID
	}
	stored, err := readOutcomes(ctx, tx, area, ids)
	if err != nil {
		return nil, err
	}
	first := map[civic.RegistrationID]int{}
	var fresh []int
	for i := range regs {
		reg, digest := regs[i].Registration, regs[i].Digest
		if known, ok := stored[reg.ID]; ok {
			outcomes[i] = s.repeat(known, reg, digest)
			continue
		}
		if j, ok := first[reg.ID]; ok { // twice in one call
			if regs[j].Digest != digest {
				outcomes[i] = s.clash(reg)
			}
			continue
		}
		first[reg.ID] = i
		fresh = append(fresh, i)
	}
	if err := s.look(ctx, tx, regs, fresh); err != nil {
		return nil, err
	}
	if err := s.lookVouched(ctx, tx, regs, fresh); err != nil {
		return nil, err
	}
	for _, i := range fresh {
		outcomes[i] = s.settle(i, &regs[i])
	}
	for i := range regs { // the second of two equal ones is answered like the first
		if outcomes[i].Registration.IsZero() {
			outcomes[i] = outcomes[first[regs[i].Registration.ID]]
		}
	}
	return outcomes, s.write(ctx, tx, regs, fresh, outcomes)
}

// settling is the work of one call.
type settling struct {
	r    *Reconciler
	area civic.Area
	at   time.Time

	subjects  map[int][]subject // by index of the registration
	corrected map[civic.RegistrationID][]registry.Link
	overlay   map[uint64][]*registry.Person // persons this call made or touched, by key
	touched   map[registry.Ref]*registry.Person
	adopted   map[registry.Ref]bool // taken over from an outside registry in this call
	people    int                   // known at this office, counted up to match.Settled and on from there

	changes []registry.Change
	reviews [][]any
	rows    []audit.Row
	vouched vouched
}

// subject is one person a registration speaks of.
type subject struct {
	said   registry.Said
	record *match.Prepared
	keys   []uint64
	found  registry.Found
}

// repeat answers a registration that has an outcome.
func (s *settling) repeat(known stored, reg *civic.Registration, digest civic.Digest) civic.Outcome {
	if !bytes.Equal(known.digest, digest[:]) {
		return s.clash(reg)
	}
	return known.outcome
}

// clash answers another registration under a number that is taken.
func (s *settling) clash(reg *civic.Registration) civic.Outcome {
	s.rows = append(s.rows, audit.Row{Area: s.area, Actor: "match", Action: "clash", Object: bytes.Clone(reg.ID[:]), Detail: string(civic.RegistrationClash)})
	return civic.Outcome{
		Registration: reg.ID, Counter: reg.Counter, Status: civic.Quarantined, At: s.at,
		Reasons: []civic.Reason{{Code: civic.RegistrationClash}},
	}
}

// look takes the registrations apart and asks the registry for candidates, all
// in one go.
func (s *settling) look(ctx context.Context, tx ledger.Tx, regs []Incoming, fresh []int) error {
	s.subjects = make(map[int][]subject, len(fresh))
	s.touched = map[registry.Ref]*registry.Person{}
	var asked [][]uint64
	var corrects []civic.RegistrationID
	type place struct{ reg, subject int }
	var places []place
	for _, i := range fresh {
		if refused(regs[i].Findings) {
			continue
		}
		s.subjects[i] = subjectsOf(&regs[i])
		for j := range s.subjects[i] {
			asked = append(asked, s.subjects[i][j].keys)
			places = append(places, place{i, j})
		}
		if c := regs[i].Registration.Corrects; !c.IsZero() {
			corrects = append(corrects, c)
		}
	}
	found, err := s.r.registry.Candidates(ctx, tx, asked)
	if err != nil {
		return err
	}
	if err := s.countPeople(ctx, tx); err != nil {
		return err
	}
	foreign, err := s.foreign(ctx, tx, regs, fresh)
	if err != nil {
		return err
	}
	for n, p := range places {
		sub := &s.subjects[p.reg][p.subject]
		sub.found = found[n]
		sub.found.Persons = with(sub.found.Persons, regs[p.reg].Foreign[sub.said.Subject], foreign)
		for _, person := range found[n].Persons {
			s.touched[person.Ref] = person
		}
	}
	if len(corrects) == 0 {
		return nil
	}
	if s.corrected, err = s.r.registry.Linked(ctx, tx, s.area, corrects); err != nil {
		return err
	}
	var missing []registry.Ref
	for _, links := range s.corrected {
		for _, l := range links {
			if s.touched[l.To] == nil {
				missing = append(missing, l.To)
			}
		}
	}
	persons, err := s.r.registry.Known(ctx, tx, missing)
	for _, p := range persons {
		s.touched[p.Ref] = p
	}
	return err
}

func refused(findings []form.Finding) bool {
	for _, f := range findings {
		if !f.Warning {
			return true
		}
	}
	return false
}

// settle decides on one registration, its subjects in their order.
func (s *settling) settle(i int, in *Incoming) civic.Outcome {
	reg := in.Registration
	o := civic.Outcome{Registration: reg.ID, Counter: reg.Counter, Status: civic.Registered, At: s.at}
	if refused(in.Findings) {
		o.Status = civic.Returned
		for _, f := range in.Findings {
			if !f.Warning && len(o.Reasons) < maxReasons {
				o.Reasons = append(o.Reasons, civic.Reason{Code: f.Code, Words: []string{f.Path}})
			}
		}
		return o
	}
	taken := map[registry.Ref]bool{}
	for j := range s.subjects[i] {
		sub := &s.subjects[i][j]
		p, verdict := s.place(sub, reg, taken)
		taken[p.Ref] = true
		o.Persons = append(o.Persons, civic.PersonOf{Subject: sub.said.Subject, Person: p.Person})
		if j == 0 {
			o.Status, o.Reasons = verdict.status, verdict.reasons
		}
	}
	if len(o.Persons) == 0 {
		o.Reasons = []civic.Reason{{Code: ReasonTooLittle}}
	}
	for _, name := range in.Unasked {
		o.Reasons = append(o.Reasons, civic.Reason{Code: civic.RegistryRefused, Words: []string{name, "search"}})
	}
	return o
}

// maxReasons bounds what is told of one registration.
const maxReasons = 16
