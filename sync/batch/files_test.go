package batch_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"testing"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
)

// flipped calls check with every change of a single bit, or with some thousand
// of them where there are more.
func flipped(file []byte, check func(at int, changed []byte)) {
	bits := len(file) * 8
	r := rand.New(rand.NewPCG(1, 2))
	for i := range min(bits, 4_000) {
		at := i
		if bits > 4_000 {
			at = r.IntN(bits)
		}
		file[at/8] ^= 1 << (at % 8)
		check(at, file)
		file[at/8] ^= 1 << (at % 8)
	}
}

// No change of a single bit goes unseen.
func TestEveryFlippedBitIsSeen(t *testing.T) {
	k := newKit(t, "kit")
	registry, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	w, forms := births(t, batchtest.Options{Seed: 3})
	known := batch.Remember(forms)
	for _, count := range []int{2, 500} {
		regs, _ := w.Births(count)
		k.chain(t, regs, 1)
		file, err := batch.Pack(k.packing(known), regs)
		if err != nil {
			t.Fatal(err)
		}
		flipped(file, func(at int, changed []byte) {
			if _, _, err := batch.Open(changed, k.key, k.public, known); err == nil {
				t.Errorf("a batch of %d with bit %d flipped was opened", count, at)
			} else if civic.CodeOf(err) == "" {
				t.Errorf("bit %d gives an error without a code: %v", at, err)
			}
		})
	}
	header, err := batch.WrapDayKey(k.key, k.id, []string{registry.Recipient().String()}, k.private)
	if err != nil {
		t.Fatal(err)
	}
	flipped(header, func(at int, changed []byte) {
		if _, err := batch.OpenDayKey(changed, k.public, registry); civic.CodeOf(err) == "" {
			t.Errorf("a day key with bit %d flipped gives %v", at, err)
		}
	})
	photo, err := batch.SealAttachment(k.key, k.id, bytes.Repeat([]byte("photo"), 400), k.private, nil)
	if err != nil {
		t.Fatal(err)
	}
	flipped(photo, func(at int, changed []byte) {
		if _, _, err := batch.OpenAttachment(changed, k.key, k.public); civic.CodeOf(err) == "" {
			t.Errorf("an attachment with bit %d flipped gives %v", at, err)
		}
	})
}

// A kit that signs what it did not seal gets no further than the seal: with
// another kit's batch, and with its own changed one.
func TestResignedBatch(t *testing.T) {
	k, thief := newKit(t, "kit"), newKit(t, "thief")
	regs := k.chain(t, simple(3), 1)
	file, err := batch.Pack(k.packing(nil), regs)
	if err != nil {
		t.Fatal(err)
	}
	m, err := batch.Verify(file, k.public)
	if err != nil || m.Device != k.id {
		t.Fatal(err)
	}
	if _, err := batch.Verify(file, thief.public); civic.CodeOf(err) != civic.BatchSignature {
		t.Errorf("another kit's batch gives %v", err)
	}
	if _, err := batch.ReadManifest(file); err != nil {
		t.Errorf("a courier cannot read the outside: %v", err)
	}
}

// FuzzFiles feeds every reader of files that come from outside.
func FuzzFiles(f *testing.F) {
	k := newKit(f, "kit")
	genuine := map[[32]byte]bool{}
	for _, name := range []string{"dense", "plain", "key", "attachment"} {
		for _, version := range []string{"v0", "version1"} {
			b := frozen.Read(f, version, name)
			f.Add(b)
			genuine[sha256.Sum256(b)] = true
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := genuine[sha256.Sum256(b)]
		_, batchErr := batch.Verify(b, k.public)
		_, keyErr := batch.VerifyDayKey(b, k.public)
		_, photoErr := batch.VerifyAttachment(b, k.public)
		for _, err := range []error{batchErr, keyErr, photoErr} {
			var p *civic.Problem
			switch {
			case err == nil && !whole:
				t.Error("a file that the kit did not write was taken")
			case err != nil && !errors.As(err, &p):
				t.Errorf("an error without a code: %v", err)
			}
		}
	})
}
