package store_test

import (
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The window, the sync and a command of the same program use one store at once.
func TestTogether(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	ok(t, k.SetPIN(ctx, "480213"))
	locked := func(err error) error {
		if civic.CodeOf(err) == civic.Locked {
			return nil // somebody shut the screen; that is no error here
		}
		return err
	}
	var g errgroup.Group
	work := func(n int, do func(i int) error) {
		g.Go(func() error {
			for i := range n {
				if err := locked(do(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	work(30, func(i int) error { return k.SaveDraft(ctx, store.Draft{ID: draftID(i % 3)}) })
	for range 2 {
		work(30, func(i int) error {
			_, err := k.Seal(ctx, store.DraftID{}, k.maker(person(fmt.Sprint("Ana", i), "Ruiz", "1990", "Oaxaca")...))
			return err
		})
	}
	work(30, func(i int) error { _, err := k.Search(ctx, "ana ruis", 5); return err })
	work(30, func(i int) error { _, err := k.Registrations(ctx, store.Filter{Limit: 5}); return err })
	work(30, func(i int) error { _, err := k.Counts(ctx); return err })
	work(20, func(i int) error {
		un, err := k.Unpacked(ctx, 5)
		if err != nil {
			return err
		}
		out := store.Outgoing{Kind: protocol.ItemBatch, Bytes: fmt.Appendf(nil, "batch %d", i)}
		for _, r := range un {
			out.Covers = append(out.Covers, r.Counter)
		}
		if err := k.AddOutgoing(ctx, out); err != nil {
			return err
		}
		return k.Acknowledge(ctx, []byte("statement"), []protocol.BatchAck{{Batch: digestOf(out.Bytes), State: protocol.BatchReceived, Safe: i%2 == 0}})
	})
	work(20, func(i int) error {
		if err := k.TakeIn(ctx, []protocol.Down{{Seq: uint64(i + 1), Body: []byte("x")}}, uint64(i+1)); err != nil {
			return err
		}
		_, err := k.ApplyInbox(ctx, func(protocol.Down) ([]civic.Outcome, error) { return nil, nil })
		return err
	})
	work(10, func(i int) error { _, err := k.Pending(ctx); return err })
	work(5, func(i int) error {
		if err := k.LockScreen(ctx); err != nil {
			return err
		}
		return k.UnlockScreen(ctx, "480213")
	})
	ok(t, g.Wait())
	k.reopen()
	es, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	for i, e := range es {
		if e.Registration.Counter != uint64(len(es)-i) || e.Forgotten {
			t.Fatalf("counter %d at place %d of %d", e.Registration.Counter, i, len(es))
		}
		if i+1 < len(es) && e.Registration.Previous != es[i+1].Digest {
			t.Fatal("the chain is broken")
		}
	}
}
