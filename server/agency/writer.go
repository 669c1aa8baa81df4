package agency

import (
	"context"
	"errors"
	"sync"

	"github.com/askonce/fieldkit/server/ledger"
)

// maxTogether bounds the requests that share a transaction.
const maxTogether = 64

// writer has requests that come at the same time share a transaction. One that
// fails by itself is left out and the others are done again without it.
type writer struct {
	db    ledger.DB
	scope ledger.Scope

	mu      sync.Mutex
	waiting []*work
	busy    bool
}

type work struct {
	ctx  context.Context
	do   func(ledger.Tx) error
	done chan error
}

func (w *writer) update(ctx context.Context, do func(ledger.Tx) error) error {
	one := &work{ctx: ctx, do: do, done: make(chan error, 1)}
	w.mu.Lock()
	w.waiting = append(w.waiting, one)
	lead := !w.busy
	w.busy = true
	w.mu.Unlock()
	if lead {
		go w.run()
	}
	select {
	case err := <-one.done:
		return err
	case <-ctx.Done():
		// What was begun may still be written: then the log holds an answer that
		// nobody got, which is the safe side.
		return ctx.Err()
	}
}

func (w *writer) run() {
	for {
		w.mu.Lock()
		n := min(len(w.waiting), maxTogether)
		if n == 0 {
			w.busy = false
			w.mu.Unlock()
			return
		}
		batch := w.waiting[:n:n]
		w.waiting = w.waiting[n:]
		w.mu.Unlock()
		w.write(batch)
	}
}

// errAlone marks that one of several failed.
var errAlone = errors.New("one of several failed")

func (w *writer) write(batch []*work) {
	for len(batch) > 0 {
		var failed *work
		var cause error
		err := w.db.Update(context.WithoutCancel(batch[0].ctx), func(tx ledger.Tx) error {
			failed, cause = nil, nil
			for _, one := range batch {
				if one.ctx.Err() != nil {
					continue
				}
				if err := one.do(tx); err != nil {
					failed, cause = one, err
					return errAlone
				}
			}
			return nil
		}, w.scope)
		if failed == nil {
			for _, one := range batch {
				one.done <- err
			}
			return
		}
		failed.done <- cause
		rest := batch[:0:0]
		for _, one := range batch {
			if one != failed {
				rest = append(rest, one)
			}
		}
		batch = rest
	}
}
