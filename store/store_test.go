package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestADayFromDraftToReceipt(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	photo := bytes.Repeat([]byte("a photo of María, "), 2000)
	a, err := k.PutAttachment(ctx, "photo-1.jpg", "image/jpeg", photo)
	ok(t, err)
	d := store.Draft{
		ID: draftID(1), Form: civic.FormRef{ID: "birth", Version: "3"}, Services: []civic.ServiceID{"birth"},
		Answers: person("María", "Xochitl", "2026-02-27", "Tlaxiaco"), Attachments: []civic.Attachment{a},
		People: []store.PersonRef{{Subject: "mother", Registration: civic.RegistrationID{4}, Of: ""}}, Refused: []civic.ServiceID{"vaccination"},
		Section: "child", Started: k.Stamp(), Updated: k.Stamp(),
	}
	ok(t, k.SaveDraft(ctx, d))
	k.reopen()

	drafts, err := k.Drafts(ctx)
	ok(t, err)
	if len(drafts) != 1 || drafts[0].Section != "child" || drafts[0].Answers[0].Value != "María" || drafts[0].Attachments[0] != a || drafts[0].People[0].Registration != (civic.RegistrationID{4}) || drafts[0].Refused[0] != "vaccination" {
		t.Fatalf("the draft came back as %+v", drafts)
	}
	id, err := k.Seal(ctx, d.ID, func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r, digest, receipt, err := k.maker(drafts[0].Answers...)(counter, previous)
		r.Attachments = drafts[0].Attachments
		return r, digest, receipt, err
	})
	ok(t, err)
	_, err = k.Draft(ctx, d.ID)
	wantCode(t, err, civic.RegistrationAbsent)
	k.reopen()
	wantCode(t, k.SaveDraft(ctx, d), civic.WrongUse) // a late save
	if again, err := k.Seal(ctx, d.ID, k.maker()); err != nil || again != id {
		t.Fatal("sealed twice:", again, err)
	}

	e, err := k.Registration(ctx, id)
	ok(t, err)
	if e.Status != civic.Sealed || e.Receipt != "RECEIPT:1" || e.Registration.Answers[1].Value != "Xochitl" || e.Registration.Consents[0].Purpose != "vaccination" {
		t.Fatalf("the registration came back as %+v", e)
	}
	got, err := k.Attachment(ctx, e.Registration.Attachments[0].Digest)
	ok(t, err)
	if !bytes.Equal(got, photo) {
		t.Fatal("the photo is another one")
	}
	c, err := k.Counts(ctx)
	ok(t, err)
	if c.Total != 1 || c.Today != 1 || c.Waiting != 1 || c.Drafts != 0 || c.Damaged != 0 {
		t.Fatalf("counts %+v", c)
	}
	people, err := k.Search(ctx, "maria xochitl", 5)
	ok(t, err)
	if len(people) != 1 || people[0].Registration != id || people[0].Name != "María Xochitl" || people[0].BirthYear != 2026 {
		t.Fatalf("search found %+v", people)
	}
}

func TestTheChainHasNoGaps(t *testing.T) {
	k := newKit(t)
	for range 3 {
		k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	}
	k.reopen()
	_, err := k.SealMany(t.Context(), 4, func(i int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return k.maker()(counter, previous)
	})
	ok(t, err)
	es, err := k.Registrations(t.Context(), store.Filter{})
	ok(t, err)
	if len(es) != 7 {
		t.Fatalf("%d registrations", len(es))
	}
	for i, e := range es {
		if want := uint64(7 - i); e.Registration.Counter != want {
			t.Fatalf("newest first: place %d has counter %d", i, e.Registration.Counter)
		}
		if i+1 < len(es) && e.Registration.Previous != es[i+1].Digest {
			t.Fatal("the chain is broken")
		}
	}
}

func TestAFailedMakeSealsNothing(t *testing.T) {
	k := newKit(t)
	d := store.Draft{ID: draftID(1), Started: k.Stamp()}
	ok(t, k.SaveDraft(t.Context(), d))
	refusal := civic.NewProblem(civic.AnswersIncomplete, nil, "sex")
	_, err := k.Seal(t.Context(), d.ID, func(uint64, civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return nil, civic.Digest{}, "", refusal
	})
	wantCode(t, err, civic.AnswersIncomplete)
	if _, err := k.Draft(t.Context(), d.ID); err != nil {
		t.Fatal("the draft is gone:", err)
	}
	if id := k.seal(); id.IsZero() {
		t.Fatal("no id")
	}
}

func TestPracticeLeavesTheChainAlone(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Practice: true}))
	_, err := k.Seal(ctx, draftID(1), func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r, d, receipt, err := k.maker()(counter, previous)
		r.Practice = true
		return r, d, receipt, err
	})
	ok(t, err)
	k.seal()
	un, err := k.Unpacked(ctx, 10)
	ok(t, err)
	if len(un) != 1 || un[0].Counter != 1 || un[0].Practice {
		t.Fatalf("to be packed: %+v", un)
	}
}

func TestADiscardedDraftCanBeBroughtBackForADay(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1)}))
	ok(t, k.DiscardDraft(ctx, draftID(1)))
	if ds, err := k.Drafts(ctx); err != nil || len(ds) != 0 {
		t.Fatal(ds, err)
	}
	k.clock.Add(23 * time.Hour)
	if ds, err := k.Discarded(ctx); err != nil || len(ds) != 1 {
		t.Fatal(ds, err)
	}
	ok(t, k.RestoreDraft(ctx, draftID(1)))
	ok(t, k.DiscardDraft(ctx, draftID(1)))
	k.clock.Add(25 * time.Hour)
	k.reopen()
	wantCode(t, k.RestoreDraft(ctx, draftID(1)), civic.RegistrationAbsent)
}

func TestDoors(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	wantCode(t, k.Unlock(ctx, "correct horse battery stable"), civic.WrongPassphrase)
	ok(t, k.Unlock(ctx, passphrase))
	_, err := store.Open(ctx, k.dir, k.options)
	wantCode(t, err, civic.KitBusy)
	k.Lock()
	_, err = k.Drafts(ctx)
	wantCode(t, err, civic.Locked)
	_, _, err = k.Keys()
	wantCode(t, err, civic.Locked)
	if got := k.Identity(); got.Server == "" || len(got.TransportKey) == 0 || got.KitName != "Tablet 7" {
		t.Fatalf("the transport identity needs a passphrase: %+v", got)
	}
	_, err = store.Open(ctx, t.TempDir(), k.options)
	wantCode(t, err, civic.NotEnrolled)
	ok(t, k.Close())
	file := filepath.Join(t.TempDir(), "a file")
	ok(t, os.WriteFile(file, nil, 0o600))
	_, err = store.Create(ctx, filepath.Join(file, "kit"), k.setup())
	wantCode(t, err, civic.FileUnreadable)
	_, err = store.Create(ctx, k.dir, k.setup())
	wantCode(t, err, civic.AlreadyEnrolled)
	weak := k.setup()
	weak.Passphrase = "secret secret secret secret"
	_, err = store.Create(ctx, t.TempDir(), weak)
	wantCode(t, err, civic.WeakPassphrase)
}

func TestBootsAreCounted(t *testing.T) {
	k := newKit(t)
	first := k.Stamp()
	k.clock.Add(90 * time.Second)
	if s := k.Stamp(); s.Mono != 90 || s.Boot != first.Boot {
		t.Fatalf("%+v after %+v", s, first)
	}
	k.reopen()
	if s := k.Stamp(); s.Boot != first.Boot+1 || s.Mono != 0 {
		t.Fatalf("%+v after a restart", s)
	}
}
