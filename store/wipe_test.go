package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestAWipeLosesNothing(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "mother"}))
	lost := k.Identity().Device

	wantCode(t, k.Wipe(ctx, ""), civic.WrongUse)
	if c, err := k.Counts(ctx); err != nil || c.Total != 1 || c.Drafts != 1 {
		t.Fatal("a refused wipe changed something:", c, err)
	}
	wantCode(t, k.Wipe(ctx, filepath.Join(medium, "not there")), civic.MediumFailed)
	ok(t, k.Wipe(ctx, medium))
	if store.Exists(k.dir) {
		t.Fatal("the kit is still there")
	}
	_, err := store.Open(ctx, k.dir, k.options)
	wantCode(t, err, civic.NotEnrolled)
	s := spare(t, k)
	if r := restored(t, s, medium, lost, k, rootKey); r.Registrations != 1 || r.Drafts != 1 {
		t.Fatalf("%+v", r)
	}
}

func TestWhatTheCentreHoldsCanBeWipedWithoutAMedium(t *testing.T) {
	k := newKit(t)
	withPhoto(k, "a photo", person("Ana", "Ruiz", "1990", "Oaxaca")...)
	wantCode(t, k.Wipe(t.Context(), ""), civic.WrongUse)
	send(k, false)
	id := k.seal()
	batch := []byte("a batch of a revoked kit")
	ok(t, k.AddOutgoing(t.Context(), store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Covers: []uint64{2}}))
	_, err := k.DayKey(t.Context(), header)
	ok(t, err)
	wantCode(t, k.Wipe(t.Context(), ""), civic.WrongUse)
	ack(k, batch, protocol.BatchQuarantined, false) // durable there, set aside
	if s := status(k, id); s != civic.Quarantined {
		t.Fatal(s)
	}
	ok(t, k.Wipe(t.Context(), ""))
}

// Keys leave the disk first: what a cut in the middle of a wipe leaves is sealed
// for ever.
func TestAWipeTakesTheKeys(t *testing.T) {
	k := newKit(t)
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	send(k, true)
	ok(t, k.Close())
	var wrapped, officer []byte
	k.query("SELECT w FROM k LIMIT 1", &wrapped)
	k.query("SELECT f FROM p", &officer)
	// A second name for the same file shows what its blocks hold afterwards.
	link := filepath.Join(t.TempDir(), "link")
	ok(t, os.Link(filepath.Join(k.dir, "kit.db"), link))
	k.openAgain()
	ok(t, k.Unlock(t.Context(), passphrase))
	ok(t, k.Wipe(t.Context(), ""))
	b, err := os.ReadFile(link)
	ok(t, err)
	if bytes.Contains(b, wrapped[200:400]) || bytes.Contains(b, officer[100:200]) {
		t.Fatal("the file's blocks still hold the keys")
	}
}
