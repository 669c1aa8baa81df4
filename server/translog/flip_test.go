package translog_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/translog"
)

// Whatever bit somebody flips in what the log stores, the check finds it; put
// back, the log is whole again.
func TestEveryFlippedBitIsFound(t *testing.T) {
	b := open(t, ledgertest.SQLite(t), newClock())
	b.fill(600)
	type cell struct{ table, column, order string }
	cells := []cell{
		{"log_row", "body", "id"}, {"log_row", "salt", "id"}, {"log_row", "person", "id"}, {"log_row", "id", "id"},
		{"log_bundle", "entries", "n"}, {"log_bundle", "rows", "n"}, {"log_tile", "hashes", "level, n"}, {"log_checkpoint", "note", "size"}, {"log_leaf", "id", "leaf"},
	}
	rapid.Check(t, func(r *rapid.T) {
		c := cells[rapid.IntRange(0, len(cells)-1).Draw(r, "cell")]
		var values [][]byte
		b.view(func(ctx context.Context, tx ledger.Tx) error {
			values = nil
			return ledger.All(ctx, tx, func(s ledger.Row) error {
				var v []byte
				err := s.Scan(&v)
				values = append(values, v)
				return err
			}, "SELECT "+c.column+" FROM "+c.table+" WHERE "+c.column+" IS NOT NULL ORDER BY "+c.order)
		})
		was := values[rapid.IntRange(0, len(values)-1).Draw(r, "row")]
		if n := len(slices.DeleteFunc(slices.Clone(values), func(v []byte) bool { return !bytes.Equal(v, was) })); n != 1 && c.column != "person" {
			return // a value that several rows share
		}
		bit := rapid.IntRange(0, 8*len(was)-1).Draw(r, "bit")
		is := slices.Clone(was)
		is[bit/8] ^= 1 << (bit % 8)
		if slices.ContainsFunc(values, func(v []byte) bool { return bytes.Equal(v, is) }) {
			return // another row's value: putting it back would change that row too
		}
		b.exec("UPDATE "+c.table+" SET "+c.column+" = ?1 WHERE "+c.column+" = ?2", is, was)
		found := b.verify(translog.Checking{})
		b.exec("UPDATE "+c.table+" SET "+c.column+" = ?1 WHERE "+c.column+" = ?2", was, is)
		if found.OK() {
			r.Fatalf("bit %d of %s.%s goes unseen", bit, c.table, c.column)
		}
	})
	if r := b.verify(translog.Checking{}); !r.OK() {
		t.Errorf("%+v", r)
	}
}
