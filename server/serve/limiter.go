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

// wait tells how long an asker has to wait before another try, 0 for not.
func (l *limiter) wait(asker string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.after(asker).Sub(l.now()) - time.Duration(l.burst)*l.every
}

// after is when an asker would have its whole burst back, were there one more
// try now.
func (l *limiter) after(asker string) time.Time {
	t := l.until[asker]
	if now := l.now(); t.Before(now) {
		t = now
	}
	return t.Add(l.every)
}

// count counts one try.
func (l *limiter) count(asker string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.until) >= maxAskers {
		now := l.now()
		for k, t := range l.until {
			if !t.After(now) {
				delete(l.until, k)
			}
		}
		if len(l.until) >= maxAskers {
			clear(l.until) // that many addresses at once are no guesser's
		}
	}
	l.until[asker] = l.after(asker)
}
