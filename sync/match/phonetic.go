package match

import "strings"

// sound writes how a folded name is heard by a Spanish-speaking clerk: names
// that are often written for each other get the same sounds. Silent h, b and v,
// s, z and soft c, ll and y, k, c and qu, x, j and soft g, tz and ts, w and hu
// fall together, which covers Nahuatl, Maya and Quechua names as well; vowels
// after the first sign are left out. At most eight signs. Text that is not
// Latin is its own sound.
func sound(s string) string {
	if !ascii(s) {
		return s
	}
	var b [8]byte
	n := 0
	put := func(c byte) {
		if n < len(b) && (n == 0 || b[n-1] != c) {
			b[n] = c
			n++
		}
	}
	at := func(i int) byte {
		if i < len(s) {
			return s[i]
		}
		return 0
	}
	for i := 0; i < len(s); i++ {
		c, next := s[i], at(i+1)
		switch c {
		case 'a', 'e', 'o', 'u', 'i':
			switch {
			case c == 'u' && n == 0 && isVowel(next): // uan, as in huan and juan of elders
				put('w')
			case n == 0:
				put(vowel(c))
			}
		case 'h':
			if n == 0 && next == 'u' && isVowel(at(i+2)) {
				put('w')
				i++
			} else if n == 0 && isVowel(next) {
				put(vowel(next))
				i++
			}
		case 'b', 'v':
			put('b')
		case 'c':
			switch next {
			case 'h':
				put('x')
				i++
			case 'e', 'i', 'y':
				put('s')
			case 'k':
				put('k')
				i++
			default:
				put('k')
			}
		case 'k', 'q':
			put('k')
		case 'g':
			switch {
			case next == 'e' || next == 'i' || next == 'y':
				put('j')
			case next == 'u' && (at(i+2) == 'a' || at(i+2) == 'o'):
				put('w')
				i++
			case next == 'h':
				i++
			default:
				put('g')
			}
		case 'j':
			put('j')
		case 'x':
			put('j')
		case 's', 'z':
			if next == 'h' {
				put('x')
				i++
				break
			}
			put('s')
		case 't':
			switch next {
			case 'z', 's':
				put('s')
				i++
			case 'h':
				put('t')
				i++
			default:
				put('t')
			}
		case 'l':
			if next == 'l' && isVowel(at(i+2)) {
				put('y')
				i++
				break
			}
			put('l')
		case 'y':
			switch {
			case isVowel(next):
				put('y')
			case n == 0:
				put('i')
			}
		case 'p':
			if next == 'h' {
				put('f')
				i++
				break
			}
			put('p')
		case 'w':
			put('w')
		case 'm':
			if next == 'b' || next == 'p' || next == 'v' {
				put('n')
				break
			}
			put('m')
		case 'n':
			put('n')
		default:
			put(c)
		}
	}
	return string(b[:n])
}

func isVowel(c byte) bool { return c != 0 && strings.IndexByte("aeiou", c) >= 0 }

// vowel lets e and i, o and u fall together at the head of a name, as ears do.
func vowel(c byte) byte {
	switch c {
	case 'e':
		return 'i'
	case 'o':
		return 'u'
	}
	return c
}
