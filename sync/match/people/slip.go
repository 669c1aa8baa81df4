package people

import (
	"math/rand/v2"
	"strings"
)

// speller writes a name wrong, by ear or by finger.
type speller struct{ r *rand.Rand }

// heard are spellings that sound alike in Mexico.
func heard() [][2]string {
	return [][2]string{
		{"v", "b"}, {"b", "v"}, {"z", "s"}, {"s", "z"}, {"ce", "se"}, {"ci", "si"}, {"ll", "y"}, {"y", "ll"}, {"x", "j"}, {"j", "x"}, {"h", ""},
		{"qu", "k"}, {"c", "k"}, {"k", "c"}, {"tz", "ts"}, {"tl", "t"}, {"á", "a"}, {"é", "e"}, {"í", "i"}, {"ó", "o"}, {"ú", "u"}, {"ñ", "n"},
		{"hu", "w"}, {"gü", "w"}, {"i", "y"}, {"n", "m"}, {"rr", "r"},
	}
}

func (s speller) slip(w string) string {
	if s.r.Float64() < 0.5 {
		pairs := heard()
		for range 40 {
			p := pairs[s.r.IntN(len(pairs))]
			if i := strings.Index(strings.ToLower(w), p[0]); i >= 0 && len(w) == len(strings.ToLower(w)) {
				if out := w[:i] + p[1] + w[i+len(p[0]):]; out != "" {
					return out
				}
			}
		}
	}
	return s.finger(w)
}

// finger leaves out, doubles, swaps or hits a neighbour of one letter.
func (s speller) finger(w string) string {
	r := []rune(w)
	if len(r) < 3 {
		return w
	}
	i := s.r.IntN(len(r) - 1)
	switch s.r.IntN(4) {
	case 0:
		return string(r[:i]) + string(r[i+1:])
	case 1:
		return string(r[:i+1]) + string(r[i:])
	case 2:
		r[i], r[i+1] = r[i+1], r[i]
	default:
		r[i] = rune("aeiourstlnmcdp"[s.r.IntN(14)])
	}
	return string(r)
}
