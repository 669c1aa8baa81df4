package match

import (
	"math"
	"slices"
)

// Around is what a search knows beyond the persons it found.
type Around struct {
	// People is how many people are known where the record comes from, counted
	// up to [Settled] at least; 0 where nobody counted. A place that knows few
	// does not know yet which of its names are common.
	People int
	// Cut are keys of the record under which more persons stand than were found:
	// one of those may be as like as the best that was seen.
	Cut []uint64
}

// Settled is how many people a place must know before the namesakes found there
// tell how common a name is. Until then names, places and a date that is off or
// missing join nobody without a look.
const Settled = 1000

// commonness is how many bits less the agreement of the best with a record says
// because what they share is common where they live.
//
// u was counted on random pairs, as if names, days, towns and quarters were
// strewn about independently. Where hundreds bear one name, or a village names
// its children after the saint of the day, it says far too little. The persons
// found who are clearly others (their birth date or a surname is another) tell
// how it truly is there: where k of them share with the record what the best
// shares, and e were to be expected, that agreement weighs log2(1 + k/e) bits
// less. It is reckoned for all that each of them shares, and the worst holds.
func (m *Model) commonness(best *entity, all []entity, namesakes int) float64 {
	worst := math.Log2(float64(1 + namesakes))
	var shared []pattern // what each of the others shares with the record as well as the best does
	for i := range all {
		if e := &all[i]; e.person != best.person && e.another {
			if s := m.common(best.levels, e.levels); s != 0 {
				shared = append(shared, s)
			}
		}
	}
	sets := slices.Clone(shared)
	slices.Sort(sets)
	sets = slices.Compact(sets)
	for _, set := range sets[:min(len(sets), maxSets)] {
		k := 0
		for _, s := range shared {
			if s&set == set {
				k++
			}
		}
		expected := 0.5 / m.Prior
		for f := range m.fields {
			if l := set.level(f); l != missing {
				expected *= m.fields[f].reach[l]
			}
		}
		worst = max(worst, math.Log2(1+float64(k)/expected))
	}
	return worst
}

// maxSets bounds the work: persons who share much share the same few things.
const maxSets = 256

// common keeps of the levels of the best those that another reaches too. It is
// nothing without a given name: those are the family, which [relate] weighs.
func (m *Model) common(best, another pattern) (shared pattern) {
	given := false
	for f := range m.fields {
		l := best.level(f)
		if another.level(f) < l || l <= other {
			continue
		}
		switch m.fields[f].kind {
		case kindGiven, kindFull:
			given = true
		case kindSex, kindID: // goes with the given name; is nobody else's
			continue
		}
		shared = shared.with(f, l)
	}
	if !given {
		return 0
	}
	return shared
}

// unseen tells whether a person that the search left out may be as like the
// record as the best of those it found: unless the two share something that all
// others who share it were seen by.
func (m *Model) unseen(r *Prepared, best pattern, cut []uint64) bool {
	if len(cut) == 0 {
		return false
	}
	whole := func(keys []uint64) bool {
		return len(keys) > 0 && !slices.ContainsFunc(keys, func(k uint64) bool { return slices.Contains(cut, k) })
	}
	for i := range m.fields {
		switch l := best.level(i); m.fields[i].kind {
		case kindID:
			if l == textEqual {
				return false
			}
		case kindPhone:
			if l == textEqual && whole(r.phoneKeys()) {
				return false
			}
		case kindBirth:
			if l == birthEqual && whole(dayKeys(r.keyed())) {
				return false
			}
		}
	}
	return true
}
