package match

import (
	"math"
	"strings"
)

// Likeness is how alike two whole names are, from 0 to 1, whatever their
// script and order; from SameName on they are held to name one person. Added
// names cost little, names that contradict each other much.
func Likeness(a, b string) float64 {
	x, y := wholeNames(a), wholeNames(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	if len(x) > len(y) {
		x, y = y, x
	}
	best := align(x, y)
	// Names run together, or apart: Jan Daniel, JanDaniel.
	if len(x) != len(y) || best < SameName {
		p, q := strings.Join(x, ""), strings.Join(y, "")
		if n := min(len(p), len(q)); n >= 8 {
			if d := edits(p, q, 2); d <= 1 || (d == 2 && n >= 14) {
				best = max(best, 1-float64(d)/float64(n))
			}
		}
	}
	return best
}

// SameName is the likeness from which two whole names are one person's.
const SameName = 0.75

// titles are no part of a name.
var titles = map[string]bool{
	"mr": true, "mrs": true, "ms": true, "miss": true, "dr": true, "sir": true, "prof": true, "president": true, "prasident": true,
	"sheikh": true, "shaikh": true, "haji": true, "hajji": true, "mullah": true, "don": true, "dona": true, "lic": true, "ing": true,
	"senor": true, "senora": true, "sra": true, "sr": true, "jr": true,
}

// mistyped are figures that fingers put for letters; alike are sounds that
// writings of one name put for each other.
var (
	mistyped = strings.NewReplacer("0", "o", "1", "i", "3", "e", "5", "s", "9", "g")
	alike    = strings.NewReplacer("kh", "h", "ch", "c", "sh", "s", "zh", "z", "ph", "f", "th", "t", "dh", "d", "gh", "g", "ts", "c", "tz", "c", "ck", "k", "q", "k", "w", "v", "j", "y")
)

// wholeNames takes a whole name apart: Latin letters, without titles and
// particles as long as something is left.
func wholeNames(s string) []string {
	words := strings.Fields(latin(fold(mistyped.Replace(s))))
	var out []string
	for _, w := range words {
		if !titles[w] && !particles[w] {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		out = words
	}
	if len(out) > 12 {
		out = out[:12]
	}
	return out
}

// align pairs the names of the shorter list with those of the longer, the
// likest first, and weighs what is left over.
func align(x, y []string) float64 {
	usedX, usedY := make([]bool, len(x)), make([]bool, len(y))
	sum, weight := 0.0, 0.0
	for {
		bi, bj, best := -1, -1, 0.0
		for i := range x {
			for j := range y {
				if !usedX[i] && !usedY[j] {
					if s := word(x[i], y[j]); s > best {
						bi, bj, best = i, j, s
					}
				}
			}
		}
		if bi < 0 {
			break
		}
		usedX[bi], usedY[bj] = true, true
		w := worth(x[bi])/2 + worth(y[bj])/2
		sum += w * best
		weight += w
	}
	left, extra := 0.0, 0.0
	for i := range x {
		if !usedX[i] {
			left += worth(x[i])
		}
	}
	for j := range y {
		if !usedY[j] {
			extra += worth(y[j])
		}
	}
	if sum == 0 {
		return 0
	}
	// A name left on both sides contradicts; one left on one side was left out.
	contra := min(left, extra)
	omitted := max(left, extra) - contra
	return sum / (weight + 3*contra + 0.12*omitted)
}

// worth of a name grows with its length, slowly.
func worth(s string) float64 { return math.Sqrt(float64(signs(s))) }

// word is how alike two single names are; 0 when one cannot stand for the other.
func word(a, b string) float64 {
	if a == b {
		return 1
	}
	if initial(a, b) {
		return 0.8
	}
	n := max(signs(a), signs(b))
	limit := 0
	switch {
	case n >= 10:
		limit = 3
	case n >= 7:
		limit = 2
	case n >= 4:
		limit = 1
	}
	d := edits(a, b, limit)
	if d <= limit {
		return 1 - float64(d)/float64(n)
	}
	if s, t := skeleton(a), skeleton(b); len(s) >= 3 && s == t {
		return 0.8
	}
	if min(signs(a), signs(b)) >= 3 && prefixed(a, b) {
		return 0.7
	}
	return 0
}

// skeleton is what stays of a name across writings: consonants, the like ones
// folded together.
func skeleton(s string) string {
	s = alike.Replace(s)
	var b []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case 'a', 'e', 'i', 'o', 'u', 'y', 'h':
			if i == 0 {
				b = append(b, 'a')
			}
			continue
		}
		if len(b) == 0 || b[len(b)-1] != c {
			b = append(b, c)
		}
	}
	return string(b)
}
