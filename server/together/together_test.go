package together_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/together"
)

var errNo = errors.New("no")

func open(t *testing.T) ledger.DB {
	t.Helper()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// world counts how often things were read and what was written.
type world struct {
	reads   [][]int
	written []int
	held    map[int]int
}

func (w *world) read(tx ledger.Tx, n int) (int, error) {
	return together.Read(tx, "held", n, func(_ ledger.Tx, asks []int) ([]int, error) {
		w.reads = append(w.reads, asks)
		out := make([]int, len(asks))
		for i, n := range asks {
			out[i] = w.held[n]
		}
		return out, nil
	})
}

func (w *world) later(tx ledger.Tx, n int) error {
	return together.Later(tx, "held", n, func(_ ledger.Tx, rows []int) error {
		w.written = append(w.written, rows...)
		return nil
	})
}

// Works at the same point read by one statement; one that fails leaves nothing,
// and the others go on.
func TestTogether(t *testing.T) {
	db := open(t)
	w := &world{held: map[int]int{1: 10, 2: 20, 3: 30}}
	once := 0
	work := func(n int, fail bool) together.Work {
		return func(tx ledger.Tx) error {
			_, err := together.Once(tx, "once", func(ledger.Tx) (int, error) { once++; return 1, nil })
			if err != nil {
				return err
			}
			if v, err := w.read(tx, n); err != nil || v != 10*n {
				t.Error(v, err)
			}
			if err := w.later(tx, n); err != nil {
				return err
			}
			if v, err := w.read(tx, n); err != nil || v != 10*n {
				t.Error(v, err)
			}
			if fail {
				return errNo
			}
			return nil
		}
	}
	var results []error
	err := db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		results, err = together.Run(t.Context(), tx, []together.Work{
			work(1, false), work(2, true), func(ledger.Tx) error { panic("odd") }, work(3, false),
			func(ledger.Tx) error { return together.ErrAlone },
		})
		return err
	})
	if err != nil || results[0] != nil || !errors.Is(results[1], errNo) || results[2] == nil || results[3] != nil || !errors.Is(results[4], together.ErrAlone) {
		t.Fatal(results, err)
	}
	if len(w.reads) != 2 || len(w.reads[0]) != 3 || once != 1 || !slices.Equal(w.written, []int{1, 3}) {
		t.Errorf("%v %d %v", w.reads, once, w.written)
	}
	// Outside of Run everything happens at once.
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		err := w.later(tx, 7)
		if len(w.written) != 3 {
			t.Error(w.written)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A work that wrote by itself and fails takes the transaction with it; an error
// of the ledger ends it for all, and no work is left hanging.
func TestTied(t *testing.T) {
	db := open(t)
	write := func(tx ledger.Tx) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO agency_day (agency, day, persons) VALUES (?1, ?2, ?3)", "a", 1, 1)
		return err
	}
	fine := func(ledger.Tx) error { return nil }
	err := db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := together.Run(t.Context(), tx, []together.Work{fine, func(tx ledger.Tx) error { return errors.Join(write(tx), errNo) }})
		return err
	})
	var tied together.Tied
	if !errors.As(err, &tied) || tied.Place != 1 || !errors.Is(err, errNo) {
		t.Error(err)
	}
	var seen error
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := together.Run(t.Context(), tx, []together.Work{write, func(tx ledger.Tx) error {
			_, seen = together.Read(tx, "broken", 1, func(ledger.Tx, []int) ([]int, error) { return nil, errNo })
			return seen
		}})
		return err
	})
	if !errors.Is(err, errNo) || seen == nil {
		t.Error(err, seen)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := together.Run(ended, tx, []together.Work{func(tx ledger.Tx) error {
			_, err := together.Read(tx, "x", 1, func(ledger.Tx, []int) ([]int, error) { return []int{1}, nil })
			return err
		}})
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	n := 0
	if err := db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM agency_day").Scan(&n)
	}); err != nil || n != 0 {
		t.Error(n, err)
	}
}

// Whatever works ask and whichever fail, together they leave what they would
// have left one after the other.
func TestAsIfAlone(t *testing.T) {
	db := open(t)
	rapid.Check(t, func(r *rapid.T) {
		plans := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(-1, 5), 0, 5), 1, 8).Draw(r, "plans") // -1 fails
		run := func(joint bool) (written []int, failed []bool) {
			w := &world{held: map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5}}
			works := make([]together.Work, len(plans))
			for i, plan := range plans {
				works[i] = func(tx ledger.Tx) error {
					sum := 0
					for _, n := range plan {
						if n < 0 {
							return errNo
						}
						v, err := w.read(tx, n)
						if err != nil || v != n {
							return errors.Join(err, errors.New("another's answer"))
						}
						sum += v
					}
					return w.later(tx, 100*i+sum)
				}
			}
			failed = make([]bool, len(plans))
			err := db.Update(t.Context(), func(tx ledger.Tx) error {
				if joint {
					results, err := together.Run(t.Context(), tx, works)
					for i, e := range results {
						failed[i] = e != nil
					}
					return err
				}
				for i, work := range works {
					failed[i] = work(tx) != nil
				}
				return nil
			})
			if err != nil {
				r.Fatal(err)
			}
			return w.written, failed
		}
		together, failed := run(true)
		alone, failedAlone := run(false)
		if !slices.Equal(together, alone) || !slices.Equal(failed, failedAlone) {
			r.Errorf("%v %v, alone %v %v", together, failed, alone, failedAlone)
		}
	})
}
