package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// filled is a kit with n registrations of fourteen answers.
func filled(tb testing.TB, n int) *kit {
	tb.Helper()
	k := newKit(tb)
	_, err := k.SealMany(tb.Context(), n, func(i int, c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return k.maker(full(i)...)(c, p)
	})
	ok(tb, err)
	return k
}

func full(i int) []civic.Answer {
	a := person(fmt.Sprint("María del Carmen ", i), "Xochitl Teozacoalco", "1987-11-23", "San Juan Teozacoalco")
	for q := range 10 {
		a = append(a, civic.Answer{Path: fmt.Sprintf("household/question_%d", q), Value: fmt.Sprint("an answer of usual length ", i)})
	}
	return a
}

// BenchmarkImport prints registrations a second in one transaction.
func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		start := time.Now()
		k := filled(b, 5000)
		b.ReportMetric(5000/time.Since(start).Seconds(), "registrations/s")
		ok(b, k.Close())
	}
}

// BenchmarkUnlock prints what unlocking costs beyond the passphrase itself,
// whose work factor is the least here.
func BenchmarkUnlock(b *testing.B) {
	k := filled(b, 20000)
	for b.Loop() {
		k.Lock()
		ok(b, k.Unlock(b.Context(), passphrase))
	}
}

// BenchmarkSeal is one registration in one transaction: the disk's sync decides.
func BenchmarkSeal(b *testing.B) {
	k := newKit(b)
	i := 0
	for b.Loop() {
		i++
		_, err := k.Seal(b.Context(), store.DraftID{}, k.maker(full(i)...))
		ok(b, err)
	}
}

// BenchmarkAutosave is one save of a draft.
func BenchmarkAutosave(b *testing.B) {
	k := newKit(b)
	d := store.Draft{ID: draftID(1), Answers: full(1)}
	for b.Loop() {
		ok(b, k.SaveDraft(b.Context(), d))
	}
}

// BenchmarkList reads the 50 newest of 5,000.
func BenchmarkList(b *testing.B) {
	k := filled(b, 5000)
	for b.Loop() {
		es, err := k.Registrations(b.Context(), store.Filter{Limit: 50})
		if err != nil || len(es) != 50 {
			b.Fatal(len(es), err)
		}
	}
}
