package translog

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// entrySize is what a leaf takes in a bundle: its length in two bytes, then it.
const entrySize = 2 + witness.LeafSize

// maxBundleRows bounds a bundle's list of rows, in bytes.
const maxBundleRows = tileWidth * (16 + 1 + MaxText)

// key finds a row in the ledger.
type key struct {
	area civic.Area
	id   RowID
}

// bundle is up to 256 leaves with the rows they stand for.
type bundle struct {
	n       int64
	entries []byte
	keys    []byte
}

func (b *bundle) width() int { return len(b.entries) / entrySize }

func (b *bundle) add(l witness.Leaf, k key) {
	b.entries = binary.BigEndian.AppendUint16(b.entries, witness.LeafSize)
	b.entries = append(b.entries, l.Bytes()...)
	b.keys = append(b.keys, k.id[:]...)
	b.keys = append(b.keys, byte(len(k.area)))
	b.keys = append(b.keys, k.area...)
}

func loadBundle(ctx context.Context, tx ledger.Tx, n int64) (*bundle, error) {
	b := &bundle{n: n}
	err := tx.QueryRow(ctx, "SELECT entries, rows FROM log_bundle WHERE n = ?1", n).Scan(&b.entries, &b.keys)
	if errors.Is(err, ledger.ErrNoRows) {
		return b, nil
	}
	return b, err
}

func saveBundles(ctx context.Context, tx ledger.Tx, all []*bundle) error {
	rows := make([][]any, len(all))
	for i, b := range all {
		rows[i] = []any{b.n, b.entries, b.keys}
	}
	_, err := tx.Insert(ctx, "log_bundle", []string{"n", "entries", "rows"}, rows,
		"ON CONFLICT (n) DO UPDATE SET entries = excluded.entries, rows = excluded.rows")
	return err
}

// ReadEntries reads the leaves of an entry bundle as it is served.
func ReadEntries(b []byte) ([]witness.Leaf, error) {
	malformed := civic.NewProblem(civic.LogMalformed, nil)
	if len(b)%entrySize != 0 || len(b) > tileWidth*entrySize {
		return nil, malformed
	}
	out := make([]witness.Leaf, 0, len(b)/entrySize)
	for ; len(b) > 0; b = b[entrySize:] {
		if binary.BigEndian.Uint16(b) != witness.LeafSize {
			return nil, malformed
		}
		l, err := witness.ReadLeaf(b[2:entrySize])
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

// readKeys reads the list of rows beside a bundle.
func readKeys(b []byte) ([]key, error) {
	malformed := civic.NewProblem(civic.LogMalformed, nil)
	if len(b) > maxBundleRows {
		return nil, malformed
	}
	var out []key
	for len(b) > 0 {
		if len(b) < 17 || len(b) < 17+int(b[16]) || len(out) == tileWidth {
			return nil, malformed
		}
		n := 17 + int(b[16])
		out = append(out, key{area: civic.Area(b[17:n]), id: RowID(b[:16])})
		b = b[n:]
	}
	return out, nil
}
