package claims

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// run is one import under way.
type run struct {
	*Importer
	Job
	table      *tabular.Table
	key        [32]byte
	now        time.Time
	areas      map[civic.Area]bool
	sawH, sawF bool
	seen       map[[16]byte][16]byte
	result     Result
	id         [16]byte
}

// columns sees that the map's columns are there.
func (t *run) columns() error {
	all := []column{t.Map.id, t.Map.date, t.Map.evidence, t.Map.area}
	for _, m := range t.Map.attributes {
		all = append(all, m.column)
	}
	for _, c := range all {
		for _, name := range c.columns {
			if !t.table.Has(name) {
				return civic.NewProblem(civic.ColumnsUnknown, nil, name)
			}
		}
	}
	return nil
}

// letters notes which letters a sex column has; M is read by the other one.
func (t *run) letters(rows []read) {
	for _, m := range t.Map.attributes {
		if m.attribute.Name != "sex" || m.values != nil {
			continue
		}
		for _, row := range rows {
			for _, name := range m.columns {
				switch strings.ToUpper(t.table.Cell(row.cells, name)) {
				case "H":
					t.sawH = true
				case "F":
					t.sawF = true
				}
			}
		}
	}
}

func (t *run) all(ctx context.Context) error {
	size := t.Chunk
	if size <= 0 {
		size = defaultChunk
	}
	for {
		var rows []read
		var end error
		for len(rows) < size {
			cells, err := t.table.Next()
			if errors.Is(err, tabular.ErrRow) {
				rows = append(rows, read{number: t.table.Number, cells: slices.Clone(cells), reason: reasonCell})
				continue
			}
			if err != nil {
				end = err
				break
			}
			rows = append(rows, read{number: t.table.Number, cells: slices.Clone(cells)})
		}
		t.letters(rows)
		for i := range rows {
			if rows[i].reason == "" {
				rows[i] = t.understand(rows[i].number, rows[i].cells)
			}
		}
		if err := t.chunk(ctx, rows); err != nil {
			return err
		}
		if t.Progress != nil {
			t.Progress(t.result)
		}
		if errors.Is(end, io.EOF) {
			if t.result.Rows == 0 {
				return civic.NewProblem(civic.ImportEmpty, nil)
			}
			return nil
		}
		if end != nil {
			return civic.NewProblem(civic.FileUnreadable, end, "row "+strconv.Itoa(t.table.Number+1))
		}
	}
}

// chunk settles rows in one transaction.
func (t *run) chunk(ctx context.Context, rows []read) error {
	var good []*read
	for i := range rows {
		row := &rows[i]
		t.result.Rows++
		if row.reason == "" {
			if !match.Prepare(match.FromClaims(row.claims)).Enough() {
				row.reason = reasonLittle
			} else if was, twice := t.seen[row.entry]; twice && was != row.digest {
				row.reason = reasonTwice
			} else {
				row.repeated = twice
				t.seen[row.entry] = row.digest
			}
		}
		switch {
		case row.reason != "":
			t.result.Rejected++
			if err := t.Rejected(row.number, row.cells, row.reason); err != nil {
				return err
			}
		case row.repeated:
			t.result.Known++
		default:
			good = append(good, row)
		}
	}
	if len(good) == 0 {
		return nil
	}
	var done Result
	err := t.DB.Update(ctx, func(tx ledger.Tx) (err error) {
		done, err = t.settle(ctx, tx, good)
		return err
	})
	if err != nil {
		return err
	}
	t.result.Taken += done.Taken
	t.result.Changed += done.Changed
	t.result.Known += done.Known
	t.result.Linked += done.Linked
	t.result.Fresh += done.Fresh
	t.result.Held += done.Held
	return nil
}

// begin and end write the import down, with the rows an auditor reads.
func (t *run) begin(ctx context.Context) error {
	return t.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO claims_import (area, import, source, actor, begun_at) VALUES (?1, ?2, ?3, ?4, ?5)",
			string(t.Area), t.id[:], string(t.Source), t.Actor, t.now.Unix())
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, t.now, []audit.Row{{Area: t.Area, Actor: t.Actor, Action: "import_claims", Object: t.id[:], Detail: string(t.Source)}})
	})
}

func (t *run) end(ctx context.Context, whole bool) error {
	at := t.Clock()
	return t.DB.Update(ctx, func(tx ledger.Tx) error {
		var ended int64
		word := "cut off"
		if whole {
			ended, word = at.Unix(), "to the end"
		}
		_, err := tx.Exec(ctx, "UPDATE claims_import SET ended_at = ?3, taken = ?4, known = ?5, refused = ?6 WHERE area = ?1 AND import = ?2",
			string(t.Area), t.id[:], ended, int64(t.result.Taken+t.result.Changed), int64(t.result.Known), int64(t.result.Rejected))
		if err != nil {
			return err
		}
		return audit.Write(ctx, tx, at, []audit.Row{{Area: t.Area, Actor: t.Actor, Action: "import_claims_end", Object: t.id[:],
			Detail: string(t.Source) + " " + word + " " + strconv.Itoa(t.result.Taken+t.result.Changed) + " taken"}})
	})
}
