package translog_test

import (
	"context"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
)

// Rows read by the bundle are those read one by one; one that somebody spoilt or
// took away is left out and keeps no other back.
func TestLeaves(t *testing.T) {
	b := newBench(t)
	const rows = 600
	b.fill(rows)
	b.sequence()
	gone, spoilt := b.rowAt(300), b.rowAt(310)
	b.exec("DELETE FROM log_row WHERE id = ?1", gone.ID[:])
	b.exec("UPDATE log_row SET body = ?2 WHERE id = ?1", spoilt.ID[:], []byte{0xff})
	b.view(func(ctx context.Context, tx ledger.Tx) error {
		met, from := 0, int64(0)
		for steps := 0; ; steps++ {
			list, end, err := b.log.Leaves(ctx, tx, from, rows-1) // not the last
			if err != nil {
				return err
			}
			if end == from {
				if steps != 3 {
					t.Errorf("%d steps", steps)
				}
				break
			}
			for i, r := range list {
				one, err := b.log.At(ctx, tx, r.Leaf)
				if err != nil || one.ID != r.ID || r.Leaf < from || r.Leaf >= end || i > 0 && list[i-1].Leaf >= r.Leaf {
					t.Errorf("leaf %d: %v", r.Leaf, err)
				}
			}
			met += len(list)
			from = end
		}
		if met != rows-3 || from != rows-1 {
			t.Errorf("%d rows up to %d", met, from)
		}
		if list, end, err := b.log.Leaves(ctx, tx, rows, rows); err != nil || len(list) != 0 || end != rows {
			t.Errorf("%v %d %v", list, end, err)
		}
		return nil
	})
}
