package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
)

// postgresTx runs statements in a transaction that somebody else ends.
type postgresTx struct {
	tx *sql.Tx
	db *postgresDB
}

func (t *postgresTx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	text, sent, err := t.db.texts.statement(query, args)
	if err != nil {
		return 0, err
	}
	res, err := t.tx.ExecContext(ctx, text, sent...)
	if err != nil {
		return 0, postgresProblem(err)
	}
	return res.RowsAffected()
}

func (t *postgresTx) Query(ctx context.Context, query string, args ...any) (Rows, error) {
	text, sent, err := t.db.texts.statement(query, args)
	if err != nil {
		return nil, err
	}
	rows, err := t.tx.QueryContext(ctx, text, sent...) //nolint:rowserrcheck,sqlclosecheck // the caller does
	if err != nil {
		return nil, postgresProblem(err)
	}
	return postgresRows{rows}, nil
}

func (t *postgresTx) QueryRow(ctx context.Context, query string, args ...any) Row {
	text, sent, err := t.db.texts.statement(query, args)
	if err != nil {
		return failedRow{err}
	}
	return postgresRow{t.tx.QueryRowContext(ctx, text, sent...)}
}

type postgresRows struct{ *sql.Rows }

func (r postgresRows) Err() error { return postgresProblem(r.Rows.Err()) }

type postgresRow struct{ row *sql.Row }

func (r postgresRow) Scan(into ...any) error { return postgresProblem(r.row.Scan(into...)) }

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

// insertRows bounds the rows of one statement, so that no message grows too large.
const insertRows = 5000

// Insert sends each column as one array: one statement however many rows.
func (t *postgresTx) Insert(ctx context.Context, table string, columns []string, rows [][]any, conflict string) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	types, err := t.db.columns.of(ctx, t, table)
	if err != nil {
		return 0, err
	}
	arrays := make([]string, len(columns))
	for i, c := range columns {
		kind, ok := types[c]
		if !ok {
			return 0, fmt.Errorf("no column %s in %s", c, table)
		}
		arrays[i] = fmt.Sprintf("$%d::%s[]", i+1, kind)
	}
	query := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") " + conflict
	var affected int64
	for len(rows) > 0 {
		n := min(insertRows, len(rows))
		args := make([]any, len(columns))
		for i, c := range columns {
			if args[i], err = array(types[c], rows[:n], i); err != nil {
				return affected, fmt.Errorf("%s.%s: %w", table, c, err)
			}
		}
		res, err := t.tx.ExecContext(ctx, query, args...)
		if err != nil {
			return affected, postgresProblem(err)
		}
		more, err := res.RowsAffected()
		if err != nil {
			return affected, err
		}
		affected += more
		rows = rows[n:]
	}
	return affected, nil
}

// array makes one column of rows an array of the column's type.
func array(kind string, rows [][]any, at int) (any, error) {
	switch kind {
	case "bigint":
		return arrayOf[int64](rows, at)
	case "text":
		return arrayOf[string](rows, at)
	case "bytea":
		out := make([][]byte, len(rows))
		for i, row := range rows {
			v, err := plain(row[at])
			if err != nil {
				return nil, err
			}
			b, ok := v.([]byte)
			if !ok && v != nil {
				return nil, fmt.Errorf("%T where bytes are kept", v)
			}
			out[i] = b // nil is NULL
		}
		return out, nil
	}
	return nil, fmt.Errorf("a column of type %s", kind)
}

func arrayOf[T int64 | string](rows [][]any, at int) (any, error) {
	out := make([]*T, len(rows))
	for i, row := range rows {
		v, err := plain(row[at])
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		x, ok := v.(T)
		if !ok {
			return nil, fmt.Errorf("%T where %T is kept", v, x)
		}
		out[i] = &x
	}
	return out, nil
}

// columnTypes remembers the types of tables' columns.
type columnTypes struct {
	mu  sync.Mutex
	all map[string]map[string]string
}

func (c *columnTypes) of(ctx context.Context, tx Tx, table string) (map[string]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if types := c.all[table]; types != nil {
		return types, nil
	}
	types := map[string]string{}
	err := All(ctx, tx, func(r Row) error {
		var name, kind string
		err := r.Scan(&name, &kind)
		types[name] = kind
		return err
	}, "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = to_regclass(?1) AND attnum > 0 AND NOT attisdropped", table)
	if err != nil {
		return nil, err
	}
	if c.all == nil {
		c.all = map[string]map[string]string{}
	}
	c.all[table] = types
	return types, nil
}
