package client

import "sync"

// chunk is how much one request uploads. The centre keeps what arrives of a
// request that is cut, so requests are as long as they may be. Only where
// something between the ends passes requests on whole, and a cut therefore
// gained nothing, they shrink until they fit, and grow again slowly.
type chunk struct {
	mu    sync.Mutex
	now   int64
	limit int64
}

// smallest is the least one request uploads, in bytes.
const smallest = 4 << 10

func newChunk(limit int64) *chunk { return &chunk{now: limit, limit: limit} }

func (c *chunk) size() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// cut notes a request of so many bytes that did not come to its end.
func (c *chunk) cut(part int64, gained bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !gained {
		c.now = max(smallest, min(c.now, part)/2)
	}
}

// whole notes a request that came to its end.
func (c *chunk) whole() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = min(c.limit, c.now+c.now/2)
}
