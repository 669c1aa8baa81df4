package upload

import (
	"context"
	"sync"

	"github.com/askonce/fieldkit/sync/civic"
)

// uploadKey names an upload: each owner has its own.
type uploadKey struct {
	owner Owner
	name  civic.Digest
}

// slots lets one request at a time work on an upload. A newer one ends an
// older one that still reads: the older one's link is dead as a rule, and would
// hang for minutes.
type slots struct {
	mu  sync.Mutex
	all map[uploadKey]*slot
}

type slot struct {
	free      chan struct{} // holds one token while nobody works
	users     int
	interrupt func()
}

// take waits for the upload; end tells the request that is at it to let go.
// The returned function gives it back.
func (u *slots) take(ctx context.Context, key uploadKey, interrupt func()) (func(), error) {
	u.mu.Lock()
	s := u.all[key]
	if s == nil {
		s = &slot{free: make(chan struct{}, 1)}
		s.free <- struct{}{}
		u.all[key] = s
	}
	s.users++
	if s.interrupt != nil {
		s.interrupt()
	}
	u.mu.Unlock()

	leave := func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if s.users--; s.users == 0 {
			delete(u.all, key)
		}
	}
	select {
	case <-s.free:
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	u.mu.Lock()
	s.interrupt = interrupt
	// Somebody newer may wait already; then this one is not to settle in.
	if s.users > 1 {
		interrupt()
	}
	u.mu.Unlock()
	return func() {
		u.mu.Lock()
		s.interrupt = nil
		u.mu.Unlock()
		s.free <- struct{}{}
		leave()
	}, nil
}

// unlessWanted calls do unless a newer request waits for the upload; a newer
// one cannot interrupt in between.
func (u *slots) unlessWanted(key uploadKey, do func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.all[key]; s == nil || s.users == 1 {
		do()
	}
}
