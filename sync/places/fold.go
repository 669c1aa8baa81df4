package places

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold brings a name into the form that is compared: small letters without
// marks, single spaces; apostrophes and glottal stops vanish, so that Ts'íitás
// is found by tsiitas.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := true
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r), glottal(r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(plain(unicode.ToLower(r)))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

// glottal tells the many ways in which a glottal stop is written.
func glottal(r rune) bool {
	switch r {
	case '\'', '`', '´', '’', '‘', 'ʼ', 'ʻ', 'ʔ', 'ˀ', 'Ꞌ', 'ꞌ', '\u02c8':
		return true
	}
	return false
}

// plain takes letters apart that Unicode does not.
func plain(r rune) rune {
	switch r {
	case 'ø':
		return 'o'
	case 'ł':
		return 'l'
	case 'ɨ', 'ı':
		return 'i'
	case 'đ', 'ð':
		return 'd'
	case 'ŋ':
		return 'n'
	}
	return r
}

// sound brings a folded word to how it is spoken where Spanish and the
// languages beside it are written: one sound, one letter, whichever way an
// officer, a map or a speaker spells it (Xalapa, Jalapa; Wajaka, Oaxaca; Dzan,
// Tsan; K'antunil, Cantunil).
func sound(w string) string {
	if !latin(w) {
		return w
	}
	out := make([]byte, 0, len(w))
	put := func(c byte) {
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	for i := 0; i < len(w); i++ {
		c, next := w[i], byte(0)
		if i+1 < len(w) {
			next = w[i+1]
		}
		switch {
		case (c == 't' || c == 'd') && (next == 'z' || next == 's'):
			put('z')
			i++
		case c == 'c' && next == 'h':
			put('c')
			i++
		case c == 's' && next == 'h':
			put('x')
			i++
		case c == 'l' && next == 'l':
			put('y')
			i++
		case c == 'q' && next == 'u':
			put('k')
			i++
		case c == 'g' && next == 'u' && i+2 < len(w) && (w[i+2] == 'e' || w[i+2] == 'i'):
			put('g')
			i++
		case (c == 'h' || c == 'g') && next == 'u' && i+2 < len(w) && vowel(w[i+2]):
			put('u')
			i++
		case c == 'o' && next == 'a' && i == 0:
			put('u')
		case c == 'c' && (next == 'e' || next == 'i'):
			put('z')
		case c == 'c', c == 'q':
			put('k')
		case c == 's':
			put('z')
		case c == 'w':
			put('u')
		case c == 'v':
			put('b')
		case c == 'j':
			put('x')
		case c == 'g' && (next == 'e' || next == 'i'):
			put('x')
		case c == 'y' && next == 0:
			put('i')
		case c == 'h':
		default:
			put(c)
		}
	}
	return string(out)
}

func vowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

func latin(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] >= 0x80 {
			return false
		}
	}
	return true
}

// mask has a bit for each letter of a word; letters beyond a to z share the rest.
func mask(w string) uint64 {
	var m uint64
	for _, r := range w {
		switch {
		case r >= 'a' && r <= 'z':
			m |= 1 << (r - 'a')
		case r >= '0' && r <= '9':
			m |= 1 << (26 + r - '0')
		default:
			m |= 1 << (36 + uint32(r)%28)
		}
	}
	return m
}
