// Package civictest is what tests of every room share: a [Clock] they set.
package civictest

import (
	"sync"
	"time"
)

// Clock stands still until a test moves it, for any number of goroutines. Its
// Now is what a package takes as its clock.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// At makes a clock that shows now.
func At(now time.Time) *Clock { return &Clock{now: now} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock on, or back.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
