package people

import (
	"container/heap"
	"encoding/binary"
	"strconv"
	"strings"
)

// What a word of the query is worth when it is found so.
const (
	worthExact   = 40
	worthPrefix  = 34 // the word begins so
	worthOneOff  = 26
	worthTwoOff  = 16
	worthYear    = 24
	worthYearOff = 8 // one year beside
	worthPlace   = 20
	maxWords     = 8
)

type query struct {
	words []word
	year  int
}

type word struct {
	runes []rune
	text  string
	mask  uint32
	typos int
	last  bool // may be unfinished
}

func parse(text string) query {
	var q query
	pieces := split(text)
	for i, p := range pieces {
		if y, err := strconv.Atoi(p); err == nil && len(p) == 4 && y > 1800 && y < 2200 {
			q.year = y
			continue
		}
		if len(q.words) == maxWords {
			break
		}
		f := fold(p)
		w := word{runes: []rune(f), text: f, mask: mask(f), last: i == len(pieces)-1 && strings.HasSuffix(text, p)}
		switch n := len(w.runes); {
		case n >= 5:
			w.typos = 2
		case n >= 3:
			w.typos = 1
		}
		q.words = append(q.words, w)
	}
	return q
}

// worth tells what a folded word of the index is worth to a word of the query.
func (w *word) worth(folded []byte, m uint32) int {
	if string(folded) == w.text {
		return worthExact
	}
	if (w.last || len(w.runes) >= 3) && len(folded) > len(w.text) && string(folded[:len(w.text)]) == w.text {
		return worthPrefix
	}
	if w.typos == 0 || !within(w.mask, m, w.typos) {
		return 0
	}
	switch distance(w.runes, folded, w.typos) {
	case 1:
		return worthOneOff
	case 2:
		return worthTwoOff
	}
	return 0
}

type hit struct {
	n     int
	score int
}

func (s *shelf) search(q query, limit int) []hit {
	n := s.len()
	if n == 0 {
		return nil
	}
	scores := make([]uint16, n)
	seen := make([]uint8, n)    // which word of the query counted last
	matched := make([]uint8, n) // how many counted
	var touched []uint32
	for i := range q.words {
		touched = s.score(&q.words[i], uint8(i+1), scores, seen, matched, touched)
	}
	if len(touched) == 0 && (q.year != 0 || len(q.words) > 0) {
		for i := range n {
			touched = append(touched, uint32(i))
		}
	}
	nearPlace := s.nearPlaces(q)
	top := &tops{limit: limit}
	for _, p := range touched {
		score, count := int(scores[p]), int(matched[p])
		if place := s.place[p]; place != 0 {
			if got := nearPlace[place]; got > 0 {
				score += got * worthPlace
				count += got
			}
		}
		switch y := int(s.years[p]); {
		case q.year == 0 || y == 0:
		case y == q.year:
			score += worthYear
			if len(q.words) == 0 {
				count++
			}
		case y == q.year-1 || y == q.year+1:
			score += worthYearOff
		}
		// Most of what was typed must fit: all of one or two words, all but
		// one of more.
		need := len(q.words)
		if need > 2 {
			need--
		}
		if need == 0 {
			need = 1
		}
		if count >= need {
			top.offer(hit{int(p), score*16 - s.wordCount(int(p))})
		}
	}
	return top.sorted()
}

func (s *shelf) wordCount(p int) int {
	c := 0
	for _, b := range s.names.at(p) {
		if b < 0x80 {
			c++
		}
	}
	return min(c, 15)
}

// score adds what one word of the query is worth to everyone who bears a word
// like it; nobody gets it twice, and the best kind of match counts.
func (s *shelf) score(w *word, mark uint8, scores []uint16, seen, matched []uint8, touched []uint32) []uint32 {
	var byWorth [4][]int
	order := [4]int{worthExact, worthPrefix, worthOneOff, worthTwoOff}
	for f := range s.masks {
		worth := w.worth(s.folds.at(f), s.masks[f])
		if worth == 0 {
			continue
		}
		for k, o := range order {
			if o == worth {
				byWorth[k] = append(byWorth[k], f)
			}
		}
	}
	for k, fs := range byWorth {
		for _, f := range fs {
			b := s.posts.at(f)
			var p uint32
			for len(b) > 0 {
				d, used := binary.Uvarint(b)
				b = b[used:]
				p += uint32(d)
				if seen[p] == mark {
					continue
				}
				if scores[p] == 0 {
					touched = append(touched, p)
				}
				seen[p] = mark
				scores[p] += uint16(order[k])
				matched[p]++
			}
		}
	}
	return touched
}

// nearPlaces tells for each place how many words of the query name it.
func (s *shelf) nearPlaces(q query) map[uint16]int {
	near := map[uint16]int{}
	for i := 1; i < len(s.places.ends); i++ {
		for _, piece := range split(s.places.text(i)) {
			f := []byte(fold(piece))
			m := mask(string(f))
			for k := range q.words {
				if len(q.words[k].runes) >= 3 && q.words[k].worth(f, m) >= worthOneOff {
					near[uint16(i)]++
				}
			}
		}
	}
	return near
}

// tops keeps the best few hits.
type tops struct {
	hits  []hit
	limit int
}

func (t *tops) Len() int           { return len(t.hits) }
func (t *tops) Less(i, j int) bool { return t.hits[i].score < t.hits[j].score }
func (t *tops) Swap(i, j int)      { t.hits[i], t.hits[j] = t.hits[j], t.hits[i] }
func (t *tops) Push(x any)         { t.hits = append(t.hits, x.(hit)) }
func (t *tops) Pop() any {
	last := t.hits[len(t.hits)-1]
	t.hits = t.hits[:len(t.hits)-1]
	return last
}

func (t *tops) offer(h hit) {
	if t.limit > 0 && len(t.hits) == t.limit {
		if t.hits[0].score >= h.score {
			return
		}
		t.hits[0] = h
		heap.Fix(t, 0)
		return
	}
	heap.Push(t, h)
}

func (t *tops) sorted() []hit {
	out := make([]hit, len(t.hits))
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = heap.Pop(t).(hit)
	}
	return out
}
