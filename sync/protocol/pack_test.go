package protocol

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// The secrets of receipts are part of the format: these bytes may never change.
func TestClaimSecretStaysTheSame(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	first := ClaimSecretOf(secret, 1, civic.Digest{1})
	if got := hex.EncodeToString(first[:]); got != "d58210547abefa1a89b0" { // worked out by another program
		t.Errorf("the first secret is %s", got)
	}
	for what, other := range map[string]ClaimSecret{
		"another counter": ClaimSecretOf(secret, 2, civic.Digest{1}), "other answers": ClaimSecretOf(secret, 1, civic.Digest{2}),
		"another kit": ClaimSecretOf(secret[1:], 1, civic.Digest{1}),
	} {
		if other == first || other.IsZero() {
			t.Errorf("%s: the same secret", what)
		}
	}
	if again := ClaimSecretOf(secret, 1, civic.Digest{1}); again != first {
		t.Error("not the same twice")
	}
}

func TestSealUp(t *testing.T) {
	secret := bytes.Repeat([]byte{3}, 32)
	sealed, err := SealUp(secret, 7, []byte("who and why"), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := OpenUp(secret, 7, sealed); err != nil || string(plain) != "who and why" {
		t.Fatalf("%q, %v", plain, err)
	}
	for bit := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := OpenUp(secret, 7, bad); civic.CodeOf(err) != civic.StatementForged {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	if _, err := OpenUp(secret, 8, sealed); civic.CodeOf(err) != civic.StatementForged {
		t.Error("another number:", err)
	}
	if _, err := OpenDown(secret, 7, DownPack, sealed); err == nil {
		t.Error("what goes up opens as what comes down")
	}
}

// What is read as an opening of either version writes and reads the same.
func FuzzReadOpening(f *testing.F) {
	for _, at := range []any{Stamp{Wall: 1_800_000_000, Boot: 3}, civic.Stamp{Wall: 1_800_000_000, Boot: 3}} {
		b, err := Marshal(map[int]any{1: at, 4: 2, 7: "why"})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ReadOpening(b)
		if err != nil {
			return
		}
		again, err := Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ReadOpening(again); err != nil || back != o {
			t.Fatalf("%+v became %+v, %v", o, back, err)
		}
	})
}
