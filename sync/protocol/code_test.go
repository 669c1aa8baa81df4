package protocol

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

func codes() *rapid.Generator[Code] {
	return rapid.Custom(func(t *rapid.T) Code {
		return NewCode([SecretSize]byte(rapid.SliceOfN(rapid.Byte(), SecretSize, SecretSize).Draw(t, "secret")),
			[PinSize]byte(rapid.SliceOfN(rapid.Byte(), PinSize, PinSize).Draw(t, "pin")))
	})
}

func TestCodeIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := codes().Draw(t, "code")
		s := c.String()
		if len(s) != 54 || strings.Count(s, "-") != 10 {
			t.Fatalf("%q is not eleven groups of four", s)
		}
		typed := strings.NewReplacer("0", "o", "1", "l", "-", " ").Replace(strings.ToLower(s))
		for _, text := range []string{s, typed, strings.ReplaceAll(s, "-", ""), " " + s + "\n"} {
			got, err := ParseCode(text)
			if err != nil || got != c {
				t.Fatalf("%q was read as %v: %v", text, got, err)
			}
		}
	})
}

func TestCodeFindsOneWrongSign(t *testing.T) {
	c := NewCode([SecretSize]byte{0xff, 1, 2, 3}, [PinSize]byte{4, 5, 6, 0x80})
	s := strings.ReplaceAll(c.String(), "-", "")
	for i := range s {
		for _, d := range codeDigits {
			if byte(d) == s[i] {
				continue
			}
			if _, err := ParseCode(s[:i] + string(d) + s[i+1:]); civic.CodeOf(err) != civic.CodeMalformed {
				t.Errorf("sign %d as %c: %v", i, d, err)
			}
		}
		if i+1 < len(s) && s[i] != s[i+1] {
			if _, err := ParseCode(s[:i] + s[i+1:i+2] + s[i:i+1] + s[i+2:]); err == nil {
				t.Errorf("signs %d and %d swapped and not found", i, i+1)
			}
		}
		if _, err := ParseCode(s[:i] + s[i+1:]); err == nil {
			t.Errorf("sign %d missing and not found", i)
		}
	}
	for _, bad := range []string{"", "0", s + "0", strings.Repeat("-", 300), strings.Repeat("U", 44)} {
		if _, err := ParseCode(bad); civic.CodeOf(err) != civic.CodeMalformed {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add(NewCode([SecretSize]byte{1}, [PinSize]byte{2}).String())
	f.Add("0")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCode(s)
		if err != nil {
			return
		}
		if again, err := ParseCode(c.String()); err != nil || again != c {
			t.Errorf("%q is read as %v, which is written %q", s, c, c.String())
		}
	})
}
