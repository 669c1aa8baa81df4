package places

import (
	"cmp"
	"math/bits"
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

// token is one word of the query.
type token struct {
	fold, sound         string
	runes               []rune
	foldMask, soundMask uint64
	slips               int
}

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

func (f *Finder) tokens(text string) []token {
	n := 0
	for i := range text {
		if n++; n > maxQuery {
			text = text[:i]
			break
		}
	}
	fields := strings.Fields(fold(text))
	fields = fields[:min(len(fields), maxTokens)]
	out := make([]token, len(fields))
	for i, w := range fields {
		s := sound(w)
		t := token{fold: w, sound: s, runes: []rune(w), foldMask: mask(w), soundMask: mask(s)}
		switch {
		case latin(w) && len(w) >= 8:
			t.slips = 2
		case latin(w) && len(w) >= 4, !latin(w) && len(t.runes) >= 3:
			t.slips = 1
		}
		out[i] = t
	}
	return out
}

// costs says of each place what a word of the query costs there.
func (f *Finder) costs(t *token) []uint8 {
	out := make([]uint8, len(f.c.rows))
	for i := range out {
		least := none
		for e := f.from[i]; e < f.from[i+1]; e++ {
			extra := 0
			if e > f.from[i] {
				extra = costOther
			}
			for w := f.entries[e].first; w < f.entries[e].end && least > extra; w++ {
				if w == f.entries[e].first+1 {
					extra += costLater
				}
				if c := f.fit(t, &f.words[w], least-extra); c+extra < least {
					least = c + extra
				}
			}
		}
		out[i] = uint8(least)
	}
	return out
}

// fit compares a word of the query with one of a name; a result of least or
// more is not looked for.
func (f *Finder) fit(t *token, w *word, least int) int {
	if t.foldMask&^w.mask == 0 {
		have := f.text[w.at : w.at+uint32(w.fold)]
		switch {
		case have == t.fold:
			return costWhole
		case strings.HasPrefix(have, t.fold):
			return costPrefix
		case least > costInside && !latin(t.fold) && strings.Contains(have, t.fold):
			return costInside
		}
	}
	if least > costSound && len(t.sound) > 1 && t.soundMask&^w.soundMask == 0 {
		if strings.HasPrefix(f.text[w.at+uint32(w.fold):w.at+uint32(w.fold)+uint32(w.sound)], t.sound) {
			return costSound
		}
	}
	if t.slips == 0 || least <= costSlip || bits.OnesCount64(t.foldMask&^w.mask) > t.slips {
		return none
	}
	switch n := slips(t.runes, f.text[w.at:w.at+uint32(w.fold)], t.slips); {
	case n > t.slips:
		return none
	case n == 2:
		return costSlips
	}
	return costSlip
}

// slips counts the slips (a letter left out, put in, changed, or two swapped)
// between what was typed and the beginning of a word, at most most+1.
func slips(typed []rune, have string, most int) int {
	var room [maxQuery + 4]rune
	word := room[:0]
	for _, r := range have {
		if len(word) == len(typed)+most {
			break
		}
		word = append(word, r)
	}
	const far = 100
	var rows [3][maxQuery + 4]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := 0; j <= len(word); j++ {
		last[j] = j
	}
	for i := 1; i <= len(typed); i++ {
		low := far
		for j := 0; j <= len(word); j++ {
			if j == 0 {
				now[0] = i
				continue
			}
			if d := i - j; d > most || -d > most {
				now[j] = far
				continue
			}
			c := last[j-1]
			if typed[i-1] != word[j-1] {
				c = min(c, last[j], now[j-1]) + 1
			}
			if i > 1 && j > 1 && typed[i-1] == word[j-2] && typed[i-2] == word[j-1] {
				c = min(c, before[j-2]+1)
			}
			now[j] = c
			low = min(low, c)
		}
		if low > most {
			return most + 1
		}
		before, last, now = last, now, before
	}
	least := far
	for j := 0; j <= len(word); j++ {
		least = min(least, last[j])
	}
	return min(least, most+1)
}
