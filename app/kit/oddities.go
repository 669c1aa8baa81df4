package kit

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// What may be worth a look. None of it is a fault, and none is told to anybody
// but the supervisor; docs/kit.md says why each rule is there.
const (
	OddQuick      civic.Code = "odd_quick"      // far quicker than this form usually is here
	OddAbsent     civic.Code = "odd_absent"     // one officer hears "not known" far more often than the others
	OddPhone      civic.Code = "odd_phone"      // one telephone for people of several families
	OddPaper      civic.Code = "odd_paper"      // one document number for different people
	OddIntroducer civic.Code = "odd_introducer" // an introducer near or over the limit
	OddJanuary    civic.Code = "odd_january"    // many born on the first of January
	OddHours      civic.Code = "odd_hours"      // sealed far outside working hours
	OddClock      civic.Code = "odd_clock"      // sealed while the clock was set wrong
	OddAlike      civic.Code = "odd_alike"      // several people of different families answered all alike
)

// Oddity is something that may be worth a look, with the registrations that show
// it. Words fill the sentence of the translations; they hold no name.
type Oddity struct {
	Code          civic.Code
	Words         []string
	Officer       string // whose work it is, where it is about one; for the screen
	Registrations []Row  // newest first, sixty at most
	Count         int    // all of them
}

// Oddities looks over the registrations that were sealed on a day, or that wait
// for a supervisor, against all that this kit can still read. It takes a
// supervisor. The first look of a day opens each registration once.
func (k *Kit) Oddities(ctx context.Context, day time.Time) ([]Oddity, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	if _, err := k.leader(ctx, st); err != nil {
		return nil, err
	}
	found, err := k.oddities(ctx, st, day)
	if err != nil {
		return nil, err
	}
	officers, err := st.Officers(ctx)
	if err != nil {
		return nil, problem(err)
	}
	out := make([]Oddity, 0, len(found))
	for _, f := range found {
		o := Oddity{Code: f.code, Words: f.words, Count: len(f.of)}
		for _, officer := range officers {
			if officer.ID == f.officer {
				o.Officer = officer.Name
			}
		}
		ids := make([]civic.RegistrationID, 0, mostOdd)
		for _, g := range f.of[:min(len(f.of), mostOdd)] {
			ids = append(ids, g.id)
		}
		entries, err := st.Registrations(ctx, store.Filter{IDs: ids})
		if err != nil {
			return nil, problem(err)
		}
		for _, e := range entries {
			o.Registrations = append(o.Registrations, k.rowOf(e))
		}
		slices.SortFunc(o.Registrations, func(a, b Row) int { return b.Sealed.Compare(a.Sealed) })
		out = append(out, o)
	}
	return out, nil
}

// ApproveCalm approves what waits for a supervisor and shows nothing odd, and
// what is not given back; it gives how many went on and how many still wait.
func (k *Kit) ApproveCalm(ctx context.Context) (approved, left int, err error) {
	st, err := k.open()
	if err != nil {
		return 0, 0, err
	}
	found, err := k.oddities(ctx, st, k.o.Clock())
	if err != nil {
		return 0, 0, err
	}
	odd := map[civic.RegistrationID]bool{}
	for _, f := range found {
		for _, g := range f.of {
			odd[g.id] = true
		}
	}
	unseen, err := st.Unseen(ctx)
	if err != nil {
		return 0, 0, problem(err)
	}
	stubs, err := st.Stubs(ctx, store.Filter{IDs: unseen})
	if err != nil {
		return 0, 0, problem(err)
	}
	var calm []civic.RegistrationID
	for _, e := range stubs {
		back := slices.ContainsFunc(e.Reasons, func(r civic.Reason) bool { return r.Code == civic.GivenBack })
		if !odd[e.Registration.ID] && !back {
			calm = append(calm, e.Registration.ID)
		}
	}
	if len(calm) == 0 { // still asks who may
		_, err = k.leader(ctx, st)
		return 0, len(unseen), err
	}
	if approved, err = k.Approve(ctx, calm...); err != nil {
		return 0, len(unseen), err
	}
	unseen, err = st.Unseen(ctx)
	return approved, len(unseen), problem(err)
}

// oddity is what a rule found.
type oddity struct {
	code    civic.Code
	words   []string
	officer civic.OfficerID
	of      []*gleaning
}

// looking is what the rules look at.
type looking struct {
	all     []*gleaning // newest first
	entries map[civic.RegistrationID]store.Entry
	now     []*gleaning // whom a finding must be about
	isNow   map[*gleaning]bool
	asked   map[uint64]int // questions really asked, by counter, where counted
	zone    *time.Location
	clock   time.Time
	limit   int // of introducers, 0 for none
	server  int64
	at      civic.Stamp // of server
}

func (k *Kit) oddities(ctx context.Context, st *store.Store, day time.Time) ([]oddity, error) {
	all, entries, err := k.glean(ctx, st)
	if err != nil {
		return nil, err
	}
	l := &looking{all: all, entries: entries, isNow: map[*gleaning]bool{}, asked: map[uint64]int{}, zone: k.o.Zone, clock: k.o.Clock()}
	from, until := k.dayOf(day)
	for _, g := range all {
		if at := g.sealed.Time(); !at.Before(from) && at.Before(until) || entries[g.id].Unseen {
			l.now, l.isNow[g] = append(l.now, g), true
		}
	}
	if len(l.now) == 0 {
		return nil, nil
	}
	for counter, m := range late(ctx, st) {
		l.asked[counter] = m.Asked + m.Confirmed
	}
	settings, err := k.IdentitySettings(ctx)
	if err != nil {
		return nil, err
	}
	l.limit = settings.Rules.IntroducerLimit
	if l.server, l.at, err = st.ServerTime(ctx); err != nil {
		return nil, problem(err)
	}
	var out []oddity
	for _, rule := range []func() []oddity{l.quick, l.alike, l.papers, l.phones, l.introducers, l.januaries, l.absences, l.hours, l.clocks} {
		out = append(out, rule()...)
	}
	return out, nil
}

// dayOf is the day of the kit's zone that a moment falls on, from midnight to
// midnight; today for the zero time.
func (k *Kit) dayOf(at time.Time) (from, until time.Time) {
	if at.IsZero() {
		at = k.o.Clock()
	}
	y, m, d := at.In(k.o.Zone).Date()
	from = time.Date(y, m, d, 0, 0, 0, 0, k.o.Zone)
	return from, from.AddDate(0, 0, 1)
}

// sortOdd puts what a rule found into an order that does not hang on maps: the
// newest first.
func sortOdd(all []oddity) {
	slices.SortFunc(all, func(a, b oddity) int { return cmp.Compare(b.of[0].counter, a.of[0].counter) })
}
