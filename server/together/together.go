// Package together has several requests share one transaction. Each is written
// as if it were alone; what they read at the same point is read by one
// statement for all, and what they write comes in one statement at the end.
//
//	results, err := together.Run(ctx, tx, []together.Work{first, second})
//
// Within a work, [Read] asks a question that others may be asking too, [Later]
// leaves a row to be written when the work succeeded, and [Once] reads what is
// the same for all. Outside of [Run] the three do at once what they are asked,
// so that a package need not know where it runs. A work that fails leaves
// nothing behind, and the others go on.
//
// Works take turns and never run at the same moment. A statement made by itself
// runs at once; one that writes ties the work to the transaction: when it then
// fails, [Run] gives [Tied] and everything must be rolled back.
package together

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
)

// Work is one request. It may run more than once, as in an Update.
type Work func(tx ledger.Tx) error

// Tied says that the work at this place wrote by itself and failed: only a
// rollback takes back what it wrote.
type Tied struct {
	Place int
	Cause error
}

func (t Tied) Error() string { return "a work that wrote failed: " + t.Cause.Error() }

func (t Tied) Unwrap() error { return t.Cause }

// ErrAlone is what a work returns that can only be answered when it has the
// transaction to itself; nothing of it is written.
var ErrAlone = errors.New("this request needs a transaction of its own")

// errEnded is what a work sees that is broken off.
var errEnded = errors.New("the transaction is over")

// Run runs works within a transaction and tells for each why it failed, nil
// where it did not. When it returns an error the transaction must not hold.
func Run(ctx context.Context, tx ledger.Tx, works []Work) ([]error, error) {
	r := &run{results: make([]error, len(works)), once: map[string]any{}}
	all := make([]*joint, len(works))
	for i, work := range works {
		j := &joint{Tx: tx, run: r}
		all[i] = j
		next, stop := iter.Pull(func(yield func(*load) bool) {
			j.yield = yield
			r.results[i] = guarded(work, j)
		})
		j.next = next
		defer stop()
	}
	for waiting := all; len(waiting) > 0; {
		var groups [][]*load
		place := map[string]int{}
		still := waiting[:0:0]
		for _, j := range waiting {
			l, more := j.next()
			if !more {
				continue
			}
			still = append(still, j)
			n, met := place[l.what]
			if !met {
				n = len(groups)
				place[l.what], groups = n, append(groups, nil)
			}
			groups[n] = append(groups[n], l)
		}
		for _, g := range groups {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := g[0].read(tx, g); err != nil {
				return nil, err
			}
		}
		waiting = still
	}
	for i, j := range all {
		if r.results[i] != nil && j.wrote {
			return nil, Tied{i, r.results[i]}
		}
	}
	return r.results, r.write(tx, all)
}

// guarded has a work that panics fail alone.
func guarded(work Work, j *joint) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a request's work panicked: %v", p)
		}
	}()
	return work(j)
}

type run struct {
	results []error
	once    map[string]any
}

// write writes what the works that succeeded left for later, kind by kind.
func (r *run) write(tx ledger.Tx, all []*joint) error {
	var order []string
	by := map[string][]*later{}
	for i, j := range all {
		if r.results[i] != nil {
			continue
		}
		for _, l := range j.later {
			if by[l.what] == nil {
				order = append(order, l.what)
			}
			by[l.what] = append(by[l.what], l)
		}
	}
	for _, what := range order {
		if err := by[what][0].write(tx, by[what]); err != nil {
			return err
		}
	}
	return nil
}

// joint is the transaction as one work sees it.
type joint struct {
	ledger.Tx
	run   *run
	yield func(*load) bool
	next  func() (*load, bool)
	later []*later
	wrote bool
}

// Exec runs a statement at once.
func (j *joint) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	j.wrote = true
	return j.Tx.Exec(ctx, query, args...)
}

// Insert writes rows at once.
func (j *joint) Insert(ctx context.Context, table string, columns []string, rows [][]any, conflict string) (int64, error) {
	j.wrote = true
	return j.Tx.Insert(ctx, table, columns, rows, conflict)
}

// Query runs a statement at once.
func (j *joint) Query(ctx context.Context, query string, args ...any) (ledger.Rows, error) {
	j.reads(query)
	return j.Tx.Query(ctx, query, args...)
}

// QueryRow runs a statement at once.
func (j *joint) QueryRow(ctx context.Context, query string, args ...any) ledger.Row {
	j.reads(query)
	return j.Tx.QueryRow(ctx, query, args...)
}

func (j *joint) reads(query string) { j.wrote = j.wrote || !strings.HasPrefix(query, "SELECT ") }

type load struct {
	what        string
	ask, answer any
	read        func(tx ledger.Tx, loads []*load) error
}

type later struct {
	what  string
	row   any
	write func(tx ledger.Tx, all []*later) error
}

// Read asks a question of a kind. read answers all that are asked at the same
// point, in their order; it is the same whoever asks, and an error of its ends
// the whole transaction.
func Read[A, B any](tx ledger.Tx, what string, ask A, read func(tx ledger.Tx, asks []A) ([]B, error)) (answer B, err error) {
	j, ok := tx.(*joint)
	if !ok {
		out, err := read(tx, []A{ask})
		if err != nil {
			return answer, err
		}
		return out[0], nil
	}
	l := &load{what: what, ask: ask, read: func(tx ledger.Tx, loads []*load) error {
		asks := make([]A, len(loads))
		for i, l := range loads {
			asks[i], _ = l.ask.(A)
		}
		out, err := read(tx, asks)
		if err != nil {
			return err
		}
		for i, l := range loads {
			l.answer = out[i]
		}
		return nil
	}}
	if !j.yield(l) {
		return answer, errEnded
	}
	answer, _ = l.answer.(B)
	return answer, nil
}

// Later writes a row of a kind: at once outside of Run, and within it when all
// works have ended, if this one succeeded.
func Later[A any](tx ledger.Tx, what string, row A, write func(tx ledger.Tx, rows []A) error) error {
	j, ok := tx.(*joint)
	if !ok {
		return write(tx, []A{row})
	}
	j.later = append(j.later, &later{what: what, row: row, write: func(tx ledger.Tx, all []*later) error {
		rows := make([]A, len(all))
		for i, l := range all {
			rows[i], _ = l.row.(A)
		}
		return write(tx, rows)
	}})
	return nil
}

// Once reads what is the same for all works of one transaction; outside of Run
// it reads each time.
func Once[B any](tx ledger.Tx, what string, read func(tx ledger.Tx) (B, error)) (answer B, err error) {
	j, ok := tx.(*joint)
	if !ok {
		return read(tx)
	}
	if v, met := j.run.once[what].(B); met {
		return v, nil
	}
	if answer, err = read(j.Tx); err == nil {
		j.run.once[what] = answer
	}
	return answer, err
}
