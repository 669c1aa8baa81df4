package serve_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// outcomesOf asks the centre for everything a kit is to know.
func outcomesOf(t *testing.T, k *kit) (all []civic.Outcome) {
	t.Helper()
	for cursor := uint64(0); ; {
		var a protocol.SyncAnswer
		if err := k.post(protocol.PathSync, protocol.SyncRequest{Cursor: cursor, Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a); err != nil {
			t.Fatal(err)
		}
		for _, d := range a.Down {
			plain, err := protocol.OpenDown(k.secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				t.Fatal(err)
			}
			outcomes, err := protocol.OpenOutcomes(k.public(), plain)
			if err != nil {
				t.Fatal(err)
			}
			all, cursor = append(all, outcomes...), d.Seq
		}
		if !a.More {
			return all
		}
	}
}

// A kit is lost; a spare one takes its backup over, offers its day keys and
// batches, and learns what became of its registrations.
func TestSpareKitTakesOver(t *testing.T) {
	c := newCentre(t)
	url, _ := running(t, c)
	lost, spare := newKit(t, c, "mx-1"), newKit(t, c, "mx-1")
	lost.enrol(c, url)
	spare.enrol(c, url)
	before, after := lost.births(250), lost.births(30)
	take(t, c, lost, protocol.UploadKey, lost.header(c))
	take(t, c, lost, protocol.UploadBatch, lost.pack(before))
	settled(t, c, len(before))

	release(t, c, lost, spare)
	ask := protocol.SyncRequest{Keys: []protocol.KeyID{lost.day.ID}, Clock: protocol.Stamp{Wall: time.Now().Unix()}}
	var a protocol.SyncAnswer
	if err := spare.post(protocol.PathSync, ask, &a); err != nil || len(a.WantKey) != 0 {
		t.Fatal("a key that is here is wanted again", err, a.WantKey)
	}
	take(t, c, spare, protocol.UploadBatch, lost.pack(after))
	settled(t, c, len(before)+len(after))

	want := map[civic.RegistrationID]bool{}
	for _, r := range append(before, after...) {
		want[r.ID] = true
	}
	for _, k := range []*kit{spare, lost} {
		got := map[civic.RegistrationID]bool{}
		for _, o := range outcomesOf(t, k) {
			if !want[o.Registration] || got[o.Registration] {
				t.Fatalf("told of %s, or twice", o.Registration)
			}
			got[o.Registration] = true
		}
		if len(got) != len(want) {
			t.Fatalf("told of %d of %d", len(got), len(want))
		}
	}
}

// release has two people release the keys of one kit to another.
func release(t *testing.T, c *serve.Centre, lost, spare *kit) {
	t.Helper()
	words := make([]access.Word, 2)
	for i, name := range []string{"ana", "ben"} {
		password, err := c.Access.AddStaff(t.Context(), name, "", access.Reviewer, "test")
		if err != nil {
			t.Fatal(err)
		}
		words[i] = access.Word{Name: name, Password: password}
	}
	key, err := os.ReadFile(filepath.Join(c.Keys, "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	officer, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	to, err := age.ParseHybridRecipient(c.Access.Keys().Recovery())
	if err != nil {
		t.Fatal(err)
	}
	var wrapped bytes.Buffer
	w, err := age.Encrypt(&wrapped, to)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte("key"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	request, err := protocol.SignRecovery(protocol.RecoveryRequest{
		Device: lost.id, By: spare.id, Recipient: officer.Recipient().String(), Keys: []protocol.RecoveryKey{{N: 1, File: wrapped.Bytes()}},
	}, spare.transport)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Access.Recover(context.Background(), request, key, words[0], words[1], c.Ingest.Succeed); err != nil {
		t.Fatal(err)
	}
}
