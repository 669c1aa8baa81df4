package batch

import (
	"math"

	"github.com/askonce/fieldkit/sync/civic"
)

// How much is looked at to find out which questions tell of each other. Whoever
// reads is told the result; these may change freely.
const (
	relateRows = 400
	relateBack = 32 // questions
)

// seen is one answer as relate looks at it.
type seen struct {
	question int
	value    uint32
}

// relate finds for each question the earlier one whose answer tells most about
// this one (the state about the town), and the one it often repeats (a child's
// surname the father's). Floating point is good enough: only the writer counts.
func (sh *sheet) relate(regs []civic.Registration) {
	var rows [][]seen
	for i := range regs {
		if regs[i].Form != sh.ref {
			continue
		}
		if rows = append(rows, sh.row(&regs[i])); len(rows) == relateRows {
			break
		}
	}
	used := make([]bool, len(sh.questions))
	for _, row := range rows {
		for _, s := range row {
			used[s.question] = true
		}
	}
	for i, q := range sh.questions {
		if !used[i] {
			continue
		}
		best, least := i, sh.cost(rows, i, i)
		most, source := 0, -1
		alone := sh.cost(rows, i, -1)
		for j := i; j >= 0 && j > i-relateBack; j-- {
			if !used[j] {
				continue
			}
			if j != i {
				if bits := sh.cost(rows, i, j); bits+24 < least {
					best, least = j, bits
				}
			}
			if equal, all := sh.equal(rows, i, j); equal > most && equal*8 > all && alone*float64(equal)/float64(all) > 4*float64(all)+16 {
				most, source = equal, j
			}
		}
		q.parent = sh.questions[best]
		if source >= 0 {
			q.source = sh.questions[source]
		}
	}
}

func (sh *sheet) row(r *civic.Registration) []seen {
	row := make([]seen, 0, len(r.Answers))
	for i := range r.Answers {
		a := &r.Answers[i]
		if col, ok := sh.byPath[plainPath(a.Path)]; ok {
			row = append(row, seen{int(col.number), hash(hashText(a.Value), uint32(a.Absent))})
		}
	}
	return row
}

// cost estimates how many bits question i takes in the light of question j's
// last answer; j is -1 for none. A value new in its context costs what it
// costs without.
func (sh *sheet) cost(rows [][]seen, i, j int) float64 {
	type pair struct{ context, value uint32 }
	var (
		pairs    = map[pair]float64{}
		totals   = map[uint32][2]float64{} // answers, distinct answers
		alone    = map[uint32]float64{}
		all, new float64
		bits     float64
		last     uint32
	)
	for _, row := range rows {
		for _, s := range row {
			if s.question == i {
				fresh := math.Log2((all + new + 1) / (new + 1))
				if n := alone[s.value]; n > 0 {
					fresh = math.Log2((all + new + 1) / n)
				} else {
					fresh += 10
				}
				if j >= 0 {
					t := totals[last]
					if n := pairs[pair{last, s.value}]; n > 0 {
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
					pairs[pair{last, s.value}]++
				} else {
					bits += fresh
				}
				if alone[s.value] == 0 {
					new++
				}
				alone[s.value]++
				all++
			}
			if s.question == j {
				last = s.value
			}
		}
	}
	return bits
}

// equal counts how often question i's answer is question j's last one.
func (sh *sheet) equal(rows [][]seen, i, j int) (equal, all int) {
	var last uint32
	for _, row := range rows {
		for _, s := range row {
			if s.question == i {
				all++
				if s.value == last {
					equal++
				}
			}
			if s.question == j {
				last = s.value
			}
		}
	}
	return equal, all
}
