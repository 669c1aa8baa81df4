package claims

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"regexp"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/tabular"
	"github.com/askonce/fieldkit/sync/civic"
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
