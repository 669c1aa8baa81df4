package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const retention = 30 * 24 * time.Hour

// send packs everything that waits into one file and has the centre answer.
func send(k *kit, safe bool) {
	k.t.Helper()
	ctx := k.t.Context()
	un, err := k.Unpacked(ctx, 1000)
	ok(k.t, err)
	out := store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("batch of " + k.clock.Now().String())}
	for _, r := range un {
		out.Covers = append(out.Covers, r.Counter)
	}
	ok(k.t, k.AddOutgoing(ctx, out))
	ack(k, out.Bytes, protocol.BatchReceived, safe)
	photos, err := k.UnpackedAttachments(ctx, 1000)
	ok(k.t, err)
	for _, a := range photos {
		file := append([]byte("sealed "), a.Digest[:]...)
		ok(k.t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemAttachment, Bytes: file, Attachment: a.Digest}))
		ack(k, file, protocol.BatchReceived, safe)
	}
}

func withPhoto(k *kit, photo string, answers ...civic.Answer) civic.RegistrationID {
	k.t.Helper()
	a, err := k.PutAttachment(k.t.Context(), "photo", "image/jpeg", bytes.Repeat([]byte(photo), 500))
	ok(k.t, err)
	id, err := k.Seal(k.t.Context(), store.DraftID{}, func(c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r, d, receipt, err := k.maker(answers...)(c, p)
		r.Attachments = []civic.Attachment{a}
		return r, d, receipt, err
	})
	ok(k.t, err)
	return id
}

func TestWhatIsSafeIsForgottenAfterItsTime(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	id := withPhoto(k, "the first photo", person("Ana", "Ruiz", "1990", "Oaxaca")...)
	send(k, true)
	k.clock.Add(24 * time.Hour)
	kept := withPhoto(k, "the second photo", person("Eva", "Sosa", "1991", "Oaxaca")...)
	send(k, false)

	f, err := k.Forget(ctx, retention)
	ok(t, err)
	if f.Days != 0 {
		t.Fatalf("too early: %+v", f)
	}
	k.clock.Add(retention)
	f, err = k.Forget(ctx, retention)
	ok(t, err)
	if f.Days != 1 || f.Registrations != 1 || f.Attachments != 1 {
		t.Fatalf("%+v", f)
	}
	k.reopen()
	e, err := k.Registration(ctx, id)
	ok(t, err)
	if !e.Forgotten || e.Receipt != "" || len(e.Registration.Answers) != 0 || e.Status != civic.Received || !e.Safe || e.Registration.Services[0] != "birth" {
		t.Fatalf("the stub says %+v", e)
	}
	if ps, err := k.Search(ctx, "ana ruiz", 3); err != nil || len(ps) != 0 {
		t.Fatal("the search still knows", ps, err)
	}
	e, err = k.Registration(ctx, kept)
	ok(t, err)
	if e.Forgotten || e.Registration.Answers[0].Value != "Eva" {
		t.Fatalf("not safe, but forgotten: %+v", e)
	}
	if _, err := k.Attachment(ctx, e.Registration.Attachments[0].Digest); err != nil {
		t.Fatal(err)
	}
	if c, err := k.Counts(ctx); err != nil || c.Damaged != 0 || c.Total != 2 {
		t.Fatal(c, err)
	}
	if _, whole, err := k.Events(ctx); err != nil || !whole {
		t.Fatal("the journal's chain broke with the day:", err)
	}
	if id := k.seal(); id.IsZero() {
		t.Fatal("no id")
	}
}

// The sealed bytes of a forgotten day are gone from the logical image, so that
// not even the officer's passphrase with a copy of the folder opens them.
func TestForgottenRowsLeaveTheImage(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	send(k, true)
	ok(t, k.Close())
	var wrapped, row []byte
	k.query("SELECT w FROM k WHERE t=2", &wrapped)
	k.query("SELECT s FROM b", &row)
	k.openAgain()
	ok(t, k.Unlock(ctx, passphrase))
	if b := image(t, k.dir); !bytes.Contains(b, wrapped[300:500]) || !bytes.Contains(b, row[:200]) {
		t.Fatal("this test looks in the wrong place")
	}
	k.clock.Add(retention + 24*time.Hour)
	f, err := k.Forget(ctx, retention)
	ok(t, err)
	if b := image(t, k.dir); f.Days != 1 || bytes.Contains(b, wrapped[300:500]) || bytes.Contains(b, row[:200]) {
		t.Fatalf("%+v, and the image still holds the key or the row", f)
	}
}

func TestADayWithADraftIsKept(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	a, err := k.PutAttachment(ctx, "photo", "image/jpeg", []byte("photo of a draft"))
	ok(t, err)
	k.clock.Add(24 * time.Hour)
	d := store.Draft{ID: draftID(1), Attachments: []civic.Attachment{a}}
	ok(t, k.SaveDraft(ctx, d)) // the draft lies under a later day than its photo
	k.clock.Add(2 * retention)
	ok(t, k.SaveDraft(ctx, d))
	f, err := k.Forget(ctx, retention)
	ok(t, err)
	if _, err := k.Attachment(ctx, a.Digest); err != nil {
		t.Fatalf("the draft's photo is gone (%+v): %v", f, err)
	}
	ok(t, k.DiscardDraft(ctx, d.ID))
	if _, err := k.Forget(ctx, retention); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Attachment(ctx, a.Digest); err != nil {
		t.Fatal("thrown away within a day, and the photo is gone:", err)
	}
	k.clock.Add(48 * time.Hour)
	if _, err := k.Forget(ctx, retention); err != nil {
		t.Fatal(err)
	}
	_, err = k.Attachment(ctx, a.Digest)
	wantCode(t, err, civic.FileUnreadable)
}

func TestAPhotoNotYetSentKeepsItsDay(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	id := withPhoto(k, "a photo", person("Ana", "Ruiz", "1990", "Oaxaca")...)
	batch := []byte("batch")
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Covers: []uint64{1}}))
	ack(k, batch, protocol.BatchReceived, true)
	k.clock.Add(2 * retention)
	if f, err := k.Forget(ctx, retention); err != nil || f.Days != 0 {
		t.Fatal(f, err)
	}
	send(k, true)
	if f, err := k.Forget(ctx, retention); err != nil || f.Days != 1 {
		t.Fatal(f, err)
	}
	if e, err := k.Registration(ctx, id); err != nil || !e.Forgotten {
		t.Fatal(e, err)
	}
}
