package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestFormNoticeTravelsInParts(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := FormNotice{Form: "birth", Version: "7", Order: 3, Packed: bytes.Repeat([]byte("cells "), 4000)}
	statement, err := Sign(StatementForm, want, private)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := SplitForm(statement)
	if err != nil {
		t.Fatal(err)
	}
	if len(plain) < 4 {
		t.Fatalf("%d parts", len(plain))
	}
	var parts []FormPart
	for _, b := range plain {
		p, err := ReadFormPart(b)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	got, err := JoinForm(parts, public)
	if err != nil || got.Order != 3 || !bytes.Equal(got.Packed, want.Packed) {
		t.Fatalf("%v %v", got.Order, err)
	}
	changed := slices.Clone(parts)
	changed[1].Bytes = slices.Clone(changed[1].Bytes)
	changed[1].Bytes[5] ^= 1
	swapped := slices.Clone(parts)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for name, bad := range map[string][]FormPart{"none": nil, "one missing": parts[1:], "one short": parts[:2], "changed": changed, "swapped": swapped} {
		if _, err := JoinForm(bad, public); civic.CodeOf(err) != civic.RequestMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	other, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := JoinForm(parts, other); civic.CodeOf(err) != civic.StatementForged {
		t.Errorf("another server's key: %v", err)
	}
}

// FuzzFormPart gives arbitrary bytes for a part: one within the limits or a refusal.
func FuzzFormPart(f *testing.F) {
	b, err := Marshal(FormPart{Count: 1, Bytes: []byte("x")})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ReadFormPart(b)
		if err == nil && (p.Index >= p.Count || len(p.Bytes) > FormPartBytes) {
			t.Fatal("beyond the limits")
		}
	})
}
