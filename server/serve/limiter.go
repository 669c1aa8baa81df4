package serve

import (
	"sync"
	"time"
)

// limiter lets each asker do something burst times at once, then once every so
// often.
type limiter struct {
	every time.Duration
	burst int
	now   func() time.Time

	mu    sync.Mutex
	until map[string]time.Time // when the asker has its whole burst back
}

// maxAskers bounds the memory of a limiter.
const maxAskers = 10_000

func newLimiter(every time.Duration, burst int, now func() time.Time) *limiter {
	return &limiter{every: every, burst: burst, now: now, until: map[string]time.Time{}}
}

// take counts one try; a positive answer is how long to wait instead.
func (l *limiter) take(asker string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if len(l.until) >= maxAskers {
		for k, t := range l.until {
			if !t.After(now) {
				delete(l.until, k)
			}
		}
		if len(l.until) >= maxAskers {
			return l.every
		}
	}
	t := l.until[asker]
	if t.Before(now) {
		t = now
	}
	t = t.Add(l.every)
	if wait := t.Sub(now) - time.Duration(l.burst)*l.every; wait > 0 {
		return wait
	}
	l.until[asker] = t
	return 0
}
