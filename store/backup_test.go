package store_test

import (
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// spare enrols another kit of the same registry.
func spare(t *testing.T, k *kit) *kit {
	t.Helper()
	s := &kit{t: t, dir: t.TempDir(), clock: k.clock, options: k.options, recovery: k.recovery, root: k.root}
	var err error
	s.Store, err = store.Create(t.Context(), s.dir, s.setup())
	ok(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func restored(t *testing.T, s *kit, medium string, lost civic.DeviceID, recovery *kit, key ed25519.PrivateKey) store.Restored {
	t.Helper()
	request, err := s.RestoreRequest(t.Context(), medium, lost)
	ok(t, err)
	statement := released(t, request, s.Identity().TransportKey.Public().(ed25519.PublicKey), recovery.recovery, key)
	r, err := s.Restore(t.Context(), medium, lost, statement, passphrase)
	ok(t, err)
	return r
}

func TestALostKitComesBackOnASpareOne(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	sent := withPhoto(k, "photo of Ana", person("Ana", "Ruiz", "1990", "Oaxaca")...)
	batch := []byte("a batch signed by the lost kit")
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Covers: []uint64{1}}))
	ack(k, batch, protocol.BatchReceived, false)
	ok(t, k.Backup(ctx, medium))
	k.clock.Add(24 * time.Hour)
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "mother", Answers: person("Li", "", "", "")}))
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(2), Section: "father"}))
	ok(t, k.Backup(ctx, medium))
	waiting, err := k.Seal(ctx, draftID(1), k.maker(person("Eva", "Sosa", "1991", "Oaxaca")...))
	ok(t, err)
	ok(t, k.KeepForm(ctx, civic.FormRef{ID: "birth", Version: "3"}, []byte("a workbook")))
	ok(t, k.Backup(ctx, medium))
	lost := k.Identity().Device
	ok(t, k.Close()) // and the kit falls into the river

	found, err := store.Backups(medium)
	ok(t, err)
	if len(found) != 1 || found[0] != lost {
		t.Fatal(found)
	}
	s := spare(t, k)
	own := s.seal(person("Rosa", "Lima", "1980", "Puebla")...)
	for range 2 { // a repeat changes nothing
		r := restored(t, s, medium, lost, k, rootKey)
		if r.Registrations != 2 || r.Drafts != 1 || r.Attachments != 1 || r.Files != 1 || r.Damaged != 0 || r.Torn {
			t.Fatalf("%+v", r)
		}
	}
	s.reopen()

	e, err := s.Registration(ctx, sent)
	ok(t, err)
	if e.Registration.Device != lost || e.Status != civic.Received || e.Registration.Answers[0].Value != "Ana" || e.Receipt != "RECEIPT:1" {
		t.Fatalf("%+v", e)
	}
	if photo, err := s.Attachment(ctx, e.Registration.Attachments[0].Digest); err != nil || string(photo[:5]) != "photo" {
		t.Fatal(err)
	}
	if ds, err := s.Drafts(ctx); err != nil || len(ds) != 1 || ds[0].Section != "father" {
		t.Fatal("sealed drafts must not come back:", ds, err)
	}
	items, err := s.Pending(ctx)
	ok(t, err)
	if got, err := s.Read(ctx, items[0].Digest); err != nil || string(got) != string(batch) {
		t.Fatal("the lost kit's batch travels as it was signed:", got, err)
	}
	un, err := s.UnpackedOf(ctx, lost, 10)
	ok(t, err)
	if len(un) != 1 || un[0].ID != waiting || un[0].Device != lost || un[0].Counter != 2 {
		t.Fatalf("to be packed with the lost kit's key: %+v", un)
	}
	in, err := s.Inherited(ctx)
	ok(t, err)
	if len(in) != 1 || !in[0].DeviceKey.Equal(k.device) || in[0].Area != "mx-20-067" {
		t.Fatalf("%+v", in)
	}
	ok(t, s.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("rest"), Covers: []uint64{2}, Device: lost}))
	if un, err := s.Unpacked(ctx, 10); err != nil || len(un) != 1 || un[0].ID != own {
		t.Fatal("the spare kit's own chain was touched", un, err)
	}
	if ps, err := s.Search(ctx, "eva sosa", 3); err != nil || len(ps) != 1 {
		t.Fatal(ps, err)
	}
	if forms, err := s.Forms(ctx); err != nil || len(forms) != 1 {
		t.Fatal(forms, err)
	}
	if c, err := s.Counts(ctx); err != nil || c.Total != 3 || c.Damaged != 0 {
		t.Fatal(c, err)
	}
	next := s.seal()
	if e, err := s.Registration(ctx, next); err != nil || e.Registration.Counter != 2 || e.Registration.Device == lost {
		t.Fatal("new registrations must be the spare kit's:", e, err)
	}
}

func TestNothingStandsReadableOnTheMedium(t *testing.T) {
	k := newKit(t)
	medium := t.TempDir()
	withPhoto(k, "JFIFcontent", person("Xochitlquetzal", "Teozacoalco", "1987-11-23", "Nochixtlan")...)
	ok(t, k.SaveDraft(t.Context(), store.Draft{ID: draftID(1), Answers: person("Borrador", "", "", "")}))
	ok(t, k.Backup(t.Context(), medium))
	mustNotShow(t, image(t, medium), "medium", []string{"Xochitlquetzal", "Teozacoalco", "1987-11-23", "Nochixtlan", "JFIFcontent", "Borrador", "birth", "given_name", "RECEIPT", "mx-20-067"})
}

func TestABackupGrowsByWhatChanged(t *testing.T) {
	k := newKit(t)
	ctx, medium := t.Context(), t.TempDir()
	rows := filepath.Join(medium, "kit-"+k.Identity().Device.String()+".rows")
	size := func() int64 {
		info, err := os.Stat(rows)
		ok(t, err)
		return info.Size()
	}
	for range 50 {
		k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	}
	ok(t, k.Backup(ctx, medium))
	first := size()
	ok(t, k.Backup(ctx, medium))
	if size() != first {
		t.Fatal("nothing changed, and it grew")
	}
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	ok(t, k.Backup(ctx, medium))
	if grown := size() - first; grown <= 0 || grown > 4096 {
		t.Fatalf("one registration added %d bytes", grown)
	}
	before := size()
	k.reopen() // and after a restart it goes on
	ok(t, k.Backup(ctx, medium))
	if size() != before {
		t.Fatalf("after a restart it grew by %d", size()-before)
	}
	for i := range 600 { // a draft saved again and again does not fill the medium
		ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: fmt.Sprint(i)}))
		ok(t, k.Backup(ctx, medium))
	}
	if size() > 3*before {
		t.Fatalf("%d bytes from %d", size(), before)
	}
}

func TestAMediumPulledOutInTheMiddle(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	rows := filepath.Join(medium, "kit-"+k.Identity().Device.String()+".rows")
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	ok(t, k.Backup(ctx, medium))
	whole, err := os.ReadFile(rows)
	ok(t, err)
	k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
	ok(t, k.Backup(ctx, medium))
	both, err := os.ReadFile(rows)
	ok(t, err)
	lost := k.Identity().Device
	for cut := len(whole); cut <= len(both); cut += 97 {
		ok(t, os.WriteFile(rows, both[:cut], 0o600))
		s := spare(t, k)
		if r := restored(t, s, medium, lost, k, rootKey); r.Registrations < 1 || r.Damaged != 0 {
			t.Fatalf("cut at %d of %d: %+v", cut, len(both), r)
		}
		ok(t, s.Close())
		ok(t, k.Backup(ctx, medium)) // the next call makes it good
		s = spare(t, k)
		if r := restored(t, s, medium, lost, k, rootKey); r.Registrations != 2 {
			t.Fatalf("made good after a cut at %d: %+v", cut, r)
		}
		ok(t, s.Close())
	}
}

func TestForgettingReachesTheMedium(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	send(k, true)
	ok(t, k.Backup(ctx, medium))
	k.clock.Add(2 * retention)
	k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
	if f, err := k.Forget(ctx, retention); err != nil || f.Days != 1 {
		t.Fatal(f, err)
	}
	ok(t, k.Backup(ctx, medium))
	s := spare(t, k)
	r := restored(t, s, medium, k.Identity().Device, k, rootKey)
	if r.Registrations != 1 {
		t.Fatalf("%+v", r)
	}
	if c, err := s.Counts(ctx); err != nil || c.Total != 2 || c.People != 1 {
		t.Fatal(c, err)
	}
}

func TestDamageOnTheMedium(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	for i := range 3 {
		k.seal(person(fmt.Sprint("Ana", i), "Ruiz", "1990", "Oaxaca")...)
	}
	ok(t, k.Backup(ctx, medium))
	name := filepath.Join(medium, "kit-"+k.Identity().Device.String())
	rows, err := os.ReadFile(name + ".rows")
	ok(t, err)
	s := spare(t, k)
	request, err := s.RestoreRequest(ctx, medium, k.Identity().Device)
	ok(t, err)
	statement := released(t, request, s.Identity().TransportKey.Public().(ed25519.PublicKey), k.recovery, rootKey)
	stranger := spare(t, k)
	_, err = stranger.Restore(ctx, medium, k.Identity().Device, statement, passphrase)
	wantCode(t, err, civic.RecoveryForeign)

	// One bit flipped: what was in that frame is missed, what comes is right.
	for bit := 150; bit < len(rows)*8; bit += len(rows)*8/23 + 1 {
		rows[bit/8] ^= 1 << (bit % 8)
		ok(t, os.WriteFile(name+".rows", rows, 0o600))
		rows[bit/8] ^= 1 << (bit % 8)
		s := spare(t, k)
		r := restored(t, s, medium, k.Identity().Device, k, rootKey)
		if (r.Damaged == 1) == r.Torn || r.Registrations < 2 {
			t.Fatalf("bit %d of %d: %+v", bit, len(rows)*8, r)
		}
		es, err := s.Registrations(ctx, store.Filter{})
		ok(t, err)
		for _, e := range es {
			if !e.Forgotten && e.Registration.Answers[0].Value != fmt.Sprint("Ana", e.Registration.Counter-1) {
				t.Fatalf("bit %d: %+v", bit, e)
			}
		}
		ok(t, s.Close())
	}
	ok(t, os.WriteFile(name+".rows", rows, 0o600))
	_, err = s.Restore(ctx, medium, s.Identity().Device, statement, passphrase)
	wantCode(t, err, civic.WrongUse)
	_, err = s.Restore(ctx, t.TempDir(), k.Identity().Device, statement, passphrase)
	wantCode(t, err, civic.FileUnreadable)
	if r, err := s.Restore(ctx, medium, k.Identity().Device, statement, passphrase); err != nil || r.Registrations != 3 {
		t.Fatal(r, err)
	}
}
