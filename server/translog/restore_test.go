package translog_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/witness"
)

// restored is a log that was put back from an older copy, with what a kit saw of
// the rows that were lost.
func restored(t *testing.T, outside bool) (b *bench, kit witness.Seen) {
	t.Helper()
	c := newClock()
	first := open(t, ledgertest.SQLite(t), c)
	first.fill(400)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := first.db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	copied := c.Now()
	first.fill(60)
	kit = witness.Seen{Head: first.head(), At: c.Now().Unix()}
	c.Add(time.Hour)
	b = open(t, "file:"+path, c)
	var note []byte
	if outside {
		note = first.log.Name().Note(kit.Head)
	}
	err := b.db.Update(t.Context(), func(tx ledger.Tx) error {
		g, err := b.log.Restored(t.Context(), tx, c.Now(), copied, note, func(protocol.LogGap) ([]byte, error) { return []byte("signed"), nil })
		if g.Size != 400 {
			t.Errorf("%d leaves are said to be left", g.Size)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Add(time.Minute)
	return b, kit
}

func faults(list []translog.Finding) (out []translog.Fault) {
	for _, f := range list {
		out = append(out, f.Fault)
	}
	return out
}

// A restored log is whole, says what it lost, and hides nothing behind that.
func TestRestoredLog(t *testing.T) {
	for _, known := range []bool{true, false} {
		b, kit := restored(t, known)
		if r := b.verify(translog.Checking{}); !r.OK() || !slices.Contains(faults(r.Notices), translog.Gap) {
			t.Fatalf("known outside %t: %+v", known, r)
		}
		b.fill(100)
		seen := protocol.LogSeen{Size: kit.Size, Root: kit.Root, At: kit.At}
		news, err := b.log.Seen(t.Context(), "mx-20-067", kitOf(1), seen)
		if err != nil || string(news.Gap) != "signed" || !news.Report {
			t.Fatalf("%+v, %v", news, err)
		}
		seen.Signature = kit.Signature[:]
		if _, err := b.log.Seen(t.Context(), "mx-20-067", kitOf(1), seen); err != nil {
			t.Fatal(err)
		}
		r := b.verify(translog.Checking{})
		if !r.OK() || !slices.ContainsFunc(r.Notices, func(f translog.Finding) bool { return f.Fault == translog.Gap && f.Leaf == 460 }) {
			t.Errorf("known outside %t: %+v", known, r)
		}
		// A head seen after the restore is not explained by it.
		late := seen
		late.At, late.Signature = b.clock.Now().Unix(), nil
		if news, err := b.log.Seen(t.Context(), "mx-20-067", kitOf(2), late); err != nil || news.Gap != nil {
			t.Errorf("a restore explains what was seen after it: %+v, %v", news, err)
		}
		late.Signature = kit.Signature[:]
		if _, err := b.log.Seen(t.Context(), "mx-20-067", kitOf(2), late); err != nil {
			t.Fatal(err)
		}
		if r := b.verify(translog.Checking{}); !slices.Contains(faults(r.Findings), translog.Forked) {
			t.Errorf("known outside %t: %+v", known, r)
		}
	}
}

// A row taken out, changed, moved or backdated is found in a restored log too,
// before and behind the hole.
func TestTamperingWithARestoredLogIsFound(t *testing.T) {
	for _, leaf := range []int64{17, 430} {
		for name, want := range map[string]translog.Fault{"removed": translog.RowRemoved, "altered": translog.RowAltered, "backdated": translog.Backdated} {
			b, _ := restored(t, true)
			b.fill(80)
			row := b.rowAt(leaf)
			switch name {
			case "removed":
				b.exec("DELETE FROM log_row WHERE area = ?1 AND id = ?2", string(row.Area), row.ID[:])
			case "altered":
				b.exec("UPDATE log_row SET actor = 'nobody' WHERE area = ?1 AND id = ?2", string(row.Area), row.ID[:])
			case "backdated":
				at := time.Unix(row.At, 0).Add(-time.Hour)
				err := b.db.Update(t.Context(), func(tx ledger.Tx) error {
					return translog.Append(t.Context(), tx, at, []translog.Entry{disclosure(3)})
				})
				if err != nil {
					t.Fatal(err)
				}
				b.clock.Add(time.Hour)
				b.sequence()
			}
			if r := b.verify(translog.Checking{}); !slices.Contains(faults(r.Findings), want) {
				t.Errorf("%s at %d: %+v", name, leaf, r.Findings)
			}
		}
	}
}
