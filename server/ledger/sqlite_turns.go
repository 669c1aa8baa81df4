package ledger

import (
	"context"
	"sync"
)

// turnTable holds turns in memory: one process at a time serves an embedded
// ledger, so that nobody else takes any.
type turnTable struct {
	mu   sync.Mutex
	held map[string]bool
}

// Turns is for the goroutines of this process.
func (db *sqliteDB) Turns(_ context.Context, names []string, limit int) ([]string, func(), error) {
	t := &db.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held == nil {
		t.held = map[string]bool{}
	}
	var held []string
	for _, name := range names {
		if len(held) < limit && !t.held[name] {
			t.held[name] = true
			held = append(held, name)
		}
	}
	return held, sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, name := range held {
			delete(t.held, name)
		}
	}), nil
}
