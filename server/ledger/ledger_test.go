package ledger_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

func open(t *testing.T, path string) ledger.DB {
	t.Helper()
	db, err := ledger.Open(t.Context(), "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func count(t *testing.T, db ledger.DB) (n int) {
	t.Helper()
	err := db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM access_setting").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func set(ctx context.Context, db ledger.DB, name string) error {
	return db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", name, "v")
		return err
	})
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	db := open(t, path)
	stop := errors.New("stop")
	err := db.Update(t.Context(), func(tx ledger.Tx) error {
		if _, err := tx.Insert(t.Context(), "access_setting", []string{"name", "value"}, [][]any{{"a", "1"}, {"b", "2"}}, ""); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) || count(t, db) != 0 {
		t.Fatalf("a refused update left something: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Update(ctx, func(tx ledger.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", "a", "1"); err != nil {
			return err
		}
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if err := set(t.Context(), db, "after"); err != nil {
		t.Fatalf("the writer is unusable after a cancelled update: %v", err)
	}
	if count(t, db) != 1 {
		t.Fatal("the cancelled update was kept")
	}
}

func TestPanicDoesNotLeaveATransactionOpen(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	func() {
		defer func() { _ = recover() }()
		_ = db.Update(t.Context(), func(ledger.Tx) error { panic("no") })
	}()
	if err := set(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
}

func TestViewCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	err := db.View(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", "a", "1")
		return err
	})
	if err == nil {
		t.Fatal("a view wrote")
	}
}

// Two programs on one file: serve and an administrator's command.
func TestTwoProcessesWriteInTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%.db")
	one, two := open(t, path), open(t, path)
	var wg sync.WaitGroup
	for i, db := range []ledger.DB{one, two} {
		wg.Go(func() {
			for n := range 25 {
				if err := set(t.Context(), db, string(rune('a'+i))+string(rune('a'+n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, one); n != 50 {
		t.Fatalf("%d rows, want 50", n)
	}
}

func TestForeignAndDamagedFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "noise.db")
	noise := []byte("this is no database at all, only a text that somebody put here, long enough to have a header's size and more than that")
	if err := os.WriteFile(path, noise, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), "file:"+path); civic.CodeOf(err) != civic.LedgerDamaged {
		t.Fatalf("want %s, got %v", civic.LedgerDamaged, err)
	}
	if b, _ := os.ReadFile(path); string(b) != string(noise) {
		t.Fatal("the file was changed")
	}

	newer := filepath.Join(dir, "newer.db")
	db := open(t, newer)
	err := db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO ledger_schema (name, digest) VALUES (?1, ?2)", "99-later.sql", []byte{1})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := ledger.Open(t.Context(), "file:"+newer); civic.CodeOf(err) != civic.LedgerNewer {
		t.Fatalf("want %s, got %v", civic.LedgerNewer, err)
	}
}

func TestBackupIsWholeAndOpens(t *testing.T) {
	dir := t.TempDir()
	db := open(t, filepath.Join(dir, "ledger.db"))
	if err := set(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	other := open(t, filepath.Join(dir, "copy.db"))
	if count(t, other) != 1 || other.Check(t.Context()) != nil {
		t.Fatal("the copy differs")
	}
}
