package main

import (
	"sync"
	"sync/atomic"
	"testing"
)

// Once the queue is closed nobody puts anything into the toolkit's, also not who
// was about to.
func TestNothingIsPutBehindTheWindow(t *testing.T) {
	for range 50 {
		var gone, late atomic.Bool
		q := queue{put: func(func()) {
			if gone.Load() {
				late.Store(true)
			}
		}}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for q.offer(func() {}) {
				}
			})
		}
		q.close()
		gone.Store(true)
		all.Wait()
		if late.Load() {
			t.Fatal("the toolkit's queue was closed already")
		}
	}
}
