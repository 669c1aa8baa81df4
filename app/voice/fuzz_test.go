package voice

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzDecode gives arbitrary bytes for a recording: whole samples at a rate that
// a player takes, or a refusal.
func FuzzDecode(f *testing.F) {
	f.Add(wav(16, 1, 22050, []byte{1, 2, 3, 4}))
	f.Add(wav(8, 2, 8000, []byte{1, 2, 3}))
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeWAV(b)
		if err != nil {
			return
		}
		if len(s.pcm) == 0 || len(s.pcm)%(2*s.channels) != 0 || len(s.pcm) > 2*len(b) || s.rate < minRate || s.rate > maxRate || s.duration() < 0 {
			t.Errorf("%d bytes at %d in %d channels", len(s.pcm), s.rate, s.channels)
		}
	})
}

// FuzzWords gives arbitrary words: what goes to the program holds no order and
// no phonemes, in portions that are short.
func FuzzWords(f *testing.F) {
	f.Add("[[a]] \x01400S \u200b[\u200b[ " + strings.Repeat("uno dos. ", 100))
	f.Add("\xff\x00-f /etc/passwd\n\n[")
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range portions(plain(text)) {
			if strings.Contains(s, "[[") || strings.Contains(s, "]]") || strings.ContainsFunc(s, unicode.IsControl) || len([]rune(s)) > portion || s == "" {
				t.Errorf("%q becomes %q", text, s)
			}
		}
	})
}

// FuzzVoices gives arbitrary lists of voices: nothing of them can be taken for an
// option.
func FuzzVoices(f *testing.F) {
	f.Add("Pty Language\n 5  cmn --/M Chinese sit/cmn (zh-cmn 5)(zh 5)\n 5 -f --/M x y (-x 5)\n")
	f.Fuzz(func(t *testing.T, list string) {
		for tag, name := range parseVoices(list) {
			if !languageTag(tag) || !languageTag(name) || strings.HasPrefix(name, "-") {
				t.Errorf("%q: %q", tag, name)
			}
		}
	})
}
