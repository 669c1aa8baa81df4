package places

import (
	"math/bits"
	"strings"
)

// token is one word of the query.
type token struct {
	fold, sound         string
	runes               []rune
	foldMask, soundMask uint64
	slips               int
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
