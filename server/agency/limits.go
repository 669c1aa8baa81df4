package agency

import (
	"sync"
	"time"
)

// limits counts requests a minute by name; buckets fill up evenly.
type limits struct {
	clock func() time.Time

	mu      sync.Mutex
	buckets map[string]bucket
}

type bucket struct {
	left float64
	at   time.Time
}

// maxBuckets bounds the names remembered.
const maxBuckets = 65_536

// take takes one of perMinute, and tells how long to wait when there is none.
func (l *limits) take(name string, perMinute int64) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	if l.buckets == nil || len(l.buckets) >= maxBuckets {
		l.buckets = map[string]bucket{}
	}
	b, ok := l.buckets[name]
	if !ok {
		b = bucket{left: float64(perMinute), at: now}
	}
	rate := float64(perMinute) / float64(time.Minute)
	b.left = min(float64(perMinute), b.left+rate*float64(max(0, now.Sub(b.at))))
	b.at = now
	if b.left < 1 {
		wait = time.Duration((1 - b.left) / rate)
	} else {
		b.left--
	}
	l.buckets[name] = b
	return wait
}
