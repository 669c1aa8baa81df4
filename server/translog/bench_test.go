package translog_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/translog"
)

var logRows = flag.Int("log.rows", 0, "with how many rows the log of looks is measured; 0 leaves that out")

// cpu is what this process has computed so far, system calls included.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// plainLog is an access log as one would write it without a tree: the same row,
// found by the same keys, without salt and commitment.
const plainLog = `CREATE TABLE plain_row (area TEXT NOT NULL, id BLOB NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL,
 action TEXT NOT NULL, person BLOB, everyone INTEGER NOT NULL DEFAULT 0, hidden_until INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, PRIMARY KEY (area, id))`

const (
	plainPerson   = `CREATE INDEX plain_row_person ON plain_row (area, person, id) WHERE person IS NOT NULL`
	plainEveryone = `CREATE INDEX plain_row_everyone ON plain_row (area, id) WHERE everyone = 1`
)

// TestLogCosts prints what the log costs beside the access row it accompanies,
// at the size that -log.rows says: make bench-log.
func TestLogCosts(t *testing.T) {
	if *logRows == 0 {
		*logRows = 2000
	}
	rows := *logRows
	c := newClock()
	b := openAsServed(t, ledgertest.SQLite(t), c)
	for _, s := range []string{plainLog, plainPerson, plainEveryone} {
		if err := b.db.Update(t.Context(), func(tx ledger.Tx) error { _, err := tx.Exec(t.Context(), s); return err }); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	plain := func(tx ledger.Tx, k int) error {
		values := make([][]any, k)
		for i := range values {
			n++
			e := disclosure(n)
			id := rowID(n)
			text, err := translog.MarshalRow(e, id, c.Now().Unix())
			if err != nil {
				return err
			}
			var person any
			if !e.Person.IsZero() {
				person = e.Person[:]
			}
			values[i] = []any{string(e.Area), id[:], c.Now().Unix(), string(e.Kind), e.Actor, string(e.Action), person, 0, 0, text}
		}
		_, err := tx.Insert(t.Context(), "plain_row", []string{"area", "id", "at", "kind", "actor", "action", "person", "everyone", "hidden_until", "body"}, values, "")
		return err
	}
	logged := func(tx ledger.Tx, k int) error {
		entries := make([]translog.Entry, k)
		for i := range entries {
			n++
			entries[i] = disclosure(n)
		}
		return translog.Append(t.Context(), tx, c.Now(), entries)
	}
	// The same act with either: a search reads something, writes its rows, ends.
	run := func(total, k int, write func(ledger.Tx, int) error) time.Duration {
		before := cpu(t)
		for left := total; left > 0; left -= k {
			c.Add(time.Millisecond)
			if err := b.db.Update(t.Context(), func(tx ledger.Tx) error { return write(tx, min(k, left)) }); err != nil {
				t.Fatal(err)
			}
		}
		return cpu(t) - before
	}
	// Up to 20,000 rows come one an act, as an agency's search of one person does,
	// the rest by fifty; in rounds, so that neither table is always the smaller one.
	type cost struct {
		rows                  int
		plain, logged, placed time.Duration
	}
	var by [2]cost
	const rounds = 100
	for round := range rounds {
		for i, k := range []int{1, 50} {
			share := min(rows/2, 20_000) / rounds
			if i == 1 {
				share = rows/rounds - share
			}
			by[i].rows += share
			if round%2 == 0 { // neither always pays for what the other left behind
				by[i].plain += run(share, k, plain)
			}
			by[i].logged += run(share, k, logged)
			if round%2 == 1 {
				by[i].plain += run(share, k, plain)
			}
			before := cpu(t)
			b.sequence()
			by[i].placed += cpu(t) - before
		}
	}
	size := b.head().Size
	for i, k := range []int{1, 50} {
		each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(by[i].rows) }
		t.Logf("acts of %2d rows: access row alone %6.1f µs CPU, with its leaf %6.1f µs: %+5.1f %%; placed and signed afterwards %5.1f µs a row, %+5.1f %% in all",
			k, each(by[i].plain), each(by[i].logged), 100*(float64(by[i].logged)/float64(by[i].plain)-1),
			each(by[i].placed), 100*(float64(by[i].logged+by[i].placed)/float64(by[i].plain)-1))
	}
	t.Logf("%d leaves", size)
	proofs(t, b, size)
	soon(t, b)
	if rows >= 100_000 {
		began := time.Now()
		if r := b.verify(translog.Checking{}); !r.OK() {
			t.Errorf("%+v", r.Findings)
		}
		t.Logf("verified whole in %s", time.Since(began).Round(time.Millisecond))
	}
}

// proofs prints how long proofs take at this size.
func proofs(t *testing.T, b *bench, size int64) {
	t.Helper()
	var took []time.Duration
	before := cpu(t)
	for i := range int64(500) {
		leaf := i * 7919 % size
		began := time.Now()
		b.view(func(ctx context.Context, tx ledger.Tx) error {
			r, err := b.log.At(ctx, tx, leaf)
			if err != nil {
				return err
			}
			p, err := b.log.Prove(ctx, tx, r)
			if err == nil && i%50 == 0 {
				err = p.Check(b.log.Name())
			}
			return err
		})
		took = append(took, time.Since(began))
	}
	spent := cpu(t) - before
	slices.Sort(took)
	t.Logf("inclusion proof, row read from the ledger: %s CPU; median %s, 99 of 100 under %s",
		(spent / 500).Round(time.Microsecond), took[250].Round(time.Microsecond), took[495].Round(time.Microsecond))
}

func rowID(n int) (id translog.RowID) {
	copy(id[:], fmt.Sprintf("%016x", n))
	return id
}

// soon prints how long an act waits for its place and a signed head over it.
func soon(t *testing.T, b *bench) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { b.log.Run(ctx); close(done) }()
	var took []time.Duration
	for n := range 40 {
		want := b.head().Size + 1
		b.append(disclosure(n))
		began := time.Now()
		for b.head().Size < want {
			time.Sleep(5 * time.Millisecond)
		}
		took = append(took, time.Since(began))
	}
	stop()
	<-done
	slices.Sort(took)
	t.Logf("from the act's end to a signed head over it: median %s, longest of %d %s", took[20].Round(time.Millisecond), len(took), took[39].Round(time.Millisecond))
}
