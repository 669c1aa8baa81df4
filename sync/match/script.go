package match

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// latin writes folded text of other scripts in Latin letters, roughly as people
// write such names in passports. What it does not know stays.
func latin(s string) string {
	if ascii(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 0xAC00 && r <= 0xD7A3:
			b.WriteString(hangul(r))
		case unicode.Is(unicode.Han, r):
			// Each sign is a syllable of its own; names are written together.
			if p := pinyins(r); len(p) > 0 {
				b.WriteString(p[0])
			}
		default:
			if w, ok := letters[r]; ok {
				b.WriteString(w)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// hangul writes one syllable after the Revised Romanisation, letter by letter.
func hangul(r rune) string {
	n := int(r - 0xAC00)
	first := [...]string{"g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"}
	middle := [...]string{"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"}
	last := [...]string{"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"}
	return first[n/588] + middle[n%588/28] + last[n%28]
}

// pinyins gives every toneless reading of a Han sign, the commonest first.
func pinyins(r rune) []string {
	a := pinyin.Args{Style: pinyin.Normal, Heteronym: true}
	var out []string
	for _, p := range pinyin.SinglePinyin(r, a) {
		p = strings.ReplaceAll(p, "ü", "v")
		dup := false
		for _, q := range out {
			dup = dup || p == q
		}
		if !dup {
			out = append(out, p)
		}
	}
	return out
}

// letters of other scripts, folded, in Latin.
var letters = map[rune]string{
	// Cyrillic
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'е': "e", 'є': "ye", 'ж': "zh", 'з': "z", 'и': "i", 'і': "i", 'й': "y",
	'к': "k", 'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "kh", 'ц': "ts",
	'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'ў': "u", 'ө': "o", 'ү': "u", 'ҳ': "h",
	'қ': "q", 'ғ': "g", 'ә': "a", 'җ': "j", 'ң': "n", 'һ': "h", 'ј': "j", 'љ': "lj", 'њ': "nj", 'ћ': "c", 'ђ': "dj", 'џ': "dz",
	// Greek
	'α': "a", 'β': "v", 'γ': "g", 'δ': "d", 'ε': "e", 'ζ': "z", 'η': "i", 'θ': "th", 'ι': "i", 'κ': "k", 'λ': "l", 'μ': "m", 'ν': "n",
	'ξ': "x", 'ο': "o", 'π': "p", 'ρ': "r", 'σ': "s", 'ς': "s", 'τ': "t", 'υ': "y", 'φ': "f", 'χ': "ch", 'ψ': "ps", 'ω': "o",
	// Arabic and Persian: long vowels stand, short ones are not written
	'ا': "a", 'آ': "a", 'أ': "a", 'إ': "i", 'ٱ': "a", 'ب': "b", 'پ': "p", 'ت': "t", 'ث': "th", 'ج': "j", 'چ': "ch", 'ح': "h", 'خ': "kh",
	'د': "d", 'ذ': "dh", 'ر': "r", 'ز': "z", 'ژ': "zh", 'س': "s", 'ش': "sh", 'ص': "s", 'ض': "d", 'ط': "t", 'ظ': "z", 'ع': "a", 'غ': "gh",
	'ف': "f", 'ق': "q", 'ك': "k", 'ک': "k", 'گ': "g", 'ل': "l", 'م': "m", 'ن': "n", 'ه': "h", 'ة': "a", 'و': "w", 'ؤ': "w", 'ي': "y",
	'ی': "y", 'ى': "a", 'ئ': "y", 'ء': "",
}
