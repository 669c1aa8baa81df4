package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// approving is a kit where what is sealed waits for a supervisor.
func approving(t testing.TB) *kit {
	k := newKit(t)
	ok(t, k.SwitchApproval(t.Context(), true, k.Officer().ID))
	return k
}

func (k *kit) unpacked() (ids []civic.RegistrationID) {
	k.t.Helper()
	all, err := k.Unpacked(k.t.Context(), 1000)
	ok(k.t, err)
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return ids
}

func (k *kit) unseen() []civic.RegistrationID {
	k.t.Helper()
	ids, err := k.Unseen(k.t.Context())
	ok(k.t, err)
	c, err := k.Counts(k.t.Context())
	ok(k.t, err)
	if c.Unseen != len(ids) {
		k.t.Fatalf("%d are counted, %d listed", c.Unseen, len(ids))
	}
	return ids
}

// What waits for a supervisor is not packed, its photos neither; approved it is.
// A restart changes nothing of that.
func TestApproval(t *testing.T) {
	ctx := t.Context()
	k := newKit(t)
	before := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	if len(k.unseen()) != 0 || len(k.unpacked()) != 1 {
		t.Fatal("something waits for a supervisor where nobody asked for that")
	}
	ok(t, k.SwitchApproval(ctx, true, k.Officer().ID))
	if a, err := k.Approval(ctx); err != nil || !a.On || a.Since.IsZero() {
		t.Fatalf("%+v %v", a, err)
	}
	photo, err := k.PutAttachment(ctx, "p.jpg", "image/jpeg", []byte("a photo"))
	ok(t, err)
	second, err := k.Seal(ctx, store.DraftID{}, func(n uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r, d, text, err := k.maker(person("Eva", "Gil", "1991", "Oaxaca")...)(n, p)
		r.Attachments = []civic.Attachment{photo}
		return r, d, text, err
	})
	ok(t, err)
	if got := k.unseen(); !slices.Equal(got, []civic.RegistrationID{before, second}) || len(k.unpacked()) != 0 {
		t.Fatalf("%v wait", got)
	}
	if photos, err := k.UnpackedAttachments(ctx, 9); err != nil || len(photos) != 0 {
		t.Fatalf("a photo goes before its registration: %v %v", photos, err)
	}
	n, err := k.Approve(ctx, k.Officer().ID, []civic.RegistrationID{second, second, {9}})
	if err != nil || n != 1 {
		t.Fatalf("%d approved, %v", n, err)
	}
	if n, err := k.Approve(ctx, k.Officer().ID, []civic.RegistrationID{second}); err != nil || n != 0 {
		t.Fatalf("approved twice: %d %v", n, err)
	}
	k.reopen()
	e, err := k.Registration(ctx, second)
	if err != nil || e.Status != civic.Approved || !slices.Equal(k.unpacked(), []civic.RegistrationID{second}) || len(k.unseen()) != 1 {
		t.Fatalf("%v %v", e.Status, err)
	}
	if photos, err := k.UnpackedAttachments(ctx, 9); err != nil || len(photos) != 1 {
		t.Fatalf("%v %v", photos, err)
	}
	// From approved it goes the way of all others.
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("sealed"), Covers: []uint64{2}}))
	ok(t, k.Sent(ctx, []civic.Digest{digestOf([]byte("sealed"))}))
	if e, err := k.Registration(ctx, second); err != nil || e.Status != civic.Sent {
		t.Fatalf("%v %v", e.Status, err)
	}
	// Switched off, what waited goes.
	ok(t, k.SwitchApproval(ctx, false, k.Officer().ID))
	if len(k.unseen()) != 0 || !slices.Equal(k.unpacked(), []civic.RegistrationID{before}) {
		t.Fatal("still waiting")
	}
	events, err := k.EventsSince(ctx, k.clock.Now().Add(-time.Hour))
	ok(t, err)
	var told []civic.Code
	for _, ev := range events {
		if ev.Event == store.EventApproval || ev.Event == store.EventApproved {
			told = append(told, ev.Event)
		}
	}
	if !slices.Equal(told, []civic.Code{store.EventApproval, store.EventApproved, store.EventApproval}) {
		t.Fatalf("the journal tells %v", told)
	}
}

// Nothing waits for ever: after some days, or when the clock hides how many, it
// goes, is counted no more, and the journal says so once.
func TestLetGo(t *testing.T) {
	ctx := t.Context()
	k := approving(t)
	week := 7 * 24 * time.Hour
	old := k.seal()
	k.clock.Add(4 * 24 * time.Hour)
	young := k.seal()
	if n, err := k.LetGo(ctx, week); err != nil || n != 0 {
		t.Fatalf("%d went early, %v", n, err)
	}
	k.clock.Add(3 * 24 * time.Hour)
	if n, err := k.LetGo(ctx, week); err != nil || n != 1 {
		t.Fatalf("%d went, %v", n, err)
	}
	if n, err := k.LetGo(ctx, week); err != nil || n != 0 {
		t.Fatalf("%d went twice, %v", n, err)
	}
	if !slices.Equal(k.unpacked(), []civic.RegistrationID{old}) || !slices.Equal(k.unseen(), []civic.RegistrationID{young}) {
		t.Fatal("the wrong ones went")
	}
	// The clock is set back behind all that: whose age nobody knows goes.
	k.clock.Add(-30 * 24 * time.Hour)
	if n, err := k.LetGo(ctx, week); err != nil || n != 1 {
		t.Fatalf("%d went, %v", n, err)
	}
	k.reopen()
	if len(k.unseen()) != 0 || len(k.unpacked()) != 2 {
		t.Fatal("a restart took it back")
	}
}

// Given back, the registration stays as it was sealed and a draft corrects it;
// asked twice there is one draft, which keeps what the officer changed.
func TestGiveBack(t *testing.T) {
	ctx := t.Context()
	k := approving(t)
	id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	was, err := k.Registration(ctx, id)
	ok(t, err)
	by := k.Officer().ID
	draft := store.Draft{Form: was.Registration.Form, Answers: was.Registration.Answers, Note: "the surname is on the card"}
	ok(t, k.GiveBack(ctx, by, id, draft))
	d, err := k.Draft(ctx, store.CorrectionDraft(id))
	ok(t, err)
	if d.Corrects != id || d.Note != draft.Note || len(d.Answers) != 4 {
		t.Fatalf("%+v", d)
	}
	d.Section = "changed"
	ok(t, k.SaveDraft(ctx, d))
	ok(t, k.DiscardDraft(ctx, d.ID))
	draft.Note = "and the first name"
	ok(t, k.GiveBack(ctx, by, id, draft))
	if d, err := k.Draft(ctx, d.ID); err != nil || d.Section != "changed" || d.Note != draft.Note {
		t.Fatalf("%+v %v", d, err)
	}
	now, err := k.Registration(ctx, id)
	ok(t, err)
	if now.Status != civic.Sealed || now.Digest != was.Digest || len(now.Reasons) != 1 || now.Reasons[0].Code != civic.GivenBack {
		t.Fatalf("%+v", now)
	}
	if len(k.unpacked()) != 0 || len(k.unseen()) != 1 {
		t.Fatal("it left the kit")
	}
	_, err = k.Seal(ctx, d.ID, k.maker(person("Anna", "Ruiz", "1990", "Oaxaca")...))
	ok(t, err)
	wantCode(t, k.GiveBack(ctx, by, id, draft), civic.WrongUse)
	wantCode(t, k.GiveBack(ctx, by, civic.RegistrationID{7}, draft), civic.RegistrationAbsent)
	if n, err := k.Approve(ctx, by, k.unseen()); err != nil || n != 2 {
		t.Fatalf("%d %v", n, err)
	}
	wantCode(t, k.GiveBack(ctx, by, id, store.Draft{}), civic.WrongUse)
	if len(k.unpacked()) != 2 {
		t.Fatal("not free")
	}
}
