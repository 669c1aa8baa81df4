package batch_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// strangeForms knows the strange form.
func strangeForms(t testing.TB) *form.Catalogue {
	t.Helper()
	b, err := batchtest.StrangeWorkbook()
	if err != nil {
		t.Fatal(err)
	}
	forms := form.NewCatalogue()
	if _, err := forms.Add(b); err != nil {
		t.Fatal(err)
	}
	return forms
}

// Whatever Canonical takes, Pack takes and Open with Chain gives back.
func TestNothingIsLost(t *testing.T) {
	k, forms := newKit(t, "kit"), strangeForms(t)
	rapid.Check(t, func(rt *rapid.T) {
		regs := make([]civic.Registration, rapid.IntRange(1, 6).Draw(rt, "count"))
		for i := range regs {
			regs[i] = batchtest.Strange(rt)
		}
		k.chain(t, regs, rapid.OneOf(rapid.Uint64Range(1, 100), rapid.Uint64()).Draw(rt, "first"))
		if rapid.IntRange(0, 3).Draw(rt, "a gap") == 0 {
			r := &regs[len(regs)-1]
			r.Counter += rapid.Uint64().Draw(rt, "counters lost")
			r.ID = civic.NewRegistrationID(k.public, r.Counter)
			r.Previous[3] ^= 1
		}
		before := slices.Clone(regs)
		file, err := batch.Pack(k.packing(forms), regs)
		if err != nil {
			rt.Fatal(err)
		}
		m, again, err := batch.Open(file, k.key, k.public, forms)
		if err != nil {
			rt.Fatal(err)
		}
		if _, err := batch.Chain(m, again, saltOf); err != nil {
			rt.Fatal(err)
		}
		want, got := canonicals(t, before), canonicals(t, again)
		for i := range want {
			if !bytes.Equal(want[i], got[i]) {
				rt.Fatalf("registration %d changed:\n%+v\n%+v", i, before[i], again[i])
			}
		}
	})
}

// Births come back too, many at once, and the form's own words shorten them.
func TestBirthsComeBack(t *testing.T) {
	k := newKit(t, "kit")
	w, forms := births(t, batchtest.Options{Seed: 3, Unseen: 0.1, Photos: 0.1})
	regs, _ := w.Births(300)
	k.chain(t, regs, 1)
	want := canonicals(t, regs)
	file, err := batch.Pack(k.packing(batch.Remember(forms)), regs)
	if err != nil {
		t.Fatal(err)
	}
	m, again, err := batch.Open(file, k.key, k.public, batch.Remember(forms))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := batch.Chain(m, again, saltOf); err != nil {
		t.Fatal(err)
	}
	for i, b := range canonicals(t, again) {
		if !bytes.Equal(b, want[i]) {
			t.Fatalf("registration %d changed", i)
		}
	}
	plain, err := batch.Pack(k.packing(nil), regs)
	if err != nil {
		t.Fatal(err)
	}
	if len(plain) < 2*len(file) {
		t.Errorf("%d bytes with the form, %d without: the dense way was not taken", len(file), len(plain))
	}
}

// A form that the other end does not have, or has with other words under the
// same version, is named; the batch can be taken in later.
func TestFormVersionUnknown(t *testing.T) {
	k := newKit(t, "kit")
	w, forms := births(t, batchtest.Options{Seed: 3})
	regs, _ := w.Births(5)
	k.chain(t, regs, 1)
	for _, packed := range []batch.Forms{forms, nil} {
		file, err := batch.Pack(k.packing(packed), regs)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := batch.Open(file, k.key, k.public, strangeForms(t)); civic.CodeOf(err) != civic.FormVersionUnknown {
			t.Errorf("an unknown form gives %v", err)
		}
	}
}
