package batch_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
)

// BenchmarkOpen opens batches of 200; one operation is one registration.
func BenchmarkOpen(b *testing.B) {
	k := newKit(b, "kit")
	w, forms := births(b, batchtest.Options{Seed: 7, Unseen: 0.05})
	regs, _ := w.Births(200)
	k.chain(b, regs, 1)
	file, err := batch.Pack(k.packing(forms), regs)
	if err != nil {
		b.Fatal(err)
	}
	known := batch.Remember(forms)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += len(regs) {
		if _, _, err := batch.Open(file, k.key, k.public, known); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkChain works out links and digests; one operation is one
// registration.
func BenchmarkChain(b *testing.B) {
	k := newKit(b, "kit")
	w, _ := births(b, batchtest.Options{Seed: 7})
	regs, _ := w.Births(200)
	k.chain(b, regs, 1)
	m := batch.Manifest{Breaks: []uint32{0}}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += len(regs) {
		if _, err := batch.Chain(m, regs, saltOf); err != nil {
			b.Fatal(err)
		}
	}
}
