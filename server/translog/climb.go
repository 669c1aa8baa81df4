package translog

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/sync/civic"
)

// climbing builds a tree leaf by leaf from nothing that is stored.
type climbing struct {
	size   int64
	whole  []tlog.Hash // roots of the whole subtrees so far, the largest first
	levels []tile      // the growing tile of each level
}

// tile is the hashes of one tile, whole or part-full.
type tile struct {
	place
	hashes []byte
}

// add appends a leaf's hash and gives the tiles that it filled.
func (c *climbing) add(h tlog.Hash) (full []tile) {
	c.whole = append(c.whole, h)
	for n := bits.TrailingZeros64(uint64(c.size) + 1); n > 0; n-- { // not below zero
		last := len(c.whole) - 1
		c.whole[last-1] = tlog.NodeHash(c.whole[last-1], c.whole[last])
		c.whole = c.whole[:last]
	}
	c.size++
	for level := 0; ; level++ {
		if level == len(c.levels) {
			c.levels = append(c.levels, tile{place: place{level: level}})
		}
		t := &c.levels[level]
		t.hashes = append(t.hashes, h[:]...)
		if len(t.hashes) < tileWidth*tlog.HashSize || level == maxLevel {
			return full
		}
		full = append(full, *t)
		h = tileRoot(t.hashes)
		*t = tile{place: place{level, t.n + 1}}
	}
}

// edges are the tiles that are part-full.
func (c *climbing) edges() (out []tile) {
	for _, t := range c.levels {
		if len(t.hashes) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// root is the hash over all leaves so far, zero for none.
func (c *climbing) root() civic.Digest {
	if len(c.whole) == 0 {
		return civic.Digest{}
	}
	h := c.whole[len(c.whole)-1]
	for i := len(c.whole) - 2; i >= 0; i-- {
		h = tlog.NodeHash(c.whole[i], h)
	}
	return civic.Digest(h)
}
