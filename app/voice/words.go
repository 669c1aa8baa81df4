package voice

import (
	"strings"
	"unicode"
)

const (
	// maxWords limits the text of one piece, in bytes: pages of a law. What is
	// longer is refused, for half of it read would not be the whole.
	maxWords = 40000
	// portion is how much is turned into sound at once, in runes: some seconds of
	// speech, so that a slow tablet begins soon.
	portion = 300
)

// plain leaves of a text what can be spoken. Control characters go, for
// espeak-ng takes orders after some of them; so do marks of direction and what
// is no character; doubled brackets are parted, for between them it expects
// phonemes instead of words.
func plain(text string) string {
	var b strings.Builder
	var last rune
	for _, r := range text {
		switch {
		case r == unicode.ReplacementChar, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r):
			continue
		case unicode.IsControl(r) && r != '\n', unicode.IsSpace(r) && r != '\n':
			r = ' '
		case r == last && (r == '[' || r == ']'):
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return strings.TrimSpace(b.String())
}

// portions cuts a text where sentences end, else between words, so that each
// part is short. A text without a letter or digit has none.
func portions(text string) []string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		runes := []rune(line)
		for len(runes) > portion {
			at := cutAt(runes[:portion])
			out = append(out, string(runes[:at]))
			runes = runes[at:]
		}
		out = append(out, string(runes))
	}
	spoken := out[:0]
	for _, s := range out {
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			spoken = append(spoken, strings.TrimSpace(s))
		}
	}
	return spoken
}

// cutAt finds the last end of a sentence, else the last space, else the end.
func cutAt(runes []rune) int {
	space := 0
	for i := len(runes) - 1; i > 0; i-- {
		if !unicode.IsSpace(runes[i]) {
			continue
		}
		if strings.ContainsRune(".!?;:", runes[i-1]) {
			return i + 1
		}
		if space == 0 {
			space = i + 1
		}
	}
	if space > 0 {
		return space
	}
	return len(runes)
}
