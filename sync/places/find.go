package places

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Finder finds places of one catalogue while somebody types. It never changes
// and may be used from several goroutines.
type Finder struct {
	c *Catalogue
	// words holds all folded words and how they sound, end to end; name and
	// entry say where.
	text    string
	words   []word
	entries []entry // by place: its name first, then its other names
	from    []int32 // the first entry of each place, one more at the end
	depth   []uint8
}

// word is one word of a name: the folded form and the sound lie side by side.
type word struct {
	at        uint32
	fold      uint8
	sound     uint8
	mask      uint64
	soundMask uint64
}

// entry is one name.
type entry struct{ first, end int32 }

// Query is what is looked for.
type Query struct {
	Text   string
	Kind   string // only this kind, empty for all
	Within string // only what lies in the place of this code, empty for all
	Limit  int    // 0 for 20
	// Keep, when not nil, tells which places count, by their number in the
	// catalogue's order.
	Keep func(place int) bool
}

// Found is a place that fits, with what it lies in, the nearest first.
type Found struct {
	Place
	Around []Place
	// At is the place's number in the catalogue's order.
	At int
}

// Path is the name with what it lies in, as people tell places apart.
func (f Found) Path() string {
	names := []string{f.Name}
	for _, p := range f.Around {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

const (
	maxQuery  = 80 // runes looked at
	maxTokens = 6
)

// NewFinder prepares a catalogue for searching.
func NewFinder(c *Catalogue) *Finder {
	f := &Finder{c: c, from: make([]int32, len(c.rows)+1), depth: make([]uint8, len(c.rows))}
	var text strings.Builder
	add := func(name string) {
		e := entry{first: int32(len(f.words))}
		for _, w := range strings.Fields(fold(name)) {
			w = cut(w)
			s := cut(sound(w))
			f.words = append(f.words, word{at: uint32(text.Len()), fold: uint8(len(w)), sound: uint8(len(s)), mask: mask(w), soundMask: mask(s)})
			text.WriteString(w)
			text.WriteString(s)
		}
		e.end = int32(len(f.words))
		f.entries = append(f.entries, e)
	}
	for i := range c.rows {
		f.from[i] = int32(len(f.entries))
		add(c.rows[i].name)
		for _, o := range c.other[int32(i)] {
			add(o)
		}
		for at := c.rows[i].parent; at >= 0; at = c.rows[at].parent {
			f.depth[i]++
		}
	}
	f.from[len(c.rows)] = int32(len(f.entries))
	f.text = text.String()
	return f
}

// cut keeps a word to what a byte counts.
func cut(w string) string {
	for len(w) > 255 {
		_, n := utf8.DecodeLastRuneInString(w)
		w = w[:len(w)-n]
	}
	return w
}

// What a fit costs: the less the better.
const (
	costWhole  = 0  // the word itself
	costPrefix = 1  // its beginning
	costInside = 3  // within a word of a script without spaces
	costSound  = 4  // sounds so
	costSlip   = 8  // one slip of the finger
	costSlips  = 13 // two
	costLater  = 1  // not the first word of the name
	costOther  = 1  // by another name
	costAround = 2  // by the place around it
	none       = 255
)

// Find gives the places that fit best. Each word of the query must be found in
// the name or in what lies around, and one of them in the name itself.
func (f *Finder) Find(q Query) []Found {
	limit := q.Limit
	if limit <= 0 {
		limit = 20
	}
	tokens := f.tokens(q.Text)
	within := int32(-1)
	if q.Within != "" {
		i, ok := f.c.index(q.Within)
		if !ok {
			return nil
		}
		within = i
	}
	cost := make([][]uint8, len(tokens))
	for t := range tokens {
		cost[t] = f.costs(&tokens[t])
	}
	type hit struct {
		i    int32
		cost int
	}
	var hits []hit
	for i := range f.c.rows {
		r := &f.c.rows[i]
		if q.Kind != "" && f.c.kinds[r.kind] != q.Kind || within >= 0 && !f.lies(int32(i), within) || q.Keep != nil && !q.Keep(i) {
			continue
		}
		sum, own := 0, len(tokens) == 0
		for t := range tokens {
			best := int(cost[t][i])
			if best != none {
				own = true
			}
			for at, step := r.parent, costAround; at >= 0; at, step = f.c.rows[at].parent, step+1 {
				if c := int(cost[t][at]); c != none && c+step < best {
					best = c + step
				}
			}
			if best == none {
				sum = none
				break
			}
			sum += best
		}
		if sum != none && own {
			hits = append(hits, hit{int32(i), sum})
		}
	}
	order := func(a, b hit) int {
		ra, rb := &f.c.rows[a.i], &f.c.rows[b.i]
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(f.depth[a.i], f.depth[b.i]),
			cmp.Compare(len(ra.name), len(rb.name)), cmp.Compare(ra.name, rb.name), cmp.Compare(ra.code, rb.code))
	}
	if len(hits) > 8*limit { // a typed letter fits thousands: sort only the best
		hits = best(hits, limit, order)
	}
	slices.SortFunc(hits, order)
	out := make([]Found, 0, min(limit, len(hits)))
	for _, h := range hits[:min(limit, len(hits))] {
		found := Found{Place: f.c.place(h.i), At: int(h.i)}
		for at := f.c.rows[h.i].parent; at >= 0; at = f.c.rows[at].parent {
			found.Around = append(found.Around, f.c.place(at))
		}
		out = append(out, found)
	}
	return out
}

// best keeps the n that come first, in no order.
func best[T any](all []T, n int, order func(a, b T) int) []T {
	keep := slices.Clone(all[:n])
	slices.SortFunc(keep, order)
	for _, h := range all[n:] {
		if order(h, keep[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(keep, h, order)
		copy(keep[at+1:], keep[at:n-1])
		keep[at] = h
	}
	return keep
}

func (f *Finder) lies(i, within int32) bool {
	for at := f.c.rows[i].parent; at >= 0; at = f.c.rows[at].parent {
		if at == within {
			return true
		}
	}
	return false
}
