package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
)

// The contract of a ledger, held to each engine.

func open(t testing.TB, place string) ledger.DB {
	t.Helper()
	db, err := ledger.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// on runs a test on each engine with a new ledger.
func on(t *testing.T, test func(t *testing.T, db ledger.DB)) {
	ledgertest.Engines(t, func(t *testing.T, place string) { test(t, open(t, place)) })
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

func set(ctx context.Context, db ledger.DB, name string, within ...ledger.Scope) error {
	return db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", name, "v")
		return err
	}, within...)
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
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
	})
}

// Whoever leaves while a transaction begins leaves none open behind him: each
// moment of the first tenth of a millisecond is tried, and the next is served.
func TestLeavingAsItBegins(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		kept := 0
		for n := range 400 {
			ctx, leave := context.WithCancel(t.Context())
			at := time.AfterFunc(time.Duration(n%100)*time.Microsecond, leave)
			if err := set(ctx, db, "left "+strconv.Itoa(n)); err == nil {
				kept++
			}
			_ = db.View(ctx, func(tx ledger.Tx) error {
				return tx.QueryRow(ctx, "SELECT count(*) FROM access_setting").Scan(new(int))
			})
			at.Stop()
			leave()
			if err := set(t.Context(), db, "after "+strconv.Itoa(n)); err != nil {
				t.Fatalf("round %d: %v", n, err)
			}
			kept++
		}
		if n := count(t, db); n != kept {
			t.Errorf("%d rows, told of %d", n, kept)
		}
	})
}

func TestPanicDoesNotLeaveATransactionOpen(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		func() {
			defer func() { _ = recover() }()
			_ = db.Update(t.Context(), func(ledger.Tx) error { panic("no") })
		}()
		if err := set(t.Context(), db, "a"); err != nil {
			t.Fatal(err)
		}
	})
}

func TestViewCannotWriteAndDoesNotChange(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		err := db.View(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO access_setting (name, value) VALUES (?1, ?2)", "a", "1")
			return err
		})
		if err == nil {
			t.Fatal("a view wrote")
		}
		err = db.View(t.Context(), func(tx ledger.Tx) error {
			var before, after int
			if err := tx.QueryRow(t.Context(), "SELECT count(*) FROM access_setting").Scan(&before); err != nil {
				return err
			}
			if err := set(t.Context(), db, "meanwhile"); err != nil {
				return err
			}
			err := tx.QueryRow(t.Context(), "SELECT count(*) FROM access_setting").Scan(&after)
			if before != after {
				t.Error("the picture changed under a reader")
			}
			return err
		})
		if err != nil || count(t, db) != 1 {
			t.Fatal(err)
		}
	})
}

// Values come back as they went, whatever their Go type.
func TestValues(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		ctx := t.Context()
		long := strings.Repeat("ñ字", 40_000)
		err := db.Update(ctx, func(tx ledger.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO access_invite (code_hash, area, created_at, expires_at, used_at, request, hub) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
				[]byte{0, 1, 255}, civic.Area(long), int64(1)<<62, uint32(7), -3, nil, true)
			if err != nil {
				return err
			}
			n, err := tx.Insert(ctx, "access_invite", []string{"code_hash", "area", "created_at", "expires_at", "request", "answer", "hub"}, [][]any{
				{[]byte{0, 1, 255}, "again", 1, 1, nil, nil, false},
				{[]byte("b"), civic.Area("x"), 1, uint64(9), []byte{}, []byte{5}, false},
				{[]byte("c"), "y", int64(1), 1, []byte(nil), nil, true},
			}, "ON CONFLICT DO NOTHING")
			if n != 2 {
				t.Errorf("%d rows, want 2", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		type row struct {
			code, request, answer []byte
			area                  civic.Area
			created               int64
			expires               uint32
			used                  int
			hub                   bool
		}
		var got []row
		err = db.View(ctx, func(tx ledger.Tx) error {
			return ledger.All(ctx, tx, func(r ledger.Row) error {
				var v row
				err := r.Scan(&v.code, &v.area, &v.created, &v.expires, &v.used, &v.request, &v.answer, &v.hub)
				got = append(got, v)
				return err
			}, "SELECT code_hash, area, created_at, expires_at, used_at, request, answer, hub FROM access_invite WHERE (?1 = '' OR area = ?1) AND (?2 = 0 OR used_at = ?2) ORDER BY code_hash LIMIT ?3", "", 0, 10)
		})
		if err != nil || len(got) != 3 {
			t.Fatal(err, len(got))
		}
		a, b, c := got[0], got[1], got[2]
		if string(a.area) != long || a.created != 1<<62 || a.expires != 7 || a.used != -3 || a.request != nil || !a.hub || !bytes.Equal(a.code, []byte{0, 1, 255}) {
			t.Errorf("%+v", a)
		}
		if len(b.request) != 0 || !bytes.Equal(b.answer, []byte{5}) || b.hub || b.expires != 9 {
			t.Errorf("%+v", b)
		}
		if c.request != nil || c.answer != nil || !c.hub {
			t.Errorf("%+v", c)
		}
		var sum, empty int64
		var none []byte
		err = db.View(ctx, func(tx ledger.Tx) error {
			err := tx.QueryRow(ctx, "SELECT coalesce(sum(expires_at), 0), (SELECT count(*) FROM access_invite WHERE length(request) = length(?1)) FROM access_invite", []byte{}).Scan(&sum, &empty)
			if err != nil {
				return err
			}
			return tx.QueryRow(ctx, "SELECT answer FROM access_invite WHERE code_hash = ?1", []byte("nobody")).Scan(&none)
		})
		if !errors.Is(err, ledger.ErrNoRows) || sum != 17 || empty != 1 {
			t.Error(err, sum, empty)
		}
	})
}

// Texts sort by their bytes on every engine.
func TestOrder(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		for _, name := range []string{"b", "a", "B", "ñ", "_", "z"} {
			if err := set(t.Context(), db, name); err != nil {
				t.Fatal(err)
			}
		}
		var got string
		err := db.View(t.Context(), func(tx ledger.Tx) error {
			return ledger.All(t.Context(), tx, func(r ledger.Row) error {
				var s string
				err := r.Scan(&s)
				got += s
				return err
			}, "SELECT name FROM access_setting ORDER BY name")
		})
		if err != nil || got != "B_abzñ" {
			t.Fatal(err, got)
		}
	})
}
