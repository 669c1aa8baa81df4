package translog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// Every row gets one leaf that proves it, under a head that the log signed.
func TestRowsHaveLeaves(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		b := open(t, place, newClock())
		if !b.head().IsZero() {
			t.Fatal("an empty log has a head")
		}
		b.fill(700)
		h := b.head()
		if h.Size != 700 {
			t.Fatalf("the head covers %d of 700 rows", h.Size)
		}
		if err := b.log.Name().Check(h); err != nil {
			t.Fatal(err)
		}
		for leaf := int64(0); leaf < h.Size; leaf += 13 {
			b.view(func(ctx context.Context, tx ledger.Tx) error {
				row, err := b.log.At(ctx, tx, leaf)
				if err != nil {
					return err
				}
				if row.Leaf != leaf {
					t.Errorf("row %x says leaf %d, the tree %d", row.ID, row.Leaf, leaf)
				}
				p, err := b.log.Prove(ctx, tx, row)
				if err != nil {
					return err
				}
				return p.Check(b.log.Name())
			})
		}
		if r := b.verify(translog.Checking{}); !r.OK() || r.Rows != 700 || r.Root != h.Root.String() {
			t.Errorf("%+v", r)
		}
	})
}

// An act that fails leaves neither row nor leaf.
func TestAppendBelongsToItsAct(t *testing.T) {
	b := newBench(t)
	err := b.db.Update(t.Context(), func(tx ledger.Tx) error {
		if err := translog.Append(t.Context(), tx, b.clock.Now(), []translog.Entry{disclosure(1)}); err != nil {
			return err
		}
		return errors.New("the act failed")
	})
	if err == nil || b.sequence() != 0 {
		t.Fatalf("%v", err)
	}
	bad := disclosure(1)
	bad.Action = "peek"
	err = b.db.Update(t.Context(), func(tx ledger.Tx) error {
		return translog.Append(t.Context(), tx, b.clock.Now(), []translog.Entry{disclosure(2), bad})
	})
	if err == nil || b.sequence() != 0 {
		t.Fatalf("an entry of no known action was taken: %v", err)
	}
}

// Two server processes over one ledger make one tree, every row once.
func TestTwoSequencers(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		c := newClock()
		one, two := open(t, place, c), open(t, place, c)
		var wait sync.WaitGroup
		const writers, acts = 4, 40
		for range writers {
			wait.Go(func() {
				for n := range acts {
					err := one.db.Update(t.Context(), func(tx ledger.Tx) error {
						return translog.Append(t.Context(), tx, c.Now(), []translog.Entry{disclosure(n), disclosure(n + 1)})
					}, ledger.Office("mx-20-067"))
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, b := range []*bench{one, two} {
			running.Go(func() { b.log.Run(ctx) })
		}
		wait.Wait()
		stop()
		running.Wait()
		one.sequence() // a stop on a machine that is overloaded may leave some to whoever comes next
		if h := one.head(); h.Size != writers*acts*2 {
			t.Errorf("%d leaves of %d rows", h.Size, writers*acts*2)
		}
		if r := two.verify(translog.Checking{}); !r.OK() {
			t.Errorf("%+v", r.Findings)
		}
	})
}

// A sequencer that is killed in the middle loses no row and doubles none.
func TestSequencerBreaksOff(t *testing.T) {
	b := newBench(t)
	b.fill(300)
	for n := range 40 {
		b.append(disclosure(n))
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n*n)*time.Microsecond)
		_, _ = b.log.Sequence(ctx) // some break off before, some within, some after
		cancel()
	}
	b.sequence()
	if r := b.verify(translog.Checking{}); !r.OK() || r.Size != 340 {
		t.Errorf("%+v", r)
	}
}

// Two hundred kits follow a hundred heads, each at its own pace, and find that
// the log only grew. Then a second history is shown to one of them.
func TestFleetOfWitnesses(t *testing.T) {
	b := newBench(t)
	const kits, heads = 200, 100
	held := make([]witness.Head, kits)
	checked := 0
	for n := range heads {
		b.append(disclosure(n), disclosure(n+1), disclosure(n+2))
		b.clock.Add(time.Second)
		b.sequence()
		for k := range held {
			if (n+k)%(1+k%25) != 0 && n != heads-1 {
				continue
			}
			news := b.follow(k, held[k])
			if news == nil {
				continue
			}
			next := headOf(t, b, news)
			if err := held[k].Grows(next.Checkpoint, news.Proof); err != nil {
				t.Fatalf("kit %d at head %d: %v", k, n, err)
			}
			held[k] = next
			checked++
		}
	}
	for k, h := range held {
		if h.Size != 3*heads {
			t.Errorf("kit %d follows at %d", k, h.Size)
		}
	}
	t.Logf("%d kits checked %d heads", kits, checked)
	if r := b.verify(translog.Checking{}); !r.OK() || r.Heads < heads {
		t.Errorf("%+v", r)
	}

	other := newBench(t) // the same key, another history of the same length and more
	other.fill(3*heads + 20)
	news := other.follow(7, held[7])
	if news == nil {
		t.Fatal("the other history was taken for the kit's own")
	}
	if err := held[7].Grows(headOf(t, other, news).Checkpoint, news.Proof); civic.CodeOf(err) != civic.LogForked {
		t.Errorf("the fork was met with %v", err)
	}
	if !news.Report {
		t.Error("the other history did not ask for the evidence")
	}
	other.report(7, held[7])
	if r := other.verify(translog.Checking{}); r.OK() || r.Findings[0].Fault != translog.Forked {
		t.Errorf("%+v", r)
	}
}
