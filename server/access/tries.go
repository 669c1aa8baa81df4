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

// take counts a try as a wrong one before it is looked at, so that no two at once
// pass for one, and tells how long the asker is not heard yet; a right one is
// forgotten again.
func (t *tries) take(who asker, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.known[who].locked.Sub(now); wait > 0 {
		return wait
	}
	t.count(who, now)
	return 0
}

func (t *tries) count(who asker, now time.Time) {
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
