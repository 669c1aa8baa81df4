//go:build unix

package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// cpu is the processor time this process took so far.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	ok(b, unix.Getrusage(unix.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// median reports the middle of some durations in milliseconds: a busy machine
// disturbs it least.
func median(b *testing.B, took []time.Duration, unit string) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, unit)
	b.ReportMetric(0, "ns/op")
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
	best := 0.0
	for b.Loop() {
		for range 3 {
			start := time.Now()
			k := filled(b, 5000)
			best = max(best, 5000/time.Since(start).Seconds())
			ok(b, k.Close())
		}
	}
	b.ReportMetric(best, "registrations/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkUnlock prints what unlocking costs beyond the passphrase itself,
// whose work factor is the least here.
func BenchmarkUnlock(b *testing.B) {
	k := filled(b, 20000)
	var took, spent []time.Duration
	for b.Loop() {
		for range 5 {
			k.Lock()
			start, from := time.Now(), cpu(b)
			ok(b, k.Unlock(b.Context(), passphrase))
			took, spent = append(took, time.Since(start)), append(spent, cpu(b)-from)
		}
	}
	median(b, took, "unlock-ms")
	median(b, spent, "unlock-cpu-ms")
}

// BenchmarkSeal is one registration in one transaction: the disk's sync decides.
func BenchmarkSeal(b *testing.B) {
	k := newKit(b)
	var took []time.Duration
	for b.Loop() {
		for i := range 100 {
			start := time.Now()
			_, err := k.Seal(b.Context(), store.DraftID{}, k.maker(full(i)...))
			ok(b, err)
			took = append(took, time.Since(start))
		}
	}
	median(b, took, "seal-ms")
}

// BenchmarkAutosave is one save of a draft.
func BenchmarkAutosave(b *testing.B) {
	k := newKit(b)
	d := store.Draft{ID: draftID(1), Answers: full(1)}
	var took []time.Duration
	for b.Loop() {
		for range 200 {
			start := time.Now()
			ok(b, k.SaveDraft(b.Context(), d))
			took = append(took, time.Since(start))
		}
	}
	median(b, took, "save-ms")
}

// BenchmarkList reads the 50 newest of 5,000.
func BenchmarkList(b *testing.B) {
	k := filled(b, 5000)
	var took []time.Duration
	for b.Loop() {
		for range 50 {
			start := time.Now()
			es, err := k.Registrations(b.Context(), store.Filter{Limit: 50})
			if err != nil || len(es) != 50 {
				b.Fatal(len(es), err)
			}
			took = append(took, time.Since(start))
		}
	}
	median(b, took, "list-ms")
}
