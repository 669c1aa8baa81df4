package ledger

import (
	"context"
	"database/sql"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// DB is an open ledger, for any number of goroutines.
type DB interface {
	// Update runs fn in a transaction that may write. When fn returns nil and
	// Update returns nil, everything is durable; otherwise nothing happened.
	// No other Update runs beside it, whatever the engine and the process, unless
	// both name scopes and share none.
	Update(ctx context.Context, fn func(Tx) error, within ...Scope) error
	// View runs fn on one unchanging picture of the ledger; writes are refused.
	View(ctx context.Context, fn func(Tx) error) error
	// Backup writes a whole, consistent copy to a file that does not exist yet.
	Backup(ctx context.Context, file string) error
	// Check looks for damage; nil means none was found.
	Check(ctx context.Context) error
	// Turns divides work between processes: of the names given, in their order, it
	// takes at most limit that nobody holds and gives those taken. They are the
	// caller's until release is called or its process ends, however it ends.
	Turns(ctx context.Context, names []string, limit int) (held []string, release func(), err error)
	Close() error
}

// Tx is one transaction. It is for one goroutine and ends with the function it
// was given to. Rows must be closed before the next statement.
type Tx interface {
	// Exec runs one statement and tells how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (affected int64, err error)
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// QueryRow reads at most one row; Scan gives ErrNoRows when there is none.
	QueryRow(ctx context.Context, query string, args ...any) Row
	// Insert writes many rows of one table in the quickest way of the engine.
	// conflict is empty or a clause such as "ON CONFLICT DO NOTHING".
	Insert(ctx context.Context, table string, columns []string, rows [][]any, conflict string) (affected int64, err error)
}

// Rows are the answer to a query.
type Rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// Row is the answer to a query for one row.
type Row interface {
	Scan(into ...any) error
}

// ErrNoRows is what Row.Scan returns when nothing was found.
var ErrNoRows = sql.ErrNoRows

// Open opens the ledger at a place, makes it when absent, and brings its schema
// up to date. The place is "file:PATH" for the embedded engine and
// "postgres://…" for PostgreSQL, as libpq writes it, with pool_max_conns for how
// many connections this process may open. No error repeats a place: it may hold
// a password. A ledger that a newer program wrote, or that is damaged, is left
// as it is: civic.LedgerNewer, civic.LedgerDamaged; civic.LedgerUnreachable when
// PostgreSQL does not answer.
func Open(ctx context.Context, place string) (DB, error) {
	if path, ok := strings.CutPrefix(place, "file:"); ok && path != "" {
		return openSQLite(ctx, path)
	}
	if IsPostgres(place) {
		return openPostgres(ctx, place)
	}
	return nil, civic.NewProblem(civic.WrongUse, nil, "The ledger's place is written file:PATH or postgres://USER@HOST/DATABASE.")
}

// IsPostgres tells whether a place is a PostgreSQL database.
func IsPostgres(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}

// Folder is where the engine keeps the ledger on this machine, empty when it
// lies elsewhere or the engine does not say.
func Folder(ctx context.Context, db DB) string {
	if f, ok := db.(interface{ folder(context.Context) string }); ok {
		return f.folder(ctx)
	}
	return ""
}

// All reads every row of a query with one function a row.
func All(ctx context.Context, tx Tx, each func(Row) error, query string, args ...any) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
