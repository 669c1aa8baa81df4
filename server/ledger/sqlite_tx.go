package ledger

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// sqliteConn is what a connection and a transaction of database/sql share.
type sqliteConn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// statements keeps what the writer has prepared: the same few dozen texts for
// the life of the process.
type statements map[string]*sql.Stmt

// insertion writes a statement for n rows.
func insertion(table string, columns []string, n int, conflict string) string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
	for i := range n * len(columns) {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteByte(',')
		}
		b.WriteByte('?')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteString(") " + conflict)
	return b.String()
}

// maxStatements bounds the cache; texts beyond it are prepared each time.
const maxStatements = 512

func (s statements) close() {
	for text, stmt := range s {
		stmt.Close()
		delete(s, text)
	}
}

// sqliteTx runs statements on a connection whose transaction somebody else
// opened and ends.
type sqliteTx struct {
	conn  sqliteConn
	cache statements // nil for readers
}

func (t *sqliteTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.on(ctx, query, args).exec(ctx)
	if err != nil {
		return 0, sqliteProblem(err)
	}
	return res.RowsAffected()
}

func (t *sqliteTx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	rows, err := t.on(ctx, query, args).rows(ctx) //nolint:rowserrcheck // the caller looks at Err
	if err != nil {
		return nil, sqliteProblem(err)
	}
	return rows, nil
}

func (t *sqliteTx) QueryRow(ctx context.Context, query string, args ...any) Row {
	return sqliteRow{t.on(ctx, query, args).row(ctx)}
}

type sqliteRow struct{ row *sql.Row }

func (r sqliteRow) Scan(into ...any) error { return sqliteProblem(r.row.Scan(into...)) }

// statement is a text with its arguments, prepared or not.
type statement struct {
	conn sqliteConn
	stmt *sql.Stmt // nil when it was not worth keeping
	text string
	args []any
}

func (s statement) exec(ctx context.Context) (sql.Result, error) {
	if s.stmt != nil {
		return s.stmt.ExecContext(ctx, s.args...)
	}
	return s.conn.ExecContext(ctx, s.text, s.args...)
}

func (s statement) rows(ctx context.Context) (*sql.Rows, error) {
	if s.stmt != nil {
		return s.stmt.QueryContext(ctx, s.args...)
	}
	return s.conn.QueryContext(ctx, s.text, s.args...)
}

func (s statement) row(ctx context.Context) *sql.Row {
	if s.stmt != nil {
		return s.stmt.QueryRowContext(ctx, s.args...)
	}
	return s.conn.QueryRowContext(ctx, s.text, s.args...)
}

// on finds the kept statement of a text. Readers keep none, and what has no
// arguments (pragmas, schema) is not kept either. A text that cannot be
// prepared runs unprepared and fails there.
func (t *sqliteTx) on(ctx context.Context, text string, args []any) statement {
	text = emptyBlobs(text, args)
	s := statement{conn: t.conn, text: text, args: args}
	if t.cache == nil || len(args) == 0 {
		return s
	}
	s.stmt = t.cache[text]
	if s.stmt == nil && len(t.cache) < maxStatements {
		if stmt, err := t.conn.PrepareContext(ctx, text); err == nil { //nolint:sqlclosecheck // statements.close does
			t.cache[text], s.stmt = stmt, stmt
		}
	}
	return s
}

// emptyBlobs writes bytes that are there and empty as a literal: the driver
// would make NULL of them.
func emptyBlobs(text string, args []any) string {
	for _, a := range args {
		if b, ok := a.([]byte); ok && b != nil && len(b) == 0 {
			return rewrite(text, len(args), func(n int) string {
				if b, ok := args[n-1].([]byte); ok && b != nil && len(b) == 0 {
					return "x''"
				}
				return "?" + strconv.Itoa(n)
			})
		}
	}
	return text
}

// Rows of few columns go narrowRows to a statement.
const (
	narrowColumns = 4
	narrowRows    = 16
)

// Insert runs prepared statements in a loop: of one row, measured a tenth quicker
// than many-row VALUES on this engine; but rows of few columns, as those of the
// log's places and of match keys, by sixteen: a third quicker.
func (t *sqliteTx) Insert(ctx context.Context, table string, columns []string, rows [][]any, conflict string) (affected int64, err error) {
	text, of := "", 0
	for len(rows) > 0 {
		n := 1
		if len(columns) <= narrowColumns && len(rows) >= narrowRows {
			n = narrowRows
		}
		if n != of {
			text, of = insertion(table, columns, n, conflict), n
		}
		args := rows[0]
		if n > 1 {
			args = make([]any, 0, n*len(columns))
			for _, row := range rows[:n] {
				args = append(args, row...)
			}
		}
		some, err := t.Exec(ctx, text, args...)
		if err != nil {
			return affected, err
		}
		affected += some
		rows = rows[n:]
	}
	return affected, nil
}
