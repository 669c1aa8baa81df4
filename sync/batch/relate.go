package batch

import (
	"math"

	"github.com/askonce/fieldkit/sync/civic"
)

// How much is looked at to find out which questions tell of each other. Whoever
// reads is told the result; these may change freely.
const (
	relateRows    = 400
	relateAnswers = 15_000
	relateBack    = 32 // questions
)

// event is one answer as relate looks at it: its place among all answers, and a
// number that stands for what was said.
type event struct {
	at    int
	value uint32
}

// relate finds for each question the earlier one whose answer tells most about
// this one (the state about the town), and the one it often repeats (a child's
// surname the father's). Floating point is good enough: only the writer counts.
func (sh *sheet) relate(regs []civic.Registration) {
	events := sh.events(regs)
	for i, q := range sh.questions {
		if len(events[i]) == 0 {
			continue
		}
		own := cost(events[i], events[i])
		alone := cost(events[i], nil)
		all := float64(len(events[i]))
		parent, least := i, own
		source, most := -1, 0.0
		for j := i; j >= 0 && j > i-relateBack; j-- {
			if len(events[j]) == 0 {
				continue
			}
			if j != i {
				if bits := cost(events[i], events[j]); bits+24 < least {
					parent, least = j, bits
				}
			}
			// A copy must be common, and must save more than asking each time
			// whether it is one.
			if same := equal(events[i], events[j]); same > most && same*8 > all && alone/all*same > 4*all+16 {
				source, most = j, same
			}
		}
		q.parent = sh.questions[parent]
		if source >= 0 {
			q.source = sh.questions[source]
		}
	}
}

// events lists the answers of the form's first registrations by question.
func (sh *sheet) events(regs []civic.Registration) [][]event {
	events := make([][]event, len(sh.questions))
	at, rows := 0, 0
	for i := range regs {
		if regs[i].Form != sh.ref {
			continue
		}
		if rows++; rows > relateRows || at > relateAnswers {
			break
		}
		for k := range regs[i].Answers {
			a := &regs[i].Answers[k]
			if q := sh.questionAt(a.Path); q != nil {
				events[q.number] = append(events[q.number], event{at, hash(hashText(a.Value), uint32(a.Absent))})
				at++
			}
		}
	}
	return events
}

// cost estimates how many bits a question's answers take in the light of
// another's last answer, or without any. A value new in its context costs what
// it costs without.
func cost(of, by []event) float64 {
	type pair struct{ context, value uint32 }
	var (
		pairs  = map[pair]float64{}
		totals = map[uint32][2]float64{} // answers, distinct answers
		alone  = map[uint32]float64{}
		all    float64
		bits   float64
		last   uint32
	)
	for _, e := range of {
		for len(by) > 0 && by[0].at < e.at {
			last, by = by[0].value, by[1:]
		}
		distinct := float64(len(alone))
		fresh := math.Log2((all+distinct+1)/(distinct+1)) + 10 // never seen
		if n := alone[e.value]; n > 0 {
			fresh = math.Log2((all + distinct + 1) / n)
		}
		in := pair{last, e.value}
		t := totals[last]
		if n := pairs[in]; n > 0 {
			bits += math.Log2((t[0] + t[1]) / n)
		} else {
			bits += fresh
			if t[0] > 0 {
				bits += math.Log2((t[0] + t[1]) / t[1])
			}
			t[1]++
		}
		t[0]++
		totals[last] = t
		pairs[in]++
		alone[e.value]++
		all++
	}
	return bits
}

// equal counts how often a question's answer is another's last one.
func equal(of, by []event) float64 {
	n, last := 0.0, uint32(0)
	for _, e := range of {
		for len(by) > 0 && by[0].at < e.at {
			last, by = by[0].value, by[1:]
		}
		if e.value == last {
			n++
		}
	}
	return n
}
