package kit

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
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

// Limits of the rules.
const (
	quickNeeds     = 10 // interviews of a form before anything is usual
	quickTimes     = 4  // that many times quicker
	absentNeeds    = 5  // registrations of the officer
	absentAnswers  = 40 // answers on either side
	absentPercent  = 10 // of the officer's answers at least
	absentTimes    = 3  // that many times the others' share
	phonePeople    = 4  // people with one telephone
	families       = 3  // different surnames among them
	introducerNear = 80 // percent of the limit
	januaryNeeds   = 5  // births on the first of January
	januaryPercent = 10 // of the birthdays known to the day; one in 365 is usual
	hoursFrom      = 5  // o'clock
	hoursUntil     = 22 // o'clock
	clockJump      = 10 * time.Minute
	alikePeople    = 4 // who answered alike
	alikeAnswers   = 8 // answers that do not say who somebody is
	mostOdd        = 60
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

// interview tells whether somebody was asked from the beginning: no list, and no
// correction, which only touches a few answers.
func (g *gleaning) interview() bool { return !g.imported && g.corrects.IsZero() }

// pace is how long an interview took for each question that was really asked:
// a visit where much was known already is short and not hasty.
func (l *looking) pace(g *gleaning) time.Duration {
	n := g.answers
	if asked, ok := l.asked[g.counter]; ok && asked > 0 {
		n = asked
	}
	return g.took / time.Duration(max(n, 1))
}

func (l *looking) quick() (out []oddity) {
	type usual struct{ took, pace []time.Duration }
	by := map[civic.FormID]*usual{}
	for _, g := range l.all {
		if !g.interview() || g.took == 0 {
			continue
		}
		u := by[g.form]
		if u == nil {
			u = &usual{}
			by[g.form] = u
		}
		u.took, u.pace = append(u.took, g.took), append(u.pace, l.pace(g))
	}
	for _, u := range by {
		slices.Sort(u.took)
		slices.Sort(u.pace)
	}
	for _, g := range l.now {
		u := by[g.form]
		if !g.interview() || g.took == 0 || u == nil || len(u.took) < quickNeeds {
			continue
		}
		took, pace := u.took[len(u.took)/2], u.pace[len(u.pace)/2]
		if g.took*quickTimes < took && l.pace(g)*quickTimes < pace {
			out = append(out, oddity{OddQuick, []string{protocol.Span(g.took), protocol.Span(took)}, g.officer, []*gleaning{g}})
		}
	}
	return out
}

func (l *looking) absences() (out []oddity) {
	type sum struct {
		registrations, answers, absent int
		now                            []*gleaning
	}
	by := map[civic.OfficerID]*sum{}
	var total sum
	for _, g := range l.all {
		if !g.interview() {
			continue
		}
		s := by[g.officer]
		if s == nil {
			s = &sum{}
			by[g.officer] = s
		}
		for _, t := range []*sum{s, &total} {
			t.registrations, t.answers, t.absent = t.registrations+1, t.answers+g.answers, t.absent+g.absent
		}
		if l.isNow[g] && g.absent > 0 {
			s.now = append(s.now, g)
		}
	}
	for officer, s := range by {
		others := sum{answers: total.answers - s.answers, absent: total.absent - s.absent}
		if len(s.now) == 0 || s.registrations < absentNeeds || s.answers < absentAnswers || others.answers < absentAnswers {
			continue
		}
		mine, theirs := 100*s.absent/s.answers, 100*others.absent/others.answers
		if mine >= absentPercent && s.absent*others.answers > absentTimes*others.absent*s.answers {
			out = append(out, oddity{OddAbsent, []string{strconv.Itoa(mine), strconv.Itoa(theirs)}, officer, s.now})
		}
	}
	sortOdd(out)
	return out
}

// shared finds numbers that several people gave. Who they are is what the centre
// settled, else name and birth.
func (l *looking) shared(code civic.Code, of func(*gleaning) []numberOf, people, surnames int) (out []oddity) {
	type who struct {
		people, surnames map[uint64]bool
		rows             map[*gleaning]bool
	}
	type group struct {
		who
		of  []*gleaning
		now bool
	}
	by := map[uint64]*group{}
	for _, g := range l.all {
		for _, t := range of(g) {
			if t.person == 0 {
				continue
			}
			x := by[t.value]
			if x == nil {
				x = &group{who: who{map[uint64]bool{}, map[uint64]bool{}, map[*gleaning]bool{}}}
				by[t.value] = x
			}
			x.people[l.personOf(g, t)], x.surnames[t.surname] = true, true
			if !x.rows[g] {
				x.rows[g] = true
				x.of = append(x.of, g)
			}
			x.now = x.now || l.isNow[g]
		}
	}
	for _, x := range by {
		if x.now && len(x.people) >= people && len(x.surnames) >= surnames {
			out = append(out, oddity{code: code, words: []string{strconv.Itoa(len(x.people))}, of: x.of})
		}
	}
	sortOdd(out)
	return out
}

// personOf tells people apart: by the registry's word where it has settled them.
func (l *looking) personOf(g *gleaning, t numberOf) uint64 {
	for _, p := range l.entries[g.id].Persons {
		if p.Subject == t.subject && !p.Person.IsZero() {
			var n uint64
			for _, b := range p.Person[:8] {
				n = n<<8 | uint64(b)
			}
			return n
		}
	}
	return t.person
}

func (l *looking) phones() []oddity {
	return l.shared(OddPhone, func(g *gleaning) []numberOf { return g.phones }, phonePeople, families)
}

func (l *looking) papers() []oddity {
	return l.shared(OddPaper, func(g *gleaning) []numberOf { return g.papers }, 2, 1)
}

func (l *looking) introducers() (out []oddity) {
	if l.limit == 0 {
		return nil
	}
	by := map[uint64][]*gleaning{}
	for _, g := range l.all {
		if g.introducer != 0 && g.corrects.IsZero() && l.clock.Sub(g.sealed.Time()) < 365*24*time.Hour {
			by[g.introducer] = append(by[g.introducer], g)
		}
	}
	for _, of := range by {
		if 100*len(of) >= introducerNear*l.limit && slices.ContainsFunc(of, func(g *gleaning) bool { return l.isNow[g] }) {
			out = append(out, oddity{code: OddIntroducer, words: []string{strconv.Itoa(len(of)), strconv.Itoa(l.limit)}, of: of})
		}
	}
	sortOdd(out)
	return out
}

func (l *looking) januaries() (out []oddity) {
	type sum struct {
		dated int
		first []*gleaning
		now   bool
	}
	by := map[civic.OfficerID]*sum{}
	for _, g := range l.all {
		if !g.dated {
			continue
		}
		s := by[g.officer]
		if s == nil {
			s = &sum{}
			by[g.officer] = s
		}
		s.dated++
		if g.firstOfJa {
			s.first = append(s.first, g)
			s.now = s.now || l.isNow[g]
		}
	}
	for officer, s := range by {
		if s.now && len(s.first) >= januaryNeeds && 100*len(s.first) >= januaryPercent*s.dated {
			out = append(out, oddity{OddJanuary, []string{strconv.Itoa(len(s.first)), strconv.Itoa(s.dated)}, officer, s.first})
		}
	}
	sortOdd(out)
	return out
}

func (l *looking) hours() (out []oddity) {
	by := map[civic.OfficerID][]*gleaning{}
	for _, g := range l.now {
		if h := g.sealed.Time().In(l.zone).Hour(); !g.imported && (h < hoursFrom || h >= hoursUntil) {
			by[g.officer] = append(by[g.officer], g)
		}
	}
	for officer, of := range by {
		out = append(out, oddity{OddHours, []string{strconv.Itoa(len(of)), clockTime(hoursFrom * 60), clockTime(hoursUntil * 60)}, officer, of})
	}
	sortOdd(out)
	return out
}

// clocks finds what was sealed while the clock stood wrong. A clock that only
// falls behind the count since the start is no sign: tablets sleep.
func (l *looking) clocks() []oddity {
	var of []*gleaning
	jump := int64(clockJump / time.Second)
	ahead := l.clock.Unix() + jump
	off := l.at.Wall - l.server
	var before *gleaning
	for _, g := range slices.Backward(l.all) { // in the order they were sealed
		back := before != nil && g.sealed.Wall < before.sealed.Wall-jump
		wrong := l.server != 0 && g.sealed.Boot == l.at.Boot && max(off, -off) > jump
		if before = g; l.isNow[g] && (back || wrong || g.sealed.Wall > ahead) {
			of = append(of, g)
		}
	}
	if len(of) == 0 {
		return nil
	}
	slices.Reverse(of)
	return []oddity{{code: OddClock, words: []string{strconv.Itoa(len(of))}, of: of}}
}

// alike finds people of different families whose answers are all the same with
// one officer. What other officers hear too is usual here.
func (l *looking) alike() (out []oddity) {
	type group struct {
		officers         map[civic.OfficerID]bool
		people, surnames map[uint64]bool
		of               []*gleaning
		now              bool
	}
	by := map[uint64]*group{}
	for _, g := range l.all {
		if !g.interview() || g.restOf < alikeAnswers || g.person == 0 {
			continue
		}
		x := by[g.rest]
		if x == nil {
			x = &group{officers: map[civic.OfficerID]bool{}, people: map[uint64]bool{}, surnames: map[uint64]bool{}}
			by[g.rest] = x
		}
		x.officers[g.officer], x.people[g.person], x.surnames[g.surname] = true, true, true
		x.of = append(x.of, g)
		x.now = x.now || l.isNow[g]
	}
	for _, x := range by {
		if x.now && len(x.officers) == 1 && len(x.people) >= alikePeople && len(x.surnames) >= families {
			out = append(out, oddity{OddAlike, []string{strconv.Itoa(len(x.people)), strconv.Itoa(x.of[0].restOf)}, x.of[0].officer, x.of})
		}
	}
	sortOdd(out)
	return out
}

// sortOdd puts what a rule found into an order that does not hang on maps: the
// newest first.
func sortOdd(all []oddity) {
	slices.SortFunc(all, func(a, b oddity) int { return cmp.Compare(b.of[0].counter, a.of[0].counter) })
}
