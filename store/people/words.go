package people

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxWordRunes bounds a word; what is longer is cut, not refused.
const maxWordRunes = 48

// split gives the words of a name as they are written.
func split(name string) []string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != '\''
	})
	for i, w := range words {
		if len(w) > maxWordRunes && utf8.RuneCountInString(w) > maxWordRunes {
			words[i] = string([]rune(w)[:maxWordRunes])
		}
	}
	return words
}

// fold writes a word in lower case without accents. Marks of scripts that need
// them to be read, such as Devanagari's vowels, stay.
func fold(w string) string {
	ascii := true
	for i := range len(w) {
		if w[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ReplaceAll(strings.ToLower(w), "'", "")
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(w)) {
		if (r >= 0x300 && r <= 0x36f) || r == '\'' {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// mask has a bit for each letter of a word: an edit changes at most one bit
// each way, so most words are ruled out without being compared.
func mask(folded string) uint32 {
	var m uint32
	for _, r := range folded {
		if r >= 'a' && r <= 'z' {
			m |= 1 << (r - 'a')
		} else {
			m |= 1 << (26 + uint32(r)%6)
		}
	}
	return m
}

func within(a, b uint32, typos int) bool {
	return bits.OnesCount32(a&^b) <= typos && bits.OnesCount32(b&^a) <= typos
}

// distance counts the letters to change, add, drop or swap with a neighbour to
// turn a into b; it gives up with limit+1 when more are needed.
func distance(a []rune, b []byte, limit int) int {
	var room [maxWordRunes]rune
	w := room[:0]
	for _, r := range string(b) {
		if len(w) == cap(w) {
			return limit + 1
		}
		w = append(w, r)
	}
	if d := len(a) - len(w); d > limit || -d > limit || len(a) > maxWordRunes {
		return limit + 1
	}
	var lines [3][maxWordRunes + 1]uint8
	before, last, line := &lines[0], &lines[1], &lines[2]
	for j := 0; j <= len(w); j++ {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		line[0] = uint8(i)
		least := line[0]
		for j := 1; j <= len(w); j++ {
			cost := uint8(1)
			if a[i-1] == w[j-1] {
				cost = 0
			}
			d := min(last[j]+1, line[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == w[j-2] && a[i-2] == w[j-1] {
				d = min(d, before[j-2]+1)
			}
			line[j] = d
			least = min(least, d)
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, line = last, line, before
	}
	return int(last[len(w)])
}
