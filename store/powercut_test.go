//go:build unix

package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// cuts is how often the power is cut in the test run.
const cuts = 3000

// promise is what the store has acknowledged up to one mark.
type promise struct {
	sealed   []civic.RegistrationID
	answers  int // in the draft under way, -1 for no draft
	photo    civic.Digest
	batches  []civic.Digest
	received int // batches acknowledged
	settled  int // registrations
	setting  string
}

// workday does a little of everything on the disk, and notes after each step
// what was promised.
func workday(t *testing.T, k *kit, d *baddisk.Disk) []promise {
	t.Helper()
	ctx := t.Context()
	promises := []promise{{answers: -1}}
	now := promises[0]
	kept := func() {
		now.sealed = append([]civic.RegistrationID(nil), now.sealed...)
		now.batches = append([]civic.Digest(nil), now.batches...)
		promises = append(promises, now)
		d.Mark(len(promises) - 1)
	}
	for round := range 12 {
		answers := person(fmt.Sprint("Ana", round), "Ruiz", "1990-05-06", "Oaxaca")
		draft := store.Draft{ID: draftID(round), Form: civic.FormRef{ID: "birth", Version: "1"}}
		for i := range answers {
			draft.Answers = answers[:i+1]
			ok(t, k.SaveDraft(ctx, draft))
			now.answers = i + 1
			kept()
		}
		a, err := k.PutAttachment(ctx, "photo", "image/jpeg", bytes.Repeat([]byte{byte(round)}, 9000))
		ok(t, err)
		now.photo = a.Digest
		kept()
		id, err := k.Seal(ctx, draft.ID, func(c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
			r, digest, receipt, err := k.maker(answers...)(c, p)
			r.Attachments = []civic.Attachment{a}
			return r, digest, receipt, err
		})
		ok(t, err)
		now.sealed, now.answers = append(now.sealed, id), -1
		kept()
		if round%3 == 2 {
			key, err := k.DayKey(ctx, header)
			ok(t, err)
			file := bytes.Repeat([]byte{byte(round)}, 700)
			n := uint64(len(now.sealed))
			ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: file, Key: key.ID, Covers: []uint64{n - 2, n - 1, n}}))
			items, err := k.Pending(ctx)
			ok(t, err)
			now.batches = append(now.batches, items[len(items)-1].Digest)
			kept()
			ack(k, file, protocol.BatchReceived, false)
			now.received++
			kept()
			ok(t, k.TakeIn(ctx, []protocol.Down{{Seq: uint64(round), Kind: protocol.DownOutcomes, Body: []byte("x")}}, uint64(round)))
			_, err = k.ApplyInbox(ctx, func(protocol.Down) (out []civic.Outcome, err error) {
				for _, id := range now.sealed {
					out = append(out, civic.Outcome{Registration: id, Status: civic.Registered, At: k.clock.Now()})
				}
				return out, nil
			})
			ok(t, err)
			now.settled = len(now.sealed)
			kept()
		}
		ok(t, k.SetSetting(ctx, "language", fmt.Sprint(round)))
		now.setting = fmt.Sprint(round)
		kept()
	}
	return promises
}

// check opens what a cut left and holds it to the promise.
func check(t *testing.T, k *kit, p promise) error {
	ctx := t.Context()
	if err := k.Unlock(ctx, passphrase); err != nil {
		return err
	}
	es, err := k.Registrations(ctx, store.Filter{})
	if err != nil {
		return err
	}
	have := map[civic.RegistrationID]store.Entry{}
	for _, e := range es {
		if e.Forgotten || len(e.Registration.Answers) != 4 {
			return fmt.Errorf("registration %d has no answers", e.Registration.Counter)
		}
		if _, err := k.Attachment(ctx, e.Registration.Attachments[0].Digest); err != nil {
			return fmt.Errorf("its photo: %w", err)
		}
		have[e.Registration.ID] = e
	}
	for i, id := range p.sealed {
		e, found := have[id]
		if !found || e.Registration.Counter != uint64(i+1) {
			return fmt.Errorf("registration %d of %d is lost", i+1, len(p.sealed))
		}
		if i < p.settled && !e.Status.Settled() {
			return fmt.Errorf("registration %d went back to %s", i+1, e.Status)
		}
	}
	if len(have) > len(p.sealed)+1 {
		return fmt.Errorf("%d registrations, %d were sealed", len(have), len(p.sealed))
	}
	ds, err := k.Drafts(ctx)
	if err != nil {
		return err
	}
	if p.answers >= 0 && len(have) == len(p.sealed) && (len(ds) != 1 || len(ds[0].Answers) < p.answers) {
		return fmt.Errorf("the draft of %d answers came back as %+v", p.answers, ds)
	}
	if !p.photo.IsZero() {
		if _, err := k.Attachment(ctx, p.photo); err != nil {
			return fmt.Errorf("the last photo: %w", err)
		}
	}
	items, err := k.Pending(ctx)
	if err != nil {
		return err
	}
	acked := 0
	listed := map[civic.Digest]bool{}
	for _, it := range items {
		listed[it.Digest] = true
		if it.Acked == protocol.BatchReceived {
			acked++
		}
		if _, err := k.Read(ctx, it.Digest); err != nil {
			return err
		}
	}
	for _, b := range p.batches {
		if !listed[b] {
			return fmt.Errorf("a batch is lost")
		}
	}
	if acked < p.received {
		return fmt.Errorf("%d of %d acknowledgements", acked, p.received)
	}
	c, err := k.Counts(ctx)
	if err == nil && c.Damaged != 0 {
		err = fmt.Errorf("%d rows damaged", c.Damaged)
	}
	if _, whole, err := k.Events(ctx); err != nil || !whole {
		return fmt.Errorf("the journal's chain is broken: %w", err)
	}
	if err != nil {
		return err
	}
	id, err := k.Seal(ctx, store.DraftID{}, k.maker())
	if _, twice := have[id]; twice {
		return fmt.Errorf("a counter was used twice")
	}
	return err
}

func TestPowerCuts(t *testing.T) {
	t.Parallel()
	d, err := baddisk.New("store-powercuts")
	ok(t, err)
	k := newKit(t)
	ok(t, k.Close())
	ok(t, d.Begin(k.dir))
	k.options.VFS = d.Name()
	k.openAgain()
	ok(t, k.Unlock(t.Context(), passphrase))
	promises := workday(t, k, d)
	ok(t, k.Close())
	ok(t, d.Close())

	home := t.TempDir()
	var after errgroup.Group
	after.SetLimit(8) // they wait for the disk more than for the processor
	n := 0
	ok(t, d.Cuts(cuts, 1, false, func(c baddisk.Cut) error {
		n++
		dir := filepath.Join(home, fmt.Sprint(n))
		after.Go(func() error {
			if err := reopen(t, k, dir, c, promises[c.Acked]); err != nil {
				return fmt.Errorf("at operation %d of %d, %d acknowledged: %w", c.At, d.Operations(), c.Acked, err)
			}
			return os.RemoveAll(dir)
		})
		return nil
	}))
	ok(t, after.Wait())
	t.Logf("%d cuts over %d operations, 0 corrupt, 0 acknowledged lost", n, d.Operations())
}

func reopen(t *testing.T, k *kit, dir string, c baddisk.Cut, p promise) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := c.Write(dir); err != nil {
		return err
	}
	after := &kit{t: t, dir: dir, clock: k.clock, options: k.options, recovery: k.recovery, device: k.device}
	after.options.VFS = ""
	var err error
	if after.Store, err = store.Open(t.Context(), dir, after.options); err != nil {
		return err
	}
	// No power cut is taken for damage.
	return errors.Join(check(t, after, p), after.LostTail(), after.Close())
}
