package store_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// makeFixture fills a kit with one of each: it made testdata/kit-N.db, written in
// version 0, and testdata/version1/kit-N.db, N being the number of the schema's
// last step then. To add one for a new step, run this test with FIXTURE=N and
// commit the file; those that lie there stay for ever.
func makeFixture(t *testing.T, path string) {
	k := newKit(t)
	ctx := t.Context()
	a, err := k.PutAttachment(ctx, "photo-1.jpg", "image/jpeg", bytes.Repeat([]byte("an old photo "), 100))
	ok(t, err)
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Form: civic.FormRef{ID: "birth", Version: "3"}, Section: "child"}))
	_, err = k.Seal(ctx, draftID(1), func(c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r, d, receipt, err := k.maker(person("María", "Xochitl", "1987-11", "Teozacoalco")...)(c, p)
		r.Attachments = []civic.Attachment{a}
		return r, d, receipt, err
	})
	ok(t, err)
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("an old batch"), Covers: []uint64{1}}))
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(2), Section: "mother", Answers: person("Li", "", "1990~", "")}))
	ok(t, k.TakeIn(ctx, []protocol.Down{{Seq: 7, Kind: protocol.DownOutcomes, Body: []byte("an old outcome")}}, 7))
	ok(t, k.KeepServerTime(ctx, 1_772_000_000))
	ok(t, k.SetSetting(ctx, "language", "es"))
	ok(t, k.KeepForm(ctx, civic.FormRef{ID: "birth", Version: "3"}, []byte("an old workbook")))
	_, err = k.AddOfficer(ctx, "Toribio", second)
	ok(t, err)
	ok(t, k.Close())
	b, err := os.ReadFile(filepath.Join(k.dir, "kit.db"))
	ok(t, err)
	makeNew(t, path, b)
}

// makeNew writes a file unless it is there already.
func makeNew(t *testing.T, path string, b []byte) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		t.Fatalf("%s stays as it is", path)
	}
	ok(t, os.WriteFile(path, b, 0o644))
}

// TestOldKitsOpen opens the memories of every schema there ever was; migrations
// keep drafts and everything else.
func TestOldKitsOpen(t *testing.T) {
	if n := os.Getenv("FIXTURE"); n != "" {
		makeFixture(t, "testdata/version1/kit-"+n+".db")
	}
	old, err := filepath.Glob("testdata/kit-*.db")
	ok(t, err)
	newer, err := filepath.Glob("testdata/version1/kit-*.db")
	ok(t, err)
	old = append(old, newer...)
	if len(old) == 0 {
		t.Fatal("no old kits")
	}
	for _, path := range old {
		t.Run(filepath.ToSlash(path), func(t *testing.T) {
			b, err := os.ReadFile(path)
			ok(t, err)
			dir := t.TempDir()
			ok(t, os.WriteFile(filepath.Join(dir, "kit.db"), b, 0o600))
			c := newClock()
			c.Add(time.Hour)
			k := &kit{t: t, dir: dir, clock: c, options: store.Options{Clock: c.Now, LogN: 2, Heads: heads}}
			for _, pass := range []string{passphrase, second} {
				k.openAgain()
				ok(t, k.Unlock(t.Context(), pass))
				oldKit(t, k)
				ok(t, k.Close())
			}
		})
	}
}

func oldKit(t *testing.T, k *kit) {
	ctx := t.Context()
	es, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	if len(es) < 1 {
		t.Fatal("no registration")
	}
	e := es[len(es)-1]
	if e.Registration.Answers[0].Value != "María" || e.Receipt != "RECEIPT:1" || e.Registration.Counter != 1 {
		t.Fatalf("%+v", e)
	}
	if photo, err := k.Attachment(ctx, e.Registration.Attachments[0].Digest); err != nil || !bytes.HasPrefix(photo, []byte("an old photo")) {
		t.Fatal(err)
	}
	ds, err := k.Drafts(ctx)
	ok(t, err)
	if len(ds) != 1 || ds[0].Section != "mother" || ds[0].Answers[2].Value != "1990~" {
		t.Fatalf("%+v", ds)
	}
	items, err := k.Pending(ctx)
	ok(t, err)
	if file, err := k.Read(ctx, items[0].Digest); err != nil || string(file) != "an old batch" {
		t.Fatal(err)
	}
	forms, err := k.Forms(ctx)
	ok(t, err)
	language, err := k.Setting(ctx, "language")
	ok(t, err)
	cursor, err := k.Cursor(ctx)
	ok(t, err)
	if len(forms) != 1 || language != "es" || cursor != 7 {
		t.Fatal(forms, language, cursor)
	}
	if ps, err := k.Search(ctx, "xochitl", 2); err != nil || len(ps) != 1 {
		t.Fatal(ps, err)
	}
	if _, whole, err := k.Events(ctx); err != nil || !whole {
		t.Fatal(err)
	}
	key, _, err := k.Keys()
	ok(t, err)
	k.device = key
	before := len(es)
	k.seal()
	if es, err = k.Registrations(ctx, store.Filter{Limit: 1}); err != nil || es[0].Registration.Counter != uint64(before+1) {
		t.Fatal("the chain does not go on:", es, err)
	}
}

// makeBackup keeps a copy on a medium as this version writes it, with the registry
// that may open it, for TestOldBackupsOpen: FIXTURE_BACKUP=N makes backup-N. One
// that lies there stays.
func makeBackup(t *testing.T, dir string) {
	if _, err := os.Stat(dir); err == nil {
		t.Fatalf("%s stays as it is", dir)
	}
	certificate, key := root(t)
	k := newKitWithRoot(t, certificate)
	withPhoto(k, "an old photo", person("María", "Xochitl", "1987-11", "Teozacoalco")...)
	ok(t, k.AddOutgoing(t.Context(), store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("an old batch"), Covers: []uint64{1}}))
	k.seal(person("Li", "", "1990~", "")...)
	ok(t, k.SaveDraft(t.Context(), store.Draft{ID: draftID(2), Section: "mother"}))
	ok(t, os.MkdirAll(dir, 0o700))
	ok(t, k.Backup(t.Context(), dir))
	ok(t, os.WriteFile(filepath.Join(dir, "registry.txt"), fmt.Appendf(nil, "%x\n%x\n%s\n", certificate, key.Seed(), k.recovery), 0o600))
}

// TestOldBackupsOpen restores what earlier programs left on a medium.
func TestOldBackupsOpen(t *testing.T) {
	if n := os.Getenv("FIXTURE_BACKUP"); n != "" {
		makeBackup(t, "testdata/backup-"+n)
	}
	old, err := filepath.Glob("testdata/backup-*")
	ok(t, err)
	if len(old) == 0 {
		t.Fatal("no old backups")
	}
	for _, dir := range old {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, "registry.txt"))
			ok(t, err)
			lines := strings.Fields(string(text))
			certificate, err := hex.DecodeString(lines[0])
			ok(t, err)
			seed, err := hex.DecodeString(lines[1])
			ok(t, err)
			recovery, err := age.ParseHybridIdentity(lines[2])
			ok(t, err)
			s := newKitWithRoot(t, certificate)
			s.recovery = recovery
			lost, err := store.Backups(dir)
			ok(t, err)
			r := restored(t, s, dir, lost[0], s, ed25519.NewKeyFromSeed(seed))
			if r.Registrations != 2 || r.Drafts != 1 || r.Attachments != 1 || r.Files != 1 || r.Damaged != 0 || r.Torn {
				t.Fatalf("%+v", r)
			}
			if ps, err := s.Search(t.Context(), "xochitl", 2); err != nil || len(ps) != 1 {
				t.Fatal(ps, err)
			}
		})
	}
}
