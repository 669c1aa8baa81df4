package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

var errFault = errors.New("the power went")

// faultyDB fails at the n-th write: before anything was stored, or after
// everything was.
type faultyDB struct {
	ledger.DB
	left   int
	stored bool
}

func (f *faultyDB) Update(ctx context.Context, fn func(ledger.Tx) error, within ...ledger.Scope) error {
	f.left--
	if f.left != 0 {
		return f.DB.Update(ctx, fn, within...)
	}
	if f.stored {
		return errors.Join(errFault, f.DB.Update(ctx, fn, within...))
	}
	return errFault
}

// Whatever write fails, stored or not, the kit's next tries bring everything to
// the same end: each registration settled once and told once.
func TestEveryWriteMayFail(t *testing.T) {
	for _, stored := range []bool{false, true} {
		for n := 1; ; n++ {
			reached := false
			t.Run(fmt.Sprintf("write %d, stored %v", n, stored), func(t *testing.T) {
				c := newCentre(t)
				k := c.kit("mx-1")
				photo := k.photo([]byte("picture"))
				files := map[protocol.UploadKind][][]byte{
					protocol.UploadKey:        {k.header()},
					protocol.UploadBatch:      {k.pack(k.seal(), k.seal()), k.pack(k.seal())},
					protocol.UploadAttachment: {photo},
				}
				fault := &faultyDB{DB: c.db, left: n, stored: stored}
				c.Ingest.DB = fault
				for attempt := range 3 {
					if attempt == 1 { // the centre came up again
						reached = fault.left <= 0
						c.reopen()
					}
					for _, kind := range []protocol.UploadKind{protocol.UploadBatch, protocol.UploadKey, protocol.UploadAttachment} {
						for _, file := range files[kind] {
							_, _, err := c.Take(t.Context(), kind, file, k.id)
							if err != nil && !errors.Is(err, errFault) {
								t.Fatal(err)
							}
						}
					}
					if _, err := c.Work(t.Context()); err != nil {
						t.Fatal(err)
					}
					c.clock.Add(tryAgainAtMost)
				}
				told := map[civic.RegistrationID]int{}
				_, _, outcomes := k.sync(protocol.SyncRequest{})
				for _, o := range outcomes {
					told[o.Registration]++
				}
				if len(told) != 3 || len(outcomes) != 3 {
					t.Fatalf("told %d times of %d registrations", len(outcomes), len(told))
				}
				if got, err := c.Attachment(t.Context(), "mx-1", protocol.NameOf([]byte("picture"))); err != nil || string(got) != "picture" {
					t.Fatal("the photo is not there", err)
				}
				settledOnce(t, c, 3)
			})
			if !reached {
				if n < 5 {
					t.Fatalf("the day had only %d writes", n)
				}
				break
			}
		}
	}
}

// settledOnce looks into the ledger: a settling that was rolled back left no row.
func settledOnce(t *testing.T, c *centre, want int) {
	t.Helper()
	var rows int
	err := c.db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM access_setting WHERE name LIKE 'settled %'").Scan(&rows)
	})
	if err != nil || rows != want {
		t.Fatalf("%d settled, want %d (%v)", rows, want, err)
	}
}

// Two processes on one ledger may take up the same file: one of them settles it.
func TestTwoWorkersSettleOnce(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	k.take(protocol.UploadKey, k.header())
	const batches = 20
	for range batches {
		k.take(protocol.UploadBatch, k.pack(k.seal()))
	}
	second := *c
	second.open(c.access.Keys())
	defer second.db.Close()
	done := make(chan error, 2)
	for _, one := range []*centre{c, &second} {
		go func() {
			var err error
			for n := 1; n > 0 && err == nil; {
				n, err = one.Work(context.Background())
			}
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	settledOnce(t, c, batches)
	if _, _, outcomes := k.sync(protocol.SyncRequest{}); len(outcomes) != batches {
		t.Fatalf("told %d times", len(outcomes))
	}
}

// The worker may be ended at any moment.
func TestWorkerEndedAtAnyMoment(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	k.take(protocol.UploadKey, k.header())
	for range 10 {
		k.take(protocol.UploadBatch, k.pack(k.seal(), k.seal()))
	}
	for n := 1; k.came().Waiting > 0; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		c.settler.calls = 0
		c.settler.fail = func(call int) error {
			if call == n {
				cancel()
			}
			return nil
		}
		_, _ = c.Work(ctx)
		cancel()
		c.reopen()
		if n > 50 {
			t.Fatal("it never ends")
		}
	}
	settledOnce(t, c, 20)
}
