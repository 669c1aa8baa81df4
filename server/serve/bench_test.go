//go:build unix

package serve_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// undecided settles nothing: what is measured with it is ingest alone.
type undecided struct{ now func() time.Time }

func (u undecided) Settle(_ context.Context, _ ledger.Tx, _ civic.Area, regs []reconcile.Incoming) ([]civic.Outcome, error) {
	out := make([]civic.Outcome, len(regs))
	for i, in := range regs {
		out[i] = civic.Outcome{Registration: in.Registration.ID, Counter: in.Registration.Counter, Status: civic.Registered, At: u.now()}
	}
	return out, nil
}

// cpu is what this process has used of the processors.
func cpu(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkIngest takes batches of births of about twenty answers in on SQLite:
// received durably, then verified, opened, validated, stored and told. "decided"
// matches them with the registry too. It reports registrations a second and CPU
// seconds a thousand; ODK Central needs 14 of those on such a machine.
func BenchmarkIngest(b *testing.B) {
	for _, size := range []int{200, 20} {
		for _, decided := range []bool{false, true} {
			name := fmt.Sprintf("batch=%d/decided=%v", size, decided)
			b.Run(name, func(b *testing.B) { benchIngest(b, size, decided) })
		}
	}
}

func benchIngest(b *testing.B, size int, decided bool) {
	c := newCentre(b)
	if !decided {
		g, err := ingest.New(ingest.Config{DB: c.DB, Access: c.Access, Forms: batch.Remember(c.Forms), Settler: undecided{time.Now},
			Dir: c.Data, Clock: time.Now, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		c.Ingest = g
	}
	url, stop := running(b, c)
	k := newKit(b, c, "mx-1")
	k.enrol(c, url)
	stop()
	ctx := context.Background()
	if _, _, err := c.Ingest.Take(ctx, protocol.UploadKey, k.header(c), k.id); err != nil {
		b.Fatal(err)
	}
	const files = 10
	n := 0
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		var all [][]byte
		for range files {
			all = append(all, k.pack(k.births(size)))
		}
		before := cpu(b)
		b.StartTimer()
		for _, file := range all {
			if _, _, err := c.Ingest.Take(ctx, protocol.UploadBatch, file, k.id); err != nil {
				b.Fatal(err)
			}
		}
		work(b, c)
		used += cpu(b) - before
		n += files * size
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "registrations/s")
	b.ReportMetric(used.Seconds()*1000/float64(n), "cpu-s/1000")
	b.ReportMetric(0, "ns/op")
}
