package agency

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/agreement"
)

// maxTogether bounds the requests that share a transaction.
const maxTogether = 64

// writer has requests that come at the same time share a transaction. One that
// fails leaves nothing behind, and the others go on.
type writer struct {
	db ledger.DB

	mu      sync.Mutex
	waiting []*work
	busy    bool
}

type work struct {
	ctx  context.Context // the request's, which may end while it waits
	who  agreement.AgencyID
	do   func(ledger.Tx) error
	done chan error
}

func (w *writer) update(ctx context.Context, who agreement.AgencyID, do func(ledger.Tx) error) error {
	one := &work{ctx: ctx, who: who, do: do, done: make(chan error, 1)}
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
		for _, alone := range w.write(batch) {
			alone.done <- w.alone(alone)
		}
	}
}

// write runs a batch in one transaction and gives back those that need one to
// themselves.
func (w *writer) write(batch []*work) (alone []*work) {
	for len(batch) > 1 {
		var results []error
		works, scopes := make([]together.Work, len(batch)), make([]ledger.Scope, 0, len(batch))
		for i, one := range batch {
			works[i] = one.run
			if s := ledger.Asker(string(one.who)); !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
		ctx := context.WithoutCancel(batch[0].ctx)
		err := w.db.Update(ctx, func(tx ledger.Tx) (err error) {
			results, err = together.Run(ctx, tx, works)
			return err
		}, scopes...)
		var tied together.Tied
		switch {
		case errors.As(err, &tied): // the rest again, without it
			if one := batch[tied.Place]; errors.Is(tied.Cause, together.ErrAlone) {
				alone = append(alone, one)
			} else {
				one.done <- tied.Cause
			}
			batch = slices.Delete(slices.Clone(batch), tied.Place, tied.Place+1)
			continue
		case err != nil: // nobody knows whose it was
			return append(alone, batch...)
		}
		for i, one := range batch {
			if errors.Is(results[i], together.ErrAlone) {
				alone = append(alone, one)
			} else {
				one.done <- results[i]
			}
		}
		return alone
	}
	return append(alone, batch...)
}

// alone runs a request in a transaction of its own.
func (w *writer) alone(one *work) error {
	return w.db.Update(context.WithoutCancel(one.ctx), one.run, ledger.Asker(string(one.who)))
}

// run does the work, unless nobody waits for it any more.
func (w *work) run(tx ledger.Tx) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.do(tx)
}
