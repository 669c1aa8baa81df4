package witness

import (
	"golang.org/x/mod/sumdb/tlog"

	"github.com/askonce/fieldkit/sync/civic"
)

// MaxProof is how many hashes a proof about the largest tree can need.
const MaxProof = 2 * 64

// Grows checks that the log at c is the beginning of the log at newer: a proof
// of consistency as RFC 6962 has it. civic.LogForked when it is not.
func (c Checkpoint) Grows(newer Checkpoint, proof []civic.Digest) error {
	if len(proof) > MaxProof {
		return civic.NewProblem(civic.LogMalformed, nil)
	}
	if c.Size == 0 {
		return nil
	}
	if c.Size == newer.Size {
		if c.Root != newer.Root {
			return civic.NewProblem(civic.LogForked, nil)
		}
		return nil
	}
	if err := tlog.CheckTree(hashes(proof), newer.Size, tlog.Hash(newer.Root), c.Size, tlog.Hash(c.Root)); err != nil {
		return civic.NewProblem(civic.LogForked, err)
	}
	return nil
}

// Included checks that a leaf stands at a place of the tree; civic.LogAltered
// when it does not.
func (c Checkpoint) Included(leaf Leaf, place int64, proof []civic.Digest) error {
	if len(proof) > MaxProof || place < 0 || place >= c.Size {
		return civic.NewProblem(civic.LogMalformed, nil)
	}
	if err := tlog.CheckRecord(hashes(proof), c.Size, tlog.Hash(c.Root), place, tlog.RecordHash(leaf.Bytes())); err != nil {
		return civic.NewProblem(civic.LogAltered, err, "1")
	}
	return nil
}

func hashes(proof []civic.Digest) []tlog.Hash {
	out := make([]tlog.Hash, len(proof))
	for i, d := range proof {
		out[i] = tlog.Hash(d)
	}
	return out
}
