package serve_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// copyTree copies a folder as an administrator would.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// take hands a file over as the kit would and fails the test when it is refused.
func take(t *testing.T, c *serve.Centre, k *kit, kind protocol.UploadKind, file []byte) protocol.BatchAck {
	t.Helper()
	ack, _, err := c.Ingest.Take(t.Context(), kind, file, k.id)
	if err != nil || ack.State == protocol.BatchQuarantined {
		t.Fatal(err, ack)
	}
	return ack
}

// The server's disk is lost with kits out: a new one from the off-host backup,
// and the kits send again what was not safe.
func TestLostDisk(t *testing.T) {
	conf := newConfig(t)
	if err := serve.Init(t.Context(), conf, "Test"); err != nil {
		t.Fatal(err)
	}
	c, err := serve.Open(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	url, stop := running(t, c)
	k := newKit(t, c, "mx-1")
	k.enrol(c, url)
	header, first, second := k.header(c), k.pack(k.births(5)), k.pack(k.births(7))
	photo, err := batch.SealAttachment(k.day, k.id, []byte("a picture"), k.sign, nil)
	if err != nil {
		t.Fatal(err)
	}
	take(t, c, k, protocol.UploadKey, header)
	take(t, c, k, protocol.UploadBatch, first)
	take(t, c, k, protocol.UploadAttachment, photo)
	names := []civic.Digest{protocol.NameOf(first), protocol.NameOf(second), protocol.NameOf(photo)}

	ask := func(cursor uint64, wait uint8) (a protocol.SyncAnswer, states []protocol.BatchAck) {
		t.Helper()
		err := k.post(protocol.PathSync, protocol.SyncRequest{Cursor: cursor, Batches: names, Keys: []protocol.KeyID{k.day.ID}, Wait: wait,
			Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a)
		if err != nil {
			t.Fatal(err)
		}
		if err := protocol.Open(protocol.StatementAck, a.Acks, k.enrolled.Bundle.Server, &states); err != nil {
			t.Fatal(err)
		}
		return a, states
	}
	if _, s := ask(0, 0); s[0].Safe || s[0].State != protocol.BatchReceived {
		t.Fatalf("safe without a backup: %+v", s)
	}
	away := t.TempDir()
	b, err := c.Backup(t.Context(), away, true)
	if err != nil || b.Safe != 3 {
		t.Fatal(err, b)
	}
	if _, s := ask(0, 0); !s[0].Safe || !s[2].Safe || s[1].Safe {
		t.Fatalf("%+v", s)
	}
	take(t, c, k, protocol.UploadBatch, second)
	var cursor uint64
	for range 20 {
		a, _ := ask(cursor, 5)
		for _, d := range a.Down {
			cursor = d.Seq
		}
		if a.Pending == 0 {
			break
		}
	}
	before := counts(t, c)
	if before.Registrations != 12 {
		t.Fatalf("%+v", before)
	}
	_, serial, _ := c.Access.Bundle(t.Context())
	stop()
	c.Close()

	again := newConfig(t)
	if _, err := serve.Restore(t.Context(), again, away); civic.CodeOf(err) != civic.KeysAbsent {
		t.Fatalf("restored without keys: %v", err)
	}
	copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(again.Data, "keys"))
	gap, err := serve.Restore(t.Context(), again, away)
	if err != nil || gap.Backup > gap.Restored {
		t.Fatal(err, gap)
	}
	if _, err := serve.Restore(t.Context(), again, away); civic.CodeOf(err) != civic.AlreadyInitialised {
		t.Fatalf("restored over a centre: %v", err)
	}
	c = open(t, again)
	k.url, _ = running(t, c)
	a, s := ask(cursor, 0)
	if !s[0].Safe || s[1].State != protocol.BatchAbsent || len(a.Want) != 1 || a.Want[0] != names[1] {
		t.Fatalf("%+v %+v", s, a.Want)
	}
	var bundle protocol.KeyBundle
	if err := protocol.Open(protocol.StatementBundle, a.Bundle, rootKey(k), &bundle); err != nil || bundle.Serial <= serial {
		t.Fatalf("the bundle went back: %d after %d, %v", bundle.Serial, serial, err)
	}
	take(t, c, k, protocol.UploadBatch, second)
	told := 0
	for range 20 {
		a, _ := ask(cursor, 5)
		for _, d := range a.Down {
			cursor, told = d.Seq, told+1
		}
		if a.Pending == 0 && len(a.Down) == 0 {
			break
		}
	}
	if told == 0 {
		t.Fatal("the kit was not told what became of what it sent again")
	}
	if after := counts(t, c); after.Registrations != 12 || after.Persons != before.Persons {
		t.Fatalf("%+v before, %+v after", before, after)
	}
	if got, err := c.Ingest.Attachment(t.Context(), "mx-1", protocol.NameOf([]byte("a picture"))); err != nil || string(got) != "a picture" {
		t.Fatal("the photo did not come back", err)
	}
	notes, _ := filepath.Glob(filepath.Join(again.Data, "restored-*.note"))
	if len(notes) != 1 {
		t.Fatal("no note of the gap")
	}
}

func rootKey(k *kit) []byte {
	return k.enrolled.Root.RawSubjectPublicKeyInfo[len(k.enrolled.Root.RawSubjectPublicKeyInfo)-32:]
}

func TestBackupKeepsTwoAndFindsTheWholeOne(t *testing.T) {
	conf := newConfig(t)
	now := time.Now()
	conf.Clock = func() time.Time { now = now.Add(time.Second); return now }
	if err := serve.Init(t.Context(), conf, "Test"); err != nil {
		t.Fatal(err)
	}
	c := open(t, conf)
	away := t.TempDir()
	for range 4 {
		if _, err := c.Backup(t.Context(), away, true); err != nil {
			t.Fatal(err)
		}
	}
	found, _ := filepath.Glob(filepath.Join(away, "ledger-*"))
	if len(found) != 4 { // two copies, each with its manifest
		t.Fatalf("%v", found)
	}
	// A bit of the newest copy flips: the one before it serves.
	damage(t, found[2])
	again := newConfig(t)
	copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(again.Data, "keys"))
	if _, err := serve.Restore(t.Context(), again, away); err != nil {
		t.Fatal(err)
	}
	damage(t, found[0])
	third := newConfig(t)
	copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(third.Data, "keys"))
	if _, err := serve.Restore(t.Context(), third, away); err == nil {
		t.Fatal("restored from damaged copies")
	}
	if _, err := os.Stat(filepath.Join(third.Data, "ledger.db")); err == nil {
		t.Fatal("a refused restore left a ledger")
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 4
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A restore must not let a code be used twice, nor a session go on.
func TestRestoreEndsCodesAndSessions(t *testing.T) {
	conf := newConfig(t)
	if err := serve.Init(t.Context(), conf, "Test"); err != nil {
		t.Fatal(err)
	}
	c := open(t, conf)
	password, err := c.Access.AddStaff(t.Context(), "ana", "", access.Auditor, "test")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := c.Access.SignIn(t.Context(), "ana", password, "")
	if err != nil {
		t.Fatal(err)
	}
	code, _, err := c.Access.Invite(t.Context(), "mx-1", 0, "test")
	if err != nil {
		t.Fatal(err)
	}
	away := t.TempDir()
	if _, err := c.Backup(t.Context(), away, true); err != nil {
		t.Fatal(err)
	}
	again := newConfig(t)
	copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(again.Data, "keys"))
	if _, err := serve.Restore(t.Context(), again, away); err != nil {
		t.Fatal(err)
	}
	r := open(t, again)
	if _, err := r.Access.Session(t.Context(), token); civic.CodeOf(err) != civic.SignInRefused {
		t.Fatal(err)
	}
	k := newKit(t, r, "mx-1")
	ask := protocol.EnrolRequest{Secret: code.Secret[:], Device: k.public(), Transport: k.public(), KitSecret: []byte{1}}
	_ = ask.Prove(k.sign)
	if _, err := r.Access.Enrol(t.Context(), ask, k.public()); civic.CodeOf(err) != civic.CodeExpired {
		t.Fatal(err)
	}
	var words string
	err = r.DB.View(context.Background(), func(tx ledger.Tx) (err error) {
		words, err = access.Setting(t.Context(), tx, serve.RestoredSetting)
		return err
	})
	if err != nil || words == "" {
		t.Fatal("the gap is not told", err)
	}
}

// A copy on the centre's own disk makes nothing safe, and neither does a restore
// from it onto that disk.
func TestRestoreOnOneDiskMakesNothingSafe(t *testing.T) {
	for _, demonstration := range []bool{false, true} {
		conf := newConfig(t)
		if err := serve.Init(t.Context(), conf, "Test"); err != nil {
			t.Fatal(err)
		}
		c := open(t, conf)
		url, stop := running(t, c)
		k := newKit(t, c, "mx-1")
		k.enrol(c, url)
		header, first := k.header(c), k.pack(k.births(2))
		take(t, c, k, protocol.UploadKey, header)
		take(t, c, k, protocol.UploadBatch, first)
		away := t.TempDir()
		if _, err := c.Backup(t.Context(), away, demonstration); err != nil {
			t.Fatal(err)
		}
		stop()
		c.Close()
		again := newConfig(t)
		copyTree(t, filepath.Join(conf.Data, "keys"), filepath.Join(again.Data, "keys"))
		if _, err := serve.Restore(t.Context(), again, away); err != nil {
			t.Fatal(err)
		}
		c = open(t, again)
		k.url, _ = running(t, c)
		var (
			a      protocol.SyncAnswer
			states []protocol.BatchAck
		)
		if err := k.post(protocol.PathSync, protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(first)}, Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a); err != nil {
			t.Fatal(err)
		}
		if err := protocol.Open(protocol.StatementAck, a.Acks, k.enrolled.Bundle.Server, &states); err != nil {
			t.Fatal(err)
		}
		if states[0].State != protocol.BatchReceived || states[0].Safe != demonstration {
			t.Errorf("a demonstration %v: %+v", demonstration, states[0])
		}
	}
}
