package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestNewerAndForeignLedgersAreLeftAlone(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		db := open(t, place)
		err := db.Update(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO ledger_schema (name, digest) VALUES (?1, ?2)", "99-later.sql", []byte{1})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
		if _, err := ledger.Open(t.Context(), place); civic.CodeOf(err) != civic.LedgerNewer {
			t.Fatalf("want %s, got %v", civic.LedgerNewer, err)
		}
	})
}

// Many processes that start at once make one schema.
func TestOpenedAtOnce(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				db, err := ledger.Open(t.Context(), place)
				if err != nil {
					t.Error(err)
					return
				}
				defer db.Close()
				if err := db.Check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

// A backup of either engine is read again by either.
func TestBackupAndRestore(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		db := open(t, place)
		ctx := t.Context()
		err := db.Update(ctx, func(tx ledger.Tx) error {
			rows := make([][]any, 5000)
			for i := range rows {
				rows[i] = []any{"mx-1", []byte(fmt.Sprintf("%064d", i)), bytes.Repeat([]byte{byte(i)}, i%3000)}
			}
			if _, err := tx.Insert(ctx, "ingest_bytes", []string{"area", "digest", "bytes"}, rows, ""); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "INSERT INTO access_invite (code_hash, area, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)", []byte{1}, "mx-1", 1, 2)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		file := t.TempDir() + "/copy.db"
		if err := db.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		want := fingerprint(t, db)
		if other := open(t, "file:"+file); fingerprint(t, other) != want || other.Check(ctx) != nil {
			t.Fatal("the copy differs")
		}
		ledgertest.Engines(t, func(t *testing.T, place string) {
			again := open(t, place)
			if err := ledger.Restore(ctx, again, file, func(ledger.Tx) error { return errors.New("no") }); err == nil || count(t, again) != 0 {
				t.Fatal("a restore that failed left something", err)
			}
			ran := false
			if err := ledger.Restore(ctx, again, file, func(ledger.Tx) error { ran = true; return nil }); err != nil || !ran {
				t.Fatal(err)
			}
			if fingerprint(t, again) != want {
				t.Fatal("what came back differs")
			}
			if err := ledger.Restore(ctx, again, file, func(ledger.Tx) error { return nil }); civic.CodeOf(err) != civic.AlreadyInitialised {
				t.Fatal("a restore over a ledger in use:", err)
			}
		})
	})
}

func fingerprint(t *testing.T, db ledger.DB) string {
	t.Helper()
	var files, size, codes, used, nulls int64
	err := db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM ingest_bytes), (SELECT sum(length(bytes)) FROM ingest_bytes),
 (SELECT count(*) FROM access_invite), (SELECT sum(used_at + hub) FROM access_invite), (SELECT count(*) FROM access_invite WHERE request IS NULL)`).
			Scan(&files, &size, &codes, &used, &nulls)
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(files, size, codes, used, nulls)
}
