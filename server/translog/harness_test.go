package translog_test

import (
	"context"
	"crypto/ed25519"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/civic/civictest"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

func newClock() *civictest.Clock { return civictest.At(time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)) }

func logKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
}

// bench is a log over a ledger of its own.
type bench struct {
	t     testing.TB
	db    ledger.DB
	log   *translog.Log
	clock *civictest.Clock
}

func open(t testing.TB, place string, c *civictest.Clock) *bench {
	t.Helper()
	if !ledger.IsPostgres(place) {
		place += "?_pragma=synchronous(OFF)" // no test here pulls the plug
	}
	return openAsServed(t, place, c)
}

// openAsServed opens the ledger as a centre does, disk and all.
func openAsServed(t testing.TB, place string, c *civictest.Clock) *bench {
	t.Helper()
	db, err := ledger.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	public, err := witness.KeyOf(witness.Origin([]byte("test")), logKey().Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	l, err := translog.Open(translog.Config{DB: db, Key: logKey(), Public: public, Clock: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, db: db, log: l, clock: c}
}

func newBench(t testing.TB) *bench { return open(t, ledgertest.Place(t), newClock()) }

func personOf(n int) civic.PersonID {
	var id civic.PersonID
	copy(id[:], "person")
	id[14], id[15] = byte(n>>8), byte(n)
	return id
}

// disclosure is an ordinary row.
func disclosure(n int) translog.Entry {
	areas := []civic.Area{"mx-20-067", "mx-20-068", ""}
	e := translog.Entry{
		Area: areas[n%2], Person: personOf(n % 50), Kind: translog.Agency, Actor: "health", Action: translog.Disclosure,
		Purpose: "dpv:PublicBenefit", Basis: "public_task", Agreement: "health-reuse", Revision: 3,
		Fields: []civic.Attribute{"given_name", "birth_date"}, Request: "r-17", Policy: "p1", Count: 1,
	}
	if n%7 == 3 {
		e.Area, e.Person, e.Action, e.Code, e.Fields = areas[2], civic.PersonID{}, translog.Empty, "rjct.search_criteria.invalid", nil
	}
	return e
}

func (b *bench) append(entries ...translog.Entry) {
	b.t.Helper()
	err := b.db.Update(b.t.Context(), func(tx ledger.Tx) error {
		return translog.Append(b.t.Context(), tx, b.clock.Now(), entries)
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// fill writes n rows in acts of a few, gives them places now and then, and lets
// time pass.
func (b *bench) fill(n int) {
	b.t.Helper()
	random := rand.New(rand.NewPCG(1, uint64(n))) // a test's
	for n > 0 {
		k := min(n, 1+random.IntN(40))
		entries := make([]translog.Entry, k)
		for i := range entries {
			entries[i] = disclosure(random.IntN(1000))
		}
		b.append(entries...)
		b.clock.Add(time.Duration(random.IntN(3000)) * time.Millisecond)
		if n -= k; random.IntN(3) == 0 {
			b.sequence()
		}
	}
	b.sequence()
}

func (b *bench) sequence() int {
	b.t.Helper()
	n, err := b.log.Sequence(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) head() (h witness.Head) {
	b.t.Helper()
	b.view(func(ctx context.Context, tx ledger.Tx) (err error) {
		h, err = b.log.Head(ctx, tx)
		return err
	})
	return h
}

func (b *bench) view(do func(context.Context, ledger.Tx) error) {
	b.t.Helper()
	if err := b.db.View(b.t.Context(), func(tx ledger.Tx) error { return do(b.t.Context(), tx) }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) exec(query string, args ...any) {
	b.t.Helper()
	err := b.db.Update(b.t.Context(), func(tx ledger.Tx) error {
		n, err := tx.Exec(b.t.Context(), query, args...)
		if err == nil && n == 0 {
			b.t.Fatal("the change touched no row")
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) verify(c translog.Checking) *translog.Report {
	b.t.Helper()
	r, err := b.log.Verify(b.t.Context(), c)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func kitOf(n int) (id civic.DeviceID) {
	id[0], id[1] = byte(n>>8), byte(n)
	return id
}

// follow is what the centre answers a kit that holds a head.
func (b *bench) follow(kit int, h witness.Head) *protocol.LogNews {
	b.t.Helper()
	news, err := b.log.Seen(b.t.Context(), "mx-20-067", kitOf(kit), protocol.LogSeen{Size: h.Size, Root: h.Root})
	if err != nil {
		b.t.Fatal(err)
	}
	return news
}

// report sends the evidence too.
func (b *bench) report(kit int, h witness.Head) {
	b.t.Helper()
	_, err := b.log.Seen(b.t.Context(), "mx-20-067", kitOf(kit), protocol.LogSeen{Size: h.Size, Root: h.Root, Signature: h.Signature[:]})
	if err != nil {
		b.t.Fatal(err)
	}
}

// headOf reads the head out of an answer, as a kit does.
func headOf(t testing.TB, b *bench, news *protocol.LogNews) witness.Head {
	t.Helper()
	h := witness.Head{Checkpoint: witness.Checkpoint{Size: news.Size, Root: news.Root}, Signature: [ed25519.SignatureSize]byte(news.Signature)}
	if err := b.log.Name().Check(h); err != nil {
		t.Fatal(err)
	}
	return h
}
