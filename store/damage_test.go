package store_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// raw runs a statement on the closed database, as damage or a thief would.
func (k *kit) raw(query string, args ...any) {
	k.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(k.dir, "kit.db"))
	ok(k.t, err)
	r, err := db.Exec(query, args...)
	ok(k.t, err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		k.t.Fatalf("%s changed nothing: %v", query, err)
	}
	ok(k.t, db.Close())
}

// query reads one value of the closed database.
func (k *kit) query(query string, into any) {
	k.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(k.dir, "kit.db"))
	ok(k.t, err)
	ok(k.t, db.QueryRow(query).Scan(into))
	ok(k.t, db.Close())
}

func TestADamagedDatabaseIsKeptNotRecreated(t *testing.T) {
	cases := map[string]func(path string){
		"header": func(path string) { overwrite(t, path, 0, []byte("not a database at all")) },
		"pages":  func(path string) { overwrite(t, path, 4096*3, bytes.Repeat([]byte{0xff}, 4096)) },
		"empty":  func(path string) { ok(t, os.Truncate(path, 0)) },
		"half":   func(path string) { ok(t, os.Truncate(path, 4096*5)) },
		"schema": func(path string) { overwrite(t, path, 100, bytes.Repeat([]byte{0}, 40)) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			for range 30 {
				k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
			}
			ok(t, k.Close())
			path := filepath.Join(k.dir, "kit.db")
			damage(path)
			before, err := os.ReadFile(path)
			ok(t, err)
			for try := range 2 { // and again: it is not recreated later either
				_, err = store.Open(t.Context(), k.dir, k.options)
				wantCode(t, err, civic.StoreDamaged)
				kept := filepath.Join(k.dir, keptName(t, err))
				after, err := os.ReadFile(kept)
				ok(t, err)
				if !bytes.Equal(before, after) {
					t.Fatalf("try %d: the evidence was changed", try)
				}
				if _, err := os.Stat(path); err == nil {
					t.Fatal("a database stands in its place")
				}
			}
			if !store.Exists(k.dir) {
				t.Fatal("the kit looks as if it never was")
			}
			// Someone decides to enrol anew: that is a new kit beside the evidence.
			s, err := store.Create(t.Context(), k.dir, k.setup())
			ok(t, err)
			ok(t, s.Close())
		})
	}
}

func keptName(t *testing.T, err error) string {
	t.Helper()
	var p *civic.Problem
	if !asProblem(err, &p) || len(p.Words) != 1 || p.Words[0] == "" {
		t.Fatalf("the problem does not name the kept file: %v", err)
	}
	return p.Words[0]
}

func overwrite(t *testing.T, path string, at int64, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	ok(t, err)
	_, err = f.WriteAt(b, at)
	ok(t, err)
	ok(t, f.Close())
}

func TestANewerDatabaseIsLeftAlone(t *testing.T) {
	k := newKit(t)
	k.seal()
	ok(t, k.Close())
	db, err := sql.Open("sqlite", filepath.Join(k.dir, "kit.db"))
	ok(t, err)
	_, err = db.Exec("PRAGMA user_version=999")
	ok(t, err)
	ok(t, db.Close())
	_, err = store.Open(t.Context(), k.dir, k.options)
	wantCode(t, err, civic.StoreNewer)
	if _, err := os.Stat(filepath.Join(k.dir, "kit.db")); err != nil {
		t.Fatal(err)
	}
}

// Damage in one row costs that row: it is set aside, the rest is usable.
func TestADamagedRow(t *testing.T) {
	spoil := "s=zeroblob(length(s))"
	t.Run("draft", func(t *testing.T) {
		k := newKit(t)
		ok(t, k.SaveDraft(t.Context(), store.Draft{ID: draftID(1)}))
		ok(t, k.Close())
		k.raw("UPDATE a SET " + spoil)
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		ok(t, k.SaveDraft(t.Context(), store.Draft{ID: draftID(2)}))
		ds, err := k.Drafts(t.Context())
		ok(t, err)
		c, err := k.Counts(t.Context())
		ok(t, err)
		if len(ds) != 1 || c.Damaged != 1 || c.Drafts != 1 {
			t.Fatalf("%d drafts, %+v", len(ds), c)
		}
	})
	t.Run("readable copy", func(t *testing.T) {
		k := newKit(t)
		id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
		k.seal(person("Eva", "Ruiz", "1991", "Oaxaca")...)
		ok(t, k.Close())
		k.raw("UPDATE b SET " + spoil + " WHERE n=(SELECT min(n) FROM b)")
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		es, err := k.Registrations(t.Context(), store.Filter{})
		ok(t, err)
		forgotten := 0
		for _, e := range es {
			if e.Forgotten {
				forgotten++
			}
		}
		c, err := k.Counts(t.Context())
		ok(t, err)
		if len(es) != 2 || forgotten != 1 || c.Damaged != 1 || id.IsZero() {
			t.Fatalf("%d entries, %d without answers, %+v", len(es), forgotten, c)
		}
	})
	t.Run("stub", func(t *testing.T) {
		k := newKit(t)
		id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
		ok(t, k.Close())
		k.raw("UPDATE c SET " + spoil)
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		k.reopen()
		e, err := k.Registration(t.Context(), id)
		ok(t, err)
		un, err := k.Unpacked(t.Context(), 10)
		ok(t, err)
		if e.Registration.Answers[0].Value != "Ana" || len(un) != 1 {
			t.Fatalf("built again as %+v", e)
		}
		if ps, err := k.Search(t.Context(), "ana ruiz", 3); err != nil || len(ps) != 1 {
			t.Fatal(ps, err)
		}
	})
	t.Run("head", func(t *testing.T) {
		k := newKit(t)
		id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
		ok(t, k.Close())
		k.raw("UPDATE c SET h=zeroblob(length(h))")
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		if e, err := k.Registration(t.Context(), id); err != nil || e.Registration.Answers[0].Value != "Ana" {
			t.Fatal(e, err)
		}
	})
	t.Run("outbox", func(t *testing.T) {
		k := newKit(t)
		k.seal()
		ok(t, k.AddOutgoing(t.Context(), store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("sealed"), Covers: []uint64{1}}))
		ok(t, k.Close())
		k.raw("UPDATE f SET " + spoil)
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		items, err := k.Pending(t.Context())
		ok(t, err)
		_, err = k.Read(t.Context(), items[0].Digest)
		wantCode(t, err, civic.RowDamaged)
		un, err := k.Unpacked(t.Context(), 10)
		ok(t, err)
		if len(un) != 1 {
			t.Fatal("what the damaged file carried is not packed again")
		}
	})
	t.Run("inbox", func(t *testing.T) {
		k := newKit(t)
		ok(t, k.TakeIn(t.Context(), []protocol.Down{{Seq: 1, Body: []byte("x")}, {Seq: 2, Body: []byte("y")}}, 2))
		ok(t, k.Close())
		k.raw("UPDATE g SET " + spoil + " WHERE n=1")
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		n, err := k.ApplyInbox(t.Context(), func(protocol.Down) ([]civic.Outcome, error) { return nil, nil })
		wantCode(t, err, civic.RowDamaged)
		if n != 1 {
			t.Fatal("the message beside it was not taken in")
		}
	})
	t.Run("one bit of a passphrase file", func(t *testing.T) {
		k := newKit(t)
		ok(t, k.Close())
		k.raw("UPDATE p SET f=CAST(substr(f,1,length(f)-1) || x'00' AS BLOB)")
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase)) // it lies there twice
		ok(t, k.Close())
		k.raw("UPDATE p SET g=f")
		k.openAgain()
		if err := k.Unlock(t.Context(), passphrase); err == nil {
			t.Fatal("opened all the same")
		}
	})
	t.Run("each single thing", func(t *testing.T) {
		k := newKit(t)
		id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
		for range 2 { // the first copies, then the second ones
			ok(t, k.Close())
			k.raw("UPDATE m SET " + spoil + " WHERE n<1000")
			k.openAgain()
			ok(t, k.Unlock(t.Context(), passphrase))
			ok(t, k.Ready(t.Context()))
			if e, err := k.Registration(t.Context(), id); err != nil || e.Registration.Answers[0].Value != "Ana" {
				t.Fatal(e, err)
			}
			k.seal()
			_, err := k.Forget(t.Context(), 0)
			ok(t, err)
		}
	})
	t.Run("one bit of a day's key", func(t *testing.T) {
		k := newKit(t)
		id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
		ok(t, k.Close())
		k.raw("UPDATE k SET w=CAST(substr(w,1,length(w)-1) || x'00' AS BLOB)")
		k.openAgain()
		ok(t, k.Unlock(t.Context(), passphrase))
		if e, err := k.Registration(t.Context(), id); err != nil || e.Forgotten {
			t.Fatal(e, err)
		}
	})
}

func TestRowsCannotChangePlaces(t *testing.T) {
	k := newKit(t)
	a := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	b := k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
	ok(t, k.Close())
	k.raw("UPDATE b SET s=(SELECT s FROM b AS o WHERE o.n<>b.n) WHERE n=(SELECT min(n) FROM b)")
	k.openAgain()
	ok(t, k.Unlock(t.Context(), passphrase))
	refused := 0
	for id, name := range map[civic.RegistrationID]string{a: "Ana", b: "Eva"} {
		e, err := k.Registration(t.Context(), id)
		ok(t, err)
		switch {
		case e.Forgotten:
			refused++
		case e.Registration.Answers[0].Value != name:
			t.Fatalf("%s shows the answers of another row", id)
		}
	}
	if refused != 1 {
		t.Fatalf("%d rows refused", refused)
	}
}

func TestAFullDiskSaysSoAndLosesNothing(t *testing.T) {
	k := newKit(t, func(o *store.Options) { o.MaxBytes = 160 << 10 })
	ctx := t.Context()
	sealed := 0
	var err error
	for range 1000 {
		if _, err = k.Seal(ctx, store.DraftID{}, k.maker(person("Ana", "Ruiz", "1990", "Oaxaca")...)); err != nil {
			break
		}
		sealed++
	}
	wantCode(t, err, civic.DiskFull)
	_, err = k.PutAttachment(ctx, "photo.jpg", "image/jpeg", make([]byte, 1<<20))
	wantCode(t, err, civic.DiskFull)
	k.options.MaxBytes = 0
	k.reopen()
	es, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	if len(es) != sealed {
		t.Fatalf("%d of %d", len(es), sealed)
	}
	k.seal() // and the chain goes on where it stopped
	if es, _ = k.Registrations(ctx, store.Filter{Limit: 1}); es[0].Registration.Counter != uint64(sealed+1) {
		t.Fatal("counter", es[0].Registration.Counter)
	}
}

func TestTheDiskIsLookedAtBeforeAnInterview(t *testing.T) {
	free := uint64(1 << 30)
	k := newKit(t, func(o *store.Options) { o.FreeSpace = func(string) (uint64, error) { return free, nil } })
	ok(t, k.Ready(t.Context()))
	free = 3 << 20
	err := k.Ready(t.Context())
	wantCode(t, err, civic.DiskFull)
	var p *civic.Problem
	if !asProblem(err, &p) || p.Words[0] != "3 MB" || p.Words[1] != "64 MB" {
		t.Fatalf("%v", err)
	}
	k.Lock()
	wantCode(t, k.Ready(t.Context()), civic.Locked)
}
