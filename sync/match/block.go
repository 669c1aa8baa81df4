package match

import (
	"slices"
	"sort"
	"strconv"
)

// Pair is two records of a table by their index, A below B.
type Pair struct{ A, B int32 }

// Blocks is what came of looking for pairs.
type Blocks struct {
	Pairs []Pair
	// Capped counts keys under which more records stand than Limit allows; of
	// those only neighbours in the table's order were paired. Skipped counts
	// the pairs that were not made.
	Capped  int
	Skipped int64
}

// wideRows is up to how many rows a table is searched under the wider keys too;
// beyond, memory and time go to the keys a registry keeps.
const wideRows = 200_000

// Candidates pairs the records of a table that share a key. With split > 0 the
// table is two tables, the second beginning at split, and only pairs across are
// made. limit is the most records one key may pair with each other.
func Candidates(records []*Prepared, split, limit int) Blocks {
	type posting struct {
		key uint64
		at  int32
	}
	var postings []posting
	for i, r := range records {
		keys := r.Keys
		if len(records) <= wideRows {
			keys = r.tableKeys
		}
		for _, k := range keys() {
			postings = append(postings, posting{k, int32(i)})
		}
	}
	slices.SortFunc(postings, func(a, b posting) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return int(a.at) - int(b.at)
	})
	var out Blocks
	var packed []uint64
	for i := 0; i < len(postings); {
		j := i + 1
		for j < len(postings) && postings[j].key == postings[i].key {
			j++
		}
		block := postings[i:j]
		i = j
		if len(block) > limit {
			out.Capped++
			n := int64(len(block))
			out.Skipped += n * (n - 1) / 2
			continue
		}
		for x := range block {
			for y := x + 1; y < len(block); y++ {
				a, b := block[x].at, block[y].at
				if a == b || (split > 0 && (int(a) < split) == (int(b) < split)) {
					continue
				}
				packed = append(packed, uint64(a)<<32|uint64(b))
			}
		}
		if len(packed) > 1<<25 { // keep memory flat: pairs repeat over keys
			slices.Sort(packed)
			packed = slices.Compact(packed)
		}
	}
	slices.Sort(packed)
	packed = slices.Compact(packed)
	out.Pairs = make([]Pair, len(packed))
	for i, p := range packed {
		out.Pairs[i] = Pair{int32(p >> 32), int32(p & 0xffffffff)}
	}
	return out
}

// tableKeys adds to the keys of a record those that are worth their price when
// a whole table is at hand and large blocks are passed over: single strong
// facts, and each fact with each place.
func (p *Prepared) tableKeys() []uint64 {
	k := p.Keys()
	add := func(kind byte, parts ...string) {
		for _, s := range parts {
			if s == "" {
				return
			}
		}
		k = append(k, hash(kind, parts...))
	}
	given, s1 := "", p.surname[0].sound
	if len(p.given) > 0 {
		given = p.given[0].sound
	}
	if given == "" && s1 == "" && len(p.full) > 0 {
		given, s1 = p.full[0].sound, p.full[len(p.full)-1].sound
	}
	date := ""
	if p.birth.month != 0 && p.birth.day != 0 {
		date = strconv.Itoa(p.birth.year) + pad(p.birth.month, 2) + pad(p.birth.day, 2)
	}
	add('A', date)
	lo, hi := order(given, s1)
	add('B', lo, hi)
	for i, place := range p.places {
		n := strconv.Itoa(i)
		add('C', n, place, date)
		add('D', n, place, s1)
		add('E', n, place, given)
		if p.birth.year != 0 {
			add('F', n, place, strconv.Itoa(p.birth.year))
		}
	}
	for i := range p.places {
		for j := i + 1; j < len(p.places); j++ {
			add('J', strconv.Itoa(i), p.places[i], strconv.Itoa(j), p.places[j])
		}
	}
	for i, id := range p.ids {
		if len(id) >= 6 {
			add('G', strconv.Itoa(i), id[:len(id)/2])
			add('H', strconv.Itoa(i), id[len(id)/2:])
		}
	}
	if len(p.full) > 1 {
		texts := make([]string, 0, len(p.full))
		for _, n := range p.full {
			texts = append(texts, n.sound)
		}
		sort.Strings(texts)
		for i := range texts {
			for j := i + 1; j < len(texts); j++ {
				add('I', texts[i], texts[j])
			}
		}
	}
	slices.Sort(k)
	return slices.Compact(k)
}
