package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
)

// Whatever reads a number and writes the next one gets each number once.
func TestUpdatesAreAlone(t *testing.T) {
	for _, scope := range [][]ledger.Scope{nil, {ledger.Office("mx-1")}, {ledger.Registry(), ledger.Office("mx-1")}} {
		t.Run(fmt.Sprint(len(scope)), func(t *testing.T) {
			ledgertest.Engines(t, func(t *testing.T, place string) {
				one, two := open(t, place), open(t, place) // two processes
				const each = 15
				var wg sync.WaitGroup
				for i := range 6 {
					wg.Go(func() {
						db := []ledger.DB{one, two}[i%2]
						for range each {
							err := db.Update(t.Context(), func(tx ledger.Tx) error {
								var n int64
								if err := tx.QueryRow(t.Context(), "SELECT coalesce(max(seq), 0) FROM audit WHERE area = ?1", "mx-1").Scan(&n); err != nil {
									return err
								}
								_, err := tx.Exec(t.Context(), "INSERT INTO audit (area, seq, at, actor, action) VALUES (?1, ?2, ?3, ?4, ?5)", "mx-1", n+1, 0, "", "")
								return err
							}, scope...)
							if err != nil {
								t.Error(err)
							}
						}
					})
				}
				wg.Wait()
				var n, last int64
				err := one.View(t.Context(), func(tx ledger.Tx) error {
					return tx.QueryRow(t.Context(), "SELECT count(*), max(seq) FROM audit WHERE area = ?1", "mx-1").Scan(&n, &last)
				})
				if err != nil || n != 6*each || last != n {
					t.Fatal(err, n, last)
				}
			})
		})
	}
}

// An Update without scopes waits for one with a scope, and the other way round;
// one of another office goes on.
func TestScopes(t *testing.T) {
	if !ledgertest.HasPostgres() {
		return // the embedded engine has one writer whatever the scopes
	}
	place := ledgertest.Postgres(t)
	one, two := open(t, place), open(t, place)
	for _, c := range []struct {
		name         string
		first, other []ledger.Scope
		beside       bool
	}{
		{"two offices", []ledger.Scope{ledger.Office("a")}, []ledger.Scope{ledger.Office("b")}, true},
		{"one office", []ledger.Scope{ledger.Office("a")}, []ledger.Scope{ledger.Office("a")}, false},
		{"the registry and an office", []ledger.Scope{ledger.Office("a"), ledger.Registry()}, []ledger.Scope{ledger.Office("b")}, true},
		{"the registry twice", []ledger.Scope{ledger.Office("a"), ledger.Registry()}, []ledger.Scope{ledger.Registry(), ledger.Office("b")}, false},
		{"everything", nil, []ledger.Scope{ledger.Office("b")}, false},
		{"everything second", []ledger.Scope{ledger.Office("b")}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				done <- one.Update(t.Context(), func(ledger.Tx) error {
					close(inside)
					<-leave
					return nil
				}, c.first...)
			}()
			<-inside
			second := make(chan error, 1)
			go func() { second <- two.Update(t.Context(), func(ledger.Tx) error { return nil }, c.other...) }()
			if c.beside {
				if err := <-second; err != nil { // it does not wait for the first
					t.Error(err)
				}
				close(leave)
			} else {
				select {
				case err := <-second:
					t.Errorf("it did not wait: %v", err)
					second <- err
				case <-time.After(50 * time.Millisecond):
				}
				close(leave)
				if err := <-second; err != nil {
					t.Error(err)
				}
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTurns(t *testing.T) {
	on(t, func(t *testing.T, db ledger.DB) {
		ctx := t.Context()
		first, release, err := db.Turns(ctx, []string{"c", "a", "b"}, 2)
		if err != nil || fmt.Sprint(first) != "[c a]" {
			t.Fatal(first, err)
		}
		second, end, err := db.Turns(ctx, []string{"a", "b", "c"}, 2)
		if err != nil || fmt.Sprint(second) != "[b]" {
			t.Fatal(second, err)
		}
		if none, _, err := db.Turns(ctx, []string{"a", "b", "c"}, 2); err != nil || len(none) != 0 {
			t.Fatal(none, err)
		}
		release()
		release() // twice does no harm
		third, endThird, err := db.Turns(ctx, []string{"b", "a", "c"}, 5)
		if err != nil || fmt.Sprint(third) != "[a c]" {
			t.Fatal(third, err)
		}
		endThird()
		end()
	})
}
