package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// What was done on the spare kit after a backup was taken in stays, whichever
// of the lost kit's media is put in again.
func TestTheSameBackupAgainTakesNothingBack(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, old, later := t.Context(), t.TempDir(), t.TempDir()
	save := func(k *kit, n int, section string) {
		ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(n), Section: section, Updated: k.Stamp()}))
		k.clock.Add(time.Minute)
	}
	const goesOn, isSealed, isThrown, untouched = 1, 2, 3, 4
	for _, n := range []int{goesOn, isSealed, isThrown, untouched} {
		save(k, n, "first")
	}
	ok(t, k.Backup(ctx, old))
	save(k, untouched, "second")
	ok(t, k.Backup(ctx, later))
	lost := k.Identity().Device

	s := spare(t, k)
	sections := func() map[store.DraftID]string {
		ds, err := s.Drafts(ctx)
		ok(t, err)
		out := map[store.DraftID]string{}
		for _, d := range ds {
			out[d.ID] = d.Section
		}
		return out
	}
	restored(t, s, old, lost, k, rootKey)
	if got := sections(); len(got) != 4 || got[draftID(untouched)] != "first" {
		t.Fatal(got)
	}
	s.clock.Add(-48 * time.Hour) // the spare kit's clock is behind
	save(s, goesOn, "on the spare kit")
	_, err := s.Seal(ctx, draftID(isSealed), s.maker(person("Ana", "Ruiz", "1990", "Oaxaca")...))
	ok(t, err)
	ok(t, s.DiscardDraft(ctx, draftID(isThrown)))
	for _, medium := range []string{later, old, later} {
		restored(t, s, medium, lost, k, rootKey)
		got := sections()
		if len(got) != 2 || got[draftID(goesOn)] != "on the spare kit" || got[draftID(untouched)] != "second" {
			t.Fatal(got)
		}
		if gone, err := s.Discarded(ctx); err != nil || len(gone) != 1 || gone[0].ID != draftID(isThrown) {
			t.Fatal(gone, err)
		}
		s.reopen()
	}
}

// Whatever single row of a medium is damaged: what the centre does not hold
// safely, and what can still be read, waits to be sent.
func TestADamagedOutboxOnTheMediumSendsAgain(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	withPhoto(k, "photo of Ana", person("Ana", "Ruiz", "1990", "Oaxaca")...)
	send(k, false)
	ok(t, k.Backup(ctx, medium))
	rows := filepath.Join(medium, "kit-"+k.Identity().Device.String()+".rows")
	whole, err := os.ReadFile(rows)
	ok(t, err)
	lost := k.Identity().Device
	repacked := 0
	for at := 0; ; {
		next := bytes.Index(whole[at:], []byte("\xa0\x0bAf"))
		if next < 0 {
			break
		}
		at += next + 20 // into the payload
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		at++
		ok(t, os.WriteFile(rows, damaged, 0o600))
		s := spare(t, k)
		restored(t, s, medium, lost, k, rootKey)
		es, err := s.Registrations(ctx, store.Filter{})
		ok(t, err)
		items, err := s.Pending(ctx)
		ok(t, err)
		waits := func(kind protocol.ItemKind) bool {
			return slices.ContainsFunc(items, func(i protocol.Item) bool { return i.Kind == kind })
		}
		un, err := s.UnpackedOf(ctx, lost, 10)
		ok(t, err)
		photos, err := s.UnpackedAttachments(ctx, 10)
		ok(t, err)
		for _, e := range es {
			if !e.Forgotten && !waits(protocol.ItemBatch) && len(un) != 1 {
				t.Fatalf("damage at %d of %d: %s would never be sent", at, len(whole), e.Registration.ID)
			}
			if e.Forgotten {
				continue
			}
			for _, a := range e.Registration.Attachments {
				if _, err := s.Attachment(ctx, a.Digest); err == nil && !waits(protocol.ItemAttachment) && len(photos) != 1 {
					t.Fatalf("damage at %d of %d: a photo would never be sent", at, len(whole))
				}
			}
		}
		repacked += len(un) + len(photos)
		ok(t, s.Close())
	}
	if repacked != 2 {
		t.Fatalf("%d packed again, want the batch's registration and the photo once each", repacked)
	}
}

// What the centre said of a form since the backup was made stays, and nothing of
// the lost kit's own affairs comes along.
func TestRestoreLeavesWhatTheCentreSaidSince(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	form, only := civic.FormRef{ID: "birth", Version: "3"}, civic.FormRef{ID: "local", Version: "1"}
	ok(t, k.PutForm(ctx, form, store.FormDocument{Bytes: []byte("a workbook"), Order: 5}))
	ok(t, k.PutForm(ctx, only, store.FormDocument{Bytes: []byte("another")}))
	ok(t, k.SetPIN(ctx, "480213"))
	ok(t, k.KeepPaper(ctx, "places", []byte("the lost kit's list")))
	ok(t, k.Backup(ctx, medium))
	s := spare(t, k)
	ok(t, s.PutForm(ctx, form, store.FormDocument{Bytes: []byte("a workbook"), Order: 9, Retired: true}))
	ok(t, s.KeepPaper(ctx, "places", []byte("a newer list")))
	if r := restored(t, s, medium, k.Identity().Device, k, rootKey); r.Forms != 2 {
		t.Fatalf("%+v", r)
	}
	docs, err := s.FormDocuments(ctx)
	ok(t, err)
	if d := docs[form]; len(docs) != 2 || !d.Retired || d.Order != 9 || string(docs[only].Bytes) != "another" {
		t.Fatalf("%+v", docs)
	}
	if p, err := s.Paper(ctx, "places"); err != nil || string(p) != "a newer list" {
		t.Fatal(string(p), err)
	}
	ok(t, s.LockScreen(ctx))
	if s.ScreenLocked() {
		t.Fatal("the lost kit's PIN came along")
	}
}
