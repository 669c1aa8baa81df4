package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// The vector of draft-irtf-cfrg-xchacha-03, A.3.1: whoever has the key and the
// draft opens what we keep.
func TestSealIsTheDraftsVector(t *testing.T) {
	key := Key(unhex(t, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"))
	nonce := unhex(t, "404142434445464748494a4b4c4d4e4f5051525354555657")
	bound := unhex(t, "50515253c0c1c2c3c4c5c6c7")
	plain := []byte("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.")
	want := append(bytes.Clone(nonce), unhex(t, "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"+
		"731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"+
		"c0875924c1c7987947deafd8780acf49")...)
	sealed, err := key.Seal(plain, bound, bytes.NewReader(nonce))
	if err != nil || !bytes.Equal(sealed, want) {
		t.Fatalf("%x, %v", sealed, err)
	}
	got, err := key.Open(sealed, bound)
	if err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q, %v", got, err)
	}
}

func TestNothingElseOpens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := Key(rapid.SliceOfN(rapid.Byte(), len(Key{}), len(Key{})).Draw(t, "key"))
		plain, bound := rapid.SliceOf(rapid.Byte()).Draw(t, "plain"), rapid.SliceOf(rapid.Byte()).Draw(t, "bound")
		sealed, err := key.Seal(plain, bound, rand.Reader)
		if err != nil || len(sealed) != len(plain)+Cost {
			t.Fatal(len(sealed), err)
		}
		if got, err := key.Open(sealed, bound); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%x, %v", got, err)
		}
		bit := func(b []byte, name string) []byte {
			b = bytes.Clone(b)
			b[rapid.IntRange(0, len(b)-1).Draw(t, name)] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			return b
		}
		shut := func(what string, key Key, sealed, bound []byte) {
			if _, err := key.Open(sealed, bound); err == nil {
				t.Fatal("opened with another " + what)
			}
		}
		shut("text", key, bit(sealed, "at"), bound)
		shut("key", Key(bit(key[:], "of key")), sealed, bound)
		shut("binding", key, sealed, append(bytes.Clone(bound), 0))
		shut("length", key, sealed[:rapid.IntRange(0, len(sealed)-1).Draw(t, "length")], bound)
	})
}

func TestNoRandomnessNoSeal(t *testing.T) {
	broken := errors.New("no randomness")
	if sealed, err := (Key{}).Seal([]byte("an answer"), nil, iotest.ErrReader(broken)); !errors.Is(err, broken) || sealed != nil {
		t.Errorf("%x, %v", sealed, err)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
