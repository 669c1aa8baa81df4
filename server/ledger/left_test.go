package ledger_test

import (
	"context"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
)

// The engine hears that a caller left some time after he did. The connection he
// left is not given to anybody else, who would be broken off in his place.
func TestNobodyIsBrokenOffForAnother(t *testing.T) {
	if !ledgertest.HasPostgres() {
		return // the embedded engine hears it within the call
	}
	db := open(t, ledgertest.Postgres(t))
	for name, run := range map[string]func(context.Context, func(ledger.Tx) error) error{
		"View":   db.View,
		"Update": func(ctx context.Context, fn func(ledger.Tx) error) error { return db.Update(ctx, fn) },
	} {
		backend := func(ctx context.Context, tx ledger.Tx) (pid int64) {
			if err := tx.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			return pid
		}
		ctx, leave := context.WithCancel(t.Context())
		var left int64
		err := run(ctx, func(tx ledger.Tx) error {
			left = backend(ctx, tx)
			go leave()
			_, err := tx.Exec(ctx, "SELECT pg_sleep(600)")
			return err
		})
		if err == nil {
			t.Fatalf("%s: whoever left was answered", name)
		}
		for range 20 {
			err := run(t.Context(), func(tx ledger.Tx) error {
				if backend(t.Context(), tx) == left {
					t.Errorf("%s: the next one has the connection that was left", name)
				}
				return nil
			})
			if err != nil {
				t.Fatal(name, err)
			}
		}
	}
}
