package translog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// tileHeight makes tiles of 256 hashes, as tlog-tiles has them.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	maxLevel   = 63 / tileHeight
)

type place struct {
	level int
	n     int64
}

// tiles reads the tree's hashes from the ledger and keeps what it read and
// what was added. It is for one transaction.
type tiles struct {
	ctx    context.Context // lives as long as its transaction
	tx     ledger.Tx
	loaded map[place][]byte
	dirty  map[place]bool
}

func newTiles(ctx context.Context, tx ledger.Tx) *tiles {
	return &tiles{ctx: ctx, tx: tx, loaded: map[place][]byte{}, dirty: map[place]bool{}}
}

// load gives a tile, empty when it does not exist.
func (t *tiles) load(p place) ([]byte, error) {
	if b, ok := t.loaded[p]; ok {
		return b, nil
	}
	var b []byte
	err := t.tx.QueryRow(t.ctx, "SELECT hashes FROM log_tile WHERE level = ?1 AND n = ?2", int64(p.level), p.n).Scan(&b)
	if errors.Is(err, ledger.ErrNoRows) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	t.loaded[p] = b
	return b, nil
}

// ReadHashes makes tiles a tlog.HashReader.
func (t *tiles) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		tile := tlog.TileForIndex(tileHeight, index)
		b, err := t.load(place{tile.L, tile.N})
		if err != nil {
			return nil, err
		}
		if len(b) < tile.W*tlog.HashSize {
			return nil, civic.NewProblem(civic.LogAltered, fmt.Errorf("tile %d/%d has %d bytes", tile.L, tile.N, len(b)), "1")
		}
		if out[i], err = tlog.HashFromTile(tile, b, index); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// add appends the hash of the n-th piece of a level; a tile that is full with
// it gives one hash to the level above.
func (t *tiles) add(level int, n int64, h tlog.Hash) error {
	p := place{level, n / tileWidth}
	b, err := t.load(p)
	if err != nil {
		return err
	}
	if int64(len(b)) != n%tileWidth*tlog.HashSize {
		return civic.NewProblem(civic.LogAltered, fmt.Errorf("tile %d/%d has %d bytes before hash %d", p.level, p.n, len(b), n), "1")
	}
	if !t.dirty[p] {
		b = append(make([]byte, 0, tileWidth*tlog.HashSize), b...)
		t.dirty[p] = true
	}
	b = append(b, h[:]...)
	t.loaded[p] = b
	if len(b) < tileWidth*tlog.HashSize || level == maxLevel {
		return nil
	}
	return t.add(level+1, p.n, tileRoot(b))
}

// tileRoot is the one hash a full tile stands for.
func tileRoot(b []byte) tlog.Hash {
	var row [tileWidth]tlog.Hash
	for i := range row {
		row[i] = tlog.Hash(b[i*tlog.HashSize:])
	}
	for w := tileWidth; w > 1; w /= 2 {
		for i := range w / 2 {
			row[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}

// save writes what was added.
func (t *tiles) save() error {
	var rows [][]any
	for p := range t.dirty {
		rows = append(rows, []any{int64(p.level), p.n, t.loaded[p]})
	}
	_, err := t.tx.Insert(t.ctx, "log_tile", []string{"level", "n", "hashes"}, rows,
		"ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes")
	return err
}

// root is the hash over the first size leaves.
func (t *tiles) root(size int64) (civic.Digest, error) {
	h, err := tlog.TreeHash(size, t)
	return civic.Digest(h), err
}

func digests(proof []tlog.Hash) []civic.Digest {
	out := make([]civic.Digest, len(proof))
	for i, h := range proof {
		out[i] = civic.Digest(h)
	}
	return out
}
