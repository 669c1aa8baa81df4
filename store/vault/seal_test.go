package vault

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryBitOfARow(t *testing.T) {
	v := testVault(t)
	err := v.Update(t.Context(), func(tx *Tx) error {
		for _, key := range []Key{Outer, Kit, Day} {
			plain := bytes.Repeat([]byte("an answer "), 30)
			r, err := tx.Seal(key, "b", 42, 7, plain)
			if err != nil {
				return err
			}
			if got, err := tx.Open("b", r); err != nil || !bytes.Equal(got, plain) {
				t.Fatal(got, err)
			}
			for bit := range len(r.Sealed) * 8 {
				r.Sealed[bit/8] ^= 1 << (bit % 8)
				mustBeDamaged(t, tx, "b", r)
				r.Sealed[bit/8] ^= 1 << (bit % 8)
			}
			for n := range len(r.Sealed) {
				mustBeDamaged(t, tx, "b", Row{r.N, r.Version, r.Key, r.Sealed[:n]})
			}
			mustBeDamaged(t, tx, "c", r)
			mustBeDamaged(t, tx, "b", Row{r.N + 1, r.Version, r.Key, r.Sealed})
			mustBeDamaged(t, tx, "b", Row{r.N, r.Version + 1, r.Key, r.Sealed})
			mustBeDamaged(t, tx, "b", Row{r.N, r.Version, r.Key, append(bytes.Clone(r.Sealed), 0)})
			if _, err := tx.Open("b", Row{r.N, r.Version, 999, r.Sealed}); !errors.Is(err, ErrForgotten) {
				t.Fatal(err)
			}
		}
		tx.damaged = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustBeDamaged(t *testing.T, tx *Tx, table string, r Row) {
	t.Helper()
	var d *Damaged
	if _, err := tx.Open(table, r); !errors.As(err, &d) || d.N != r.N {
		t.Fatalf("not noticed: %v", err)
	}
}

func TestSealedRowsComeBackPadded(t *testing.T) {
	v := testVault(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "plain")
		n, version := rapid.Int64().Draw(t, "n"), rapid.Int64().Draw(t, "version")
		r, err := v.sealWith(v.outer.aead, "f", n, version, 0, plain)
		if err != nil {
			t.Fatal(err)
		}
		if body := len(r.Sealed) - nonceLen - v.outer.aead.Overhead(); body%padTo != 0 || body <= len(plain) {
			t.Fatalf("%d bytes sealed as %d", len(plain), body)
		}
		got, err := v.openWith(v.outer.aead, "f", r)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatal(got, err)
		}
	})
}

// A row sealed in version 0 opens for ever.
func TestGoldenRow(t *testing.T) {
	v := testVault(t)
	raw := bytes.Repeat([]byte{0x42}, keyLen)
	key, err := newDataKey(3, Day, 20000, raw)
	if err != nil {
		t.Fatal(err)
	}
	v.options.Rand = bytes.NewReader(bytes.Repeat([]byte{0x17}, nonceLen))
	r, err := v.sealWith(key.aead, "b", 5, 1, 3, []byte("an answer"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/row-v0.hex", r.Sealed)
	if n := pseudonym(raw, "b", []byte("a name")); n != 6436088026537603485 {
		t.Fatalf("another pseudonym: %d", n)
	}
	if plain, err := v.openWith(key.aead, "b", Row{5, 1, 3, read(t, "testdata/row-v0.hex")}); err != nil || string(plain) != "an answer" {
		t.Fatal(plain, err)
	}
}
