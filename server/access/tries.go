package access

import (
	"sync"
	"time"
)

// After freeTries wrong passwords an asker waits, twice as long each time.
const (
	freeTries = 5
	firstWait = 30 * time.Second
	longWait  = time.Hour
	maxAskers = 10_000 // bounds the memory
)

// asker is who tries a password: a name, whether there is such an account or
// not, and the address it is tried from. So nobody learns which names exist, and
// nobody keeps another out.
type asker struct{ name, from string }

// tries counts wrong passwords.
type tries struct {
	mu    sync.Mutex
	known map[asker]tried
}

type tried struct {
	wrong        int
	last, locked time.Time // of the last wrong try; when the next is heard
}

// wait tells how long an asker is not heard yet.
func (t *tries) wait(who asker, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[who].locked.Sub(now)
}

// wrong counts a wrong password.
func (t *tries) wrong(who asker, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.known[who]
	if !ok && len(t.known) >= maxAskers {
		t.dropOldest()
	}
	k.wrong, k.last = k.wrong+1, now
	if k.wrong >= freeTries {
		k.locked = now.Add(min(longWait, firstWait<<min(k.wrong-freeTries, 10)))
	}
	if t.known == nil {
		t.known = map[asker]tried{}
	}
	t.known[who] = k
}

func (t *tries) dropOldest() {
	var oldest asker
	var at time.Time
	for who, k := range t.known {
		if at.IsZero() || k.last.Before(at) {
			oldest, at = who, k.last
		}
	}
	delete(t.known, oldest)
}

// right forgets an asker's wrong tries.
func (t *tries) right(who asker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, who)
}
