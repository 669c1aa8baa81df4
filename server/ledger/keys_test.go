package ledger_test

import (
	"context"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
)

// A ledger whose keys lie in the table as it first was keeps them all.
func TestKeysMoveIntoTheWiderIndex(t *testing.T) {
	place := ledgertest.Place(t)
	db, err := ledger.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	old := "CREATE TABLE registry_key (key BIGINT NOT NULL, person BLOB NOT NULL, home TEXT NOT NULL, PRIMARY KEY (key, person))"
	if ledger.IsPostgres(place) {
		old = "CREATE TABLE registry_key (key bigint NOT NULL, person bytea NOT NULL, home text NOT NULL, PRIMARY KEY (key, person))"
	}
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		for _, statement := range []string{"DROP TABLE registry_key", old, "DELETE FROM ledger_schema WHERE name = '98-keys.sql'"} {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return err
			}
		}
		_, err := tx.Insert(t.Context(), "registry_key", []string{"key", "person", "home"}, [][]any{{int64(-5), []byte{1}, "a"}, {int64(-5), []byte{2}, "b"}, {int64(7), []byte{1}, "a"}}, "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if db, err = ledger.Open(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(t.Context(), func(tx ledger.Tx) error {
		var n, homes int64
		err := tx.QueryRow(context.Background(), "SELECT count(*), count(DISTINCT home) FROM registry_key WHERE key = ?1", int64(-5)).Scan(&n, &homes)
		if err == nil && (n != 2 || homes != 2) {
			t.Errorf("%d rows of %d homes", n, homes)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
