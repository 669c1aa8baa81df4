package translog_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
)

// blob reads one blob.
func (b *bench) blob(query string, args ...any) (out []byte) {
	b.t.Helper()
	b.view(func(ctx context.Context, tx ledger.Tx) error { return tx.QueryRow(ctx, query, args...).Scan(&out) })
	return out
}

// rowAt finds the row of a leaf.
func (b *bench) rowAt(leaf int64) (r translog.Row) {
	b.t.Helper()
	b.view(func(ctx context.Context, tx ledger.Tx) (err error) {
		r, err = b.log.At(ctx, tx, leaf)
		return err
	})
	return r
}

// Whoever has the database and changes it by hand is found.
func TestTamperingIsFound(t *testing.T) {
	const leaf = 301
	for _, c := range []struct {
		name   string
		tamper func(b *bench, r translog.Row)
		want   translog.Fault
	}{
		{"a row removed", func(b *bench, r translog.Row) {
			b.exec("DELETE FROM log_row WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:])
		}, translog.RowRemoved},
		{"a row removed with its place", func(b *bench, r translog.Row) {
			b.exec("DELETE FROM log_row WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:])
			b.exec("DELETE FROM log_leaf WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:])
		}, translog.RowRemoved},
		{"what a row says altered", func(b *bench, r translog.Row) {
			text := bytes.Replace(r.Text(), []byte("health"), []byte("police"), 1)
			b.exec("UPDATE log_row SET body = ?3 WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:], text)
		}, translog.RowAltered},
		{"what a row is found by altered", func(b *bench, r translog.Row) {
			p := personOf(999)
			b.exec("UPDATE log_row SET person = ?3 WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:], p[:])
		}, translog.RowAltered},
		{"a row hidden for longer", func(b *bench, r translog.Row) {
			b.exec("UPDATE log_row SET hidden_until = 4000000000 WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:])
		}, translog.RowAltered},
		{"a salt altered", func(b *bench, r translog.Row) {
			b.exec("UPDATE log_row SET salt = ?3 WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:], bytes.Repeat([]byte{1}, 16))
		}, translog.RowAltered},
		{"rows exchanged", func(b *bench, r translog.Row) {
			other := b.rowAt(leaf + 1)
			b.exec("UPDATE log_leaf SET leaf = ?3 WHERE area = ?1 AND id = ?2", string(r.Area), r.ID[:], other.Leaf)
			b.exec("UPDATE log_leaf SET leaf = ?3 WHERE area = ?1 AND id = ?2", string(other.Area), other.ID[:], r.Leaf)
		}, translog.RowMisplaced},
		{"leaves exchanged", func(b *bench, _ translog.Row) {
			e := b.blob("SELECT entries FROM log_bundle WHERE n = 1")
			one, two := slices.Clone(e[:43]), slices.Clone(e[43:86])
			copy(e, two)
			copy(e[43:], one)
			b.exec("UPDATE log_bundle SET entries = ?1 WHERE n = 1", e)
		}, translog.TileAltered},
		{"a leaf altered in leaf and tile", func(b *bench, _ translog.Row) {
			e := b.blob("SELECT entries FROM log_bundle WHERE n = 1")
			e[20] ^= 1
			b.exec("UPDATE log_bundle SET entries = ?1 WHERE n = 1", e)
			h := b.blob("SELECT hashes FROM log_tile WHERE level = 0 AND n = 1")
			h[3] ^= 1
			b.exec("UPDATE log_tile SET hashes = ?1 WHERE level = 0 AND n = 1", h)
		}, translog.HeadDiffers},
		{"a leaf's time reversed", func(b *bench, _ translog.Row) {
			e := b.blob("SELECT entries FROM log_bundle WHERE n = 1")
			e[8] ^= 0x80
			b.exec("UPDATE log_bundle SET entries = ?1 WHERE n = 1", e)
		}, translog.TimeReversed},
		{"a tile altered", func(b *bench, _ translog.Row) {
			h := b.blob("SELECT hashes FROM log_tile WHERE level = 1 AND n = 0")
			h[0] ^= 1
			b.exec("UPDATE log_tile SET hashes = ?1 WHERE level = 1 AND n = 0", h)
		}, translog.TileAltered},
		{"a bundle removed", func(b *bench, _ translog.Row) {
			b.exec("DELETE FROM log_bundle WHERE n = 1")
		}, translog.LeavesAltered},
		{"a head altered", func(b *bench, _ translog.Row) {
			note := b.blob("SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1")
			b.exec("UPDATE log_checkpoint SET note = ?1 WHERE size = (SELECT MAX(size) FROM log_checkpoint)", bytes.Replace(note, []byte("\n7"), []byte("\n6"), 1))
		}, translog.HeadUnsigned},
		{"the newest head removed", func(b *bench, _ translog.Row) {
			b.exec("DELETE FROM log_checkpoint WHERE size = (SELECT MAX(size) FROM log_checkpoint)")
		}, translog.HeadDiffers},
		{"a row put in without a leaf", func(b *bench, r translog.Row) {
			b.exec("INSERT INTO log_row (area, id, at, kind, actor, action, salt, body) VALUES ('x', ?1, 5, 'agency', 'a', 'look', ?2, ?2)", r.ID[:], r.Salt())
		}, translog.RowUnplaced},
		{"a row kept from its place", func(b *bench, _ translog.Row) {
			b.append(disclosure(3))
			b.clock.Add(time.Hour)
		}, translog.RowWaits},
		{"a row dropped before it got its place", func(b *bench, _ translog.Row) {
			b.append(disclosure(3))
			b.exec("DELETE FROM log_waits")
		}, translog.RowUnplaced},
		{"a row written for an earlier day", func(b *bench, _ translog.Row) {
			err := b.db.Update(b.t.Context(), func(tx ledger.Tx) error {
				return translog.Append(b.t.Context(), tx, b.clock.Now().Add(-24*time.Hour), []translog.Entry{disclosure(3)})
			})
			if err != nil {
				b.t.Fatal(err)
			}
			b.sequence()
		}, translog.Backdated},
		{"a row written for a later day", func(b *bench, _ translog.Row) {
			err := b.db.Update(b.t.Context(), func(tx ledger.Tx) error {
				return translog.Append(b.t.Context(), tx, b.clock.Now().Add(24*time.Hour), []translog.Entry{disclosure(3)})
			})
			if err != nil {
				b.t.Fatal(err)
			}
			b.sequence()
		}, translog.Backdated},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.fill(700)
			if r := b.verify(translog.Checking{}); !r.OK() || len(r.Notices) > 0 {
				t.Fatalf("before: %+v", r)
			}
			c.tamper(b, b.rowAt(leaf))
			r := b.verify(translog.Checking{})
			if !slices.ContainsFunc(r.Findings, func(f translog.Finding) bool { return f.Fault == c.want }) {
				t.Errorf("%s was not found: %+v", c.want, r.Findings)
			}
		})
	}
}

// Whoever has the database and the log's key too can make a new tree that is
// whole in itself; heads that others kept tell.
func TestRewrittenLogIsFoundByHeadsOutside(t *testing.T) {
	b := newBench(t)
	b.fill(400)
	outside := b.log.Name().Note(b.head())
	kit := b.head()

	forged := newBench(t)
	forged.fill(430)
	if r := forged.verify(translog.Checking{}); !r.OK() {
		t.Fatalf("%+v", r.Findings)
	}
	r := forged.verify(translog.Checking{Outside: [][]byte{outside}})
	if len(r.Findings) != 1 || r.Findings[0].Fault != translog.Forked {
		t.Errorf("%+v", r)
	}
	short := newBench(t)
	short.fill(100)
	r = short.verify(translog.Checking{Outside: [][]byte{outside}})
	if len(r.Findings) != 1 || r.Findings[0].Fault != translog.Ahead {
		t.Errorf("%+v", r)
	}
	short.report(3, kit)
	if r = short.verify(translog.Checking{}); len(r.Findings) != 1 || r.Findings[0].Fault != translog.Ahead {
		t.Errorf("%+v", r)
	}
	// A report without the log's signature is an invention and is not kept.
	kit.Signature[5] ^= 1
	honest := newBench(t)
	honest.fill(100)
	honest.report(3, kit)
	if r = honest.verify(translog.Checking{}); !r.OK() {
		t.Errorf("%+v", r.Findings)
	}
}

// A log that was tampered with stands still rather than being signed over.
func TestSequencerDoesNotSignOverTampering(t *testing.T) {
	b := newBench(t)
	b.fill(300)
	h := b.blob("SELECT hashes FROM log_tile WHERE level = 0 AND n = 1")
	h[3] ^= 1
	b.exec("UPDATE log_tile SET hashes = ?1 WHERE level = 0 AND n = 1", h)
	b.append(disclosure(1))
	if n, err := b.log.Sequence(t.Context()); err == nil || n != 0 {
		t.Fatalf("%d leaves were added, %v", n, err)
	}
	if b.head().Size != 300 {
		t.Error("a head was signed")
	}
}

// The row of a look at night, in a log that was quiet, cannot be told from one
// that waited; how late it came is told.
func TestLateRowIsNoticed(t *testing.T) {
	b := newBench(t)
	b.fill(20)
	b.clock.Add(time.Hour)
	b.append(disclosure(5))
	b.clock.Add(time.Hour) // the centre was off
	b.sequence()
	r := b.verify(translog.Checking{})
	if !r.OK() || len(r.Notices) != 1 || r.Notices[0].Fault != translog.Late {
		t.Errorf("%+v", r)
	}
	if r := b.verify(translog.Checking{Since: b.clock.Now().Unix() + 1}); r.Rows != 0 || r.Size != 21 {
		t.Errorf("%+v", r)
	}
}
