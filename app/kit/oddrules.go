package kit

import (
	"slices"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
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
