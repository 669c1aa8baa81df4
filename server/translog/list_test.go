package translog_test

import (
	"context"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// An auditor who looks for what is rare comes through the whole log in bounded
// steps, meets each row once, newest first, and those that still wait as well.
func TestListInSteps(t *testing.T) {
	b := newBench(t)
	rare := translog.Entry{Area: "gt-01", Kind: translog.Staff, Actor: "rare", Action: translog.Look, Reason: "x"}
	b.append(rare)
	b.sequence()
	b.fill(17_000) // more than one reading looks through
	b.append(rare)
	b.sequence()
	b.append(rare) // waits
	read := func(f translog.Filter, limit int) (rows []translog.Row, steps int) {
		t.Helper()
		var from translog.Cursor
		for {
			var found translog.Listed
			b.view(func(ctx context.Context, tx ledger.Tx) (err error) {
				found, err = b.log.List(ctx, tx, f, from, limit)
				return err
			})
			rows, from = append(rows, found.Rows...), found.Next
			if steps++; !found.More {
				return rows, steps
			}
			if steps > 500 {
				t.Fatal("it does not end")
			}
		}
	}
	rows, steps := read(translog.Filter{Actor: "rare"}, 10)
	if len(rows) != 3 || steps != 2 || rows[0].Leaf != -1 || rows[1].Leaf != 17_001 || rows[2].Leaf != 0 {
		t.Errorf("%d rows in %d steps", len(rows), steps)
	}
	if rows, steps := read(translog.Filter{Actor: "rare", Area: "gt-01"}, 2); len(rows) != 3 || steps != 2 {
		t.Errorf("of the office: %d rows in %d steps", len(rows), steps)
	}
	all, _ := read(translog.Filter{}, translog.MaxPage)
	met := map[translog.RowID]bool{}
	byOffice := map[civic.Area]int{}
	for _, r := range all {
		met[r.ID] = true
		byOffice[r.Area]++
	}
	if len(all) != 17_003 || len(met) != len(all) || !slices.IsSortedFunc(all[1:], func(a, b translog.Row) int { return int(b.Leaf - a.Leaf) }) {
		t.Errorf("%d rows, %d different", len(all), len(met))
	}
	for area, n := range byOffice {
		if area == "" {
			continue
		}
		if rows, _ := read(translog.Filter{Area: area}, translog.MaxPage); len(rows) != n {
			t.Errorf("%s: %d rows, %d in all", area, len(rows), n)
		}
	}
	one := all[len(all)/2]
	about, _ := read(translog.Filter{Area: one.Area, Person: one.Person}, 3)
	want := 0
	for _, r := range all {
		if r.Area == one.Area && r.Person == one.Person {
			want++
		}
	}
	if len(about) != want || want == 0 {
		t.Errorf("about one person: %d, not %d", len(about), want)
	}
	if rows, _ := read(translog.Filter{Since: all[0].At + 1}, 10); len(rows) != 0 {
		t.Errorf("%d rows of the future", len(rows))
	}
}
