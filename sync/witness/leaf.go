package witness

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/askonce/fieldkit/sync/civic"
)

// SaltSize is how many random bytes hide a row behind its commitment.
const SaltSize = 16

// LeafSize is how many bytes every leaf has: version, time, commitment.
const LeafSize = 1 + 8 + 32

const leafVersion = 1

// Commit stands for a row without telling it: SHA-256 over a label, the salt
// and the row's bytes.
func Commit(salt [SaltSize]byte, row []byte) civic.Digest {
	h := sha256.New()
	h.Write([]byte("askonce/log-row/v1\x00"))
	h.Write(salt[:])
	h.Write(row)
	return civic.Digest(h.Sum(nil))
}

// Leaf is one leaf of the tree: when it was given its place, in seconds since
// 1970 UTC, and the row's commitment.
type Leaf struct {
	At     int64
	Commit civic.Digest
}

// Bytes writes the leaf as the tree hashes it.
func (l Leaf) Bytes() []byte {
	b := make([]byte, LeafSize)
	b[0] = leafVersion
	binary.BigEndian.PutUint64(b[1:], uint64(max(0, l.At))) // not below zero
	copy(b[9:], l.Commit[:])
	return b
}

// ReadLeaf reads what Bytes writes.
func ReadLeaf(b []byte) (Leaf, error) {
	if len(b) != LeafSize || b[0] != leafVersion {
		return Leaf{}, civic.NewProblem(civic.LogMalformed, nil)
	}
	at := binary.BigEndian.Uint64(b[1:])
	if at > 1<<62 {
		return Leaf{}, civic.NewProblem(civic.LogMalformed, nil)
	}
	return Leaf{At: int64(at), Commit: civic.Digest(b[9:])}, nil
}
