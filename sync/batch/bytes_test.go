package batch_test

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/form"
)

// births are registrations of an invented district with the form they were
// given in.
func births(t testing.TB, o batchtest.Options) (*batchtest.World, *form.Catalogue) {
	t.Helper()
	w := batchtest.New(o)
	b, err := w.Workbook()
	if err != nil {
		t.Fatal(err)
	}
	forms := form.NewCatalogue()
	if _, err := forms.Add(b); err != nil {
		t.Fatal(err)
	}
	return w, forms
}

// Bytes on the wire, envelope and signature included, stay in the budget.
func TestBytes(t *testing.T) {
	k := newKit(t, "kit")
	for _, c := range []struct {
		count  int
		unseen float64
		limit  float64
	}{
		{1000, 0, 45}, {1000, 0.05, 52}, {100, 0, 66}, {100, 0.05, 66}, {10, 0, 105}, {10, 0.05, 105},
	} {
		w, forms := births(t, batchtest.Options{Seed: 7, Unseen: c.unseen})
		regs, bits := w.Births(c.count)
		answers := 0
		for i := range regs {
			answers += len(regs[i].Answers)
		}
		k.chain(t, regs, 40)
		start := time.Now()
		file, err := batch.Pack(k.packing(forms), regs)
		if err != nil {
			t.Fatal(err)
		}
		packed := time.Since(start)
		start = time.Now()
		if _, _, err := batch.Open(file, k.key, k.public, forms); err != nil {
			t.Fatal(err)
		}
		opened := time.Since(start)
		n := float64(c.count)
		per, floor := float64(len(file))/n, bits/8/n
		t.Logf("%5d registrations of %.1f answers, %2.0f %% unseen: %6.1f B each, holding %.1f B (%.2f x); pack %.0f µs, open %.0f µs", c.count, float64(answers)/n, 100*c.unseen, per, floor, per/floor,
			float64(packed.Microseconds())/n, float64(opened.Microseconds())/n)
		if per > c.limit {
			t.Errorf("%d registrations take %.1f B each, more than %.0f", c.count, per, c.limit)
		}
	}
}
