package protocol

import (
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

func custodyKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)) }

func TestCustody(t *testing.T) {
	want := Custody{Carrier: civic.DeviceID{1}, At: 7, Files: []civic.Digest{{2}, {3}}, Hub: true}
	b, err := SignCustody(want, custodyKey())
	if err != nil {
		t.Fatal(err)
	}
	got, key, err := OpenCustody(b)
	if err != nil || !key.Equal(custodyKey().Public()) || got.Carrier != want.Carrier || got.At != 7 || !got.Hub || !slices.Equal(got.Files, want.Files) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i := range len(b) * 8 {
		flipped := slices.Clone(b)
		flipped[i/8] ^= 1 << (i % 8)
		if _, _, err := OpenCustody(flipped); err == nil {
			t.Errorf("bit %d flipped and believed", i)
		}
	}
	if _, err := SignCustody(Custody{Files: make([]civic.Digest, MaxCustody+1)}, custodyKey()); err == nil {
		t.Error("signed for more than a receipt may name")
	}
}

func TestBits(t *testing.T) {
	b := Bits(17, func(i int) bool { return i%3 == 0 })
	for i := range 40 {
		if Bit(b, i) != (i < 17 && i%3 == 0) {
			t.Errorf("bit %d", i)
		}
	}
	if Bits(9, func(int) bool { return false }) != nil {
		t.Error("nothing costs bytes")
	}
}

// FuzzCustody opens whatever lies on a medium as a receipt.
func FuzzCustody(f *testing.F) {
	b, err := SignCustody(Custody{At: 1, Files: []civic.Digest{{2}}}, custodyKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte{0xa2, 1, 0x40, 2, 0x40})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, key, err := OpenCustody(b); err == nil && (len(c.Files) > MaxCustody || len(key) != ed25519.PublicKeySize) {
			t.Fatal(len(c.Files), len(key))
		}
	})
}
