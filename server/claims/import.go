package claims

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Importer takes tables in. It keeps no state between calls.
type Importer struct {
	DB         ledger.DB
	Registry   *registry.Embedded
	Reconciler *reconcile.Reconciler
	// Key is the registry's data key; the hashes of rows are made with one
	// derived from it.
	Key   [32]byte
	Clock func() time.Time
	Rand  io.Reader
	// Chunk is how many rows one transaction takes; 1000 when 0. Whoever else
	// writes waits for one.
	Chunk int
}

// Job is one import.
type Job struct {
	Source civic.ServiceID
	Map    *Map
	Table  *tabular.Table
	// Area is the office of rows whose area no column tells.
	Area civic.Area
	// Offices are those that a column may name.
	Offices []civic.Area
	// Date is when the table was collected, for rows whose date no column tells.
	Date  time.Time
	Actor string
	// Rejected hears of each refused row: its cells as they stood, and why.
	Rejected func(number int, cells []string, reason string) error
	// Progress hears after each transaction. It may be nil.
	Progress func(Result)
}

// Result counts rows.
type Result struct {
	Rows     int `json:"rows"`
	Taken    int `json:"taken"`   // entries that are new
	Changed  int `json:"changed"` // newer claims of an entry
	Known    int `json:"known"`   // stood there already
	Rejected int `json:"rejected"`
	// Of those taken or changed:
	Linked int `json:"linked"` // to a person the registry knew
	Fresh  int `json:"new"`    // a new person
	Held   int `json:"held"`   // a reviewer must say
}

// maxSource bounds a source's name.
var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// ValidSource tells whether a source may be called so.
func ValidSource(name string) bool { return sourceName.MatchString(name) }

const defaultChunk = 1000

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

// Import reads a table to its end. Each transaction takes one chunk whole; cut
// off anywhere, the next import goes on. The result is filled in as far as it
// came, also beside an error.
func (im *Importer) Import(ctx context.Context, job Job) (Result, error) {
	r := &run{Importer: im, Job: job, table: job.Table, key: im.keyOf(), now: im.Clock(), areas: map[civic.Area]bool{}, seen: map[[16]byte][16]byte{}}
	for _, a := range job.Offices {
		r.areas[a] = true
	}
	if !ValidSource(string(job.Source)) {
		return r.result, civic.NewProblem(civic.WrongUse, nil, "A source is named in small letters, digits and . _ - such as civil-registry.")
	}
	if err := r.columns(); err != nil {
		return r.result, err
	}
	if _, err := io.ReadFull(im.Rand, r.id[:]); err != nil {
		return r.result, err
	}
	if err := r.begin(ctx); err != nil {
		return r.result, err
	}
	err := r.all(ctx)
	return r.result, errors.Join(err, r.end(context.WithoutCancel(ctx), err == nil))
}

func (im *Importer) keyOf() [32]byte {
	return sha256.Sum256(append([]byte("askonce/claims/rows/v0\x00"), im.Key[:]...))
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

// settle takes the rows in that are not there yet, office by office.
func (t *run) settle(ctx context.Context, tx ledger.Tx, rows []*read) (done Result, err error) {
	by := map[civic.Area][]*read{}
	for _, row := range rows {
		by[row.area] = append(by[row.area], row)
	}
	areas := make([]civic.Area, 0, len(by))
	for a := range by {
		areas = append(areas, a)
	}
	slices.Sort(areas)
	for _, area := range areas {
		if err := t.office(ctx, tx, area, by[area], &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// version is the newest version of an entry.
type version struct {
	n            int64
	digest       []byte
	registration civic.RegistrationID
	at           int64
	withdrawn    bool
}

func (t *run) office(ctx context.Context, tx ledger.Tx, area civic.Area, rows []*read, done *Result) error {
	newest, err := versions(ctx, tx, area, t.Source, rows)
	if err != nil {
		return err
	}
	now := t.Clock().Unix()
	var incoming []reconcile.Incoming
	var entries [][]any
	for _, row := range rows {
		was, known := newest[row.entry]
		if known && !was.withdrawn && string(was.digest) == string(row.digest[:]) {
			done.Known++
			continue
		}
		reg := &civic.Registration{
			ID: registrationOf(row, was.n+1), Counter: uint64(row.number), Area: area, SourceRow: row.id,
			Form: civic.FormRef{ID: civic.ClaimsForm(t.Source), Version: "1"}, Sealed: civic.Stamp{Wall: row.at},
		}
		if known && !was.withdrawn {
			done.Changed++
			reg.Corrects = was.registration
			if reg.Sealed.Wall <= was.at { // the newer row wins, whatever its date says
				reg.Sealed.Wall = was.at + 1
			}
		} else {
			done.Taken++
		}
		digest := civic.Digest(sha256.Sum256(append(row.entry[:], row.digest[:]...)))
		incoming = append(incoming, reconcile.Incoming{Registration: reg, Digest: digest, Form: said{row.claims}})
		entries = append(entries, []any{string(area), string(t.Source), row.entry[:], was.n + 1, row.digest[:], reg.ID[:], reg.Sealed.Wall, now})
	}
	if len(incoming) == 0 {
		return nil
	}
	outcomes, err := t.Reconciler.Settle(ctx, tx, area, incoming)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		switch o.Status {
		case civic.Merged:
			done.Linked++
		case civic.Held:
			done.Held++
		default:
			done.Fresh++
		}
	}
	_, err = tx.Insert(ctx, "claims_row", []string{"area", "source", "entry", "n", "digest", "registration", "said_at", "taken_at"}, entries, "")
	return err
}

// versions reads the newest version of each entry.
func versions(ctx context.Context, tx ledger.Tx, area civic.Area, source civic.ServiceID, rows []*read) (map[[16]byte]version, error) {
	out := map[[16]byte]version{}
	const size = 200
	for len(rows) > 0 {
		n := min(size, len(rows))
		args := []any{string(area), string(source)}
		var marks strings.Builder
		for i := range size { // one statement for all sizes: the last is repeated
			if i > 0 {
				marks.WriteByte(',')
			}
			marks.WriteString("?" + strconv.Itoa(i+3))
			args = append(args, rows[min(i, n-1)].entry[:])
		}
		err := ledger.All(ctx, tx, func(row ledger.Row) error {
			var entry, registration []byte
			var v version
			var withdrawn int64
			if err := row.Scan(&entry, &v.n, &v.digest, &registration, &v.at, &withdrawn); err != nil {
				return err
			}
			if len(entry) != 16 || len(registration) != 16 {
				return civic.NewProblem(civic.LedgerDamaged, nil)
			}
			v.registration, v.withdrawn = civic.RegistrationID(registration), withdrawn != 0
			if v.n > out[[16]byte(entry)].n {
				out[[16]byte(entry)] = v
			}
			return nil
		}, "SELECT entry, n, digest, registration, said_at, withdrawn_at FROM claims_row WHERE area = ?1 AND source = ?2 AND entry IN ("+marks.String()+")", args...)
		if err != nil {
			return nil, err
		}
		rows = rows[n:]
	}
	return out, nil
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
