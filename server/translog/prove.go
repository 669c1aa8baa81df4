package translog

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// Proof shows that a row stands in the log under a signed head.
type Proof struct {
	Head   witness.Head
	Leaf   witness.Leaf
	Place  int64
	Hashes []civic.Digest
	Salt   []byte
	Text   []byte // the row, CBOR
}

// Check holds the proof against the log's key: the head is signed, the leaf is
// under it, and the row is the leaf's.
func (p Proof) Check(log witness.Log) error {
	if err := log.Check(p.Head); err != nil {
		return err
	}
	if commitmentOf(p.Salt, p.Text) != p.Leaf.Commit {
		return civic.NewProblem(civic.LogAltered, nil, "1")
	}
	return p.Head.Included(p.Leaf, p.Place, p.Hashes)
}

// Prove proves a row under the newest head; a row that still waits for its
// place has no proof yet (civic.LogMalformed).
func (l *Log) Prove(ctx context.Context, tx ledger.Tx, r Row) (p Proof, err error) {
	if r.Leaf < 0 {
		return p, civic.NewProblem(civic.LogMalformed, nil)
	}
	if p.Head, err = l.Head(ctx, tx); err != nil {
		return p, err
	}
	b, err := loadBundle(ctx, tx, r.Leaf/tileWidth)
	if err != nil {
		return p, err
	}
	leaves, err := ReadEntries(b.entries)
	if err == nil && r.Leaf%tileWidth >= int64(len(leaves)) {
		err = civic.NewProblem(civic.LogMalformed, nil)
	}
	if err != nil {
		return p, err
	}
	p.Leaf, p.Place, p.Salt, p.Text = leaves[r.Leaf%tileWidth], r.Leaf, r.Salt(), r.Text()
	p.Hashes, err = l.Inclusion(ctx, tx, r.Leaf, p.Head.Size)
	return p, err
}
