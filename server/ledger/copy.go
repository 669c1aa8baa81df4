package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// A backup of either engine is one file, an embedded ledger: it can be opened,
// checked and read again without the engine it was made of.

// Backup copies one picture of the database into an embedded ledger.
func (db *postgresDB) Backup(ctx context.Context, file string) (err error) {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return civic.NewProblem(civic.FileUnwritable, err, filepath.Base(file))
	}
	to, err := openSQLiteFor(ctx, file, "journal_mode(OFF)", "synchronous(OFF)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return db.View(ctx, func(from Tx) error {
		return to.Update(ctx, func(into Tx) error { return copyRows(ctx, from, into) })
	})
}

// Restore fills a ledger that holds nothing yet with all of a backup's rows.
// then runs in the same transaction: a restore is whole, with what it has to
// change, or did not happen. civic.AlreadyInitialised when the ledger holds
// something.
func Restore(ctx context.Context, into DB, file string, then func(Tx) error) (err error) {
	if _, err := os.Lstat(file); err != nil {
		return civic.NewProblem(civic.FileUnreadable, err, filepath.Base(file))
	}
	from, err := openSQLite(ctx, file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	return into.Update(ctx, func(tx Tx) error {
		if err := holdsNothing(ctx, tx); err != nil {
			return err
		}
		if err := from.View(ctx, func(old Tx) error { return copyRows(ctx, old, tx) }); err != nil {
			return err
		}
		return then(tx)
	})
}

// Vacant is civic.AlreadyInitialised for a ledger that holds anything.
func Vacant(ctx context.Context, db DB) error {
	return db.View(ctx, func(tx Tx) error { return holdsNothing(ctx, tx) })
}

// holdsNothing makes sure that no row would be met.
func holdsNothing(ctx context.Context, tx Tx) error {
	tables, err := schemaTables()
	if err != nil {
		return err
	}
	for _, t := range tables {
		var n int64
		err := tx.QueryRow(ctx, "SELECT 1 FROM "+t.Name+" LIMIT 1").Scan(&n)
		if err == nil {
			return civic.NewProblem(civic.AlreadyInitialised, fmt.Errorf("%s holds rows", t.Name), "the database")
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	return nil
}

// copyBlock bounds what is in memory of the copy, in rows and in bytes.
const (
	copyBlock = 2000
	copyBytes = 8 << 20
)

// copyRows copies every row of every table of the schema.
func copyRows(ctx context.Context, from, into Tx) error {
	tables, err := schemaTables()
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := copyTable(ctx, from, into, t); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return nil
}

func copyTable(ctx context.Context, from, into Tx, t Table) error {
	rows, err := from.Query(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM "+t.Name)
	if err != nil {
		return err
	}
	defer rows.Close()
	var block [][]any
	size := 0
	flush := func() error {
		_, err := into.Insert(ctx, t.Name, t.Columns, block, "")
		block, size = block[:0], 0
		return err
	}
	for rows.Next() {
		row := make([]any, len(t.Columns))
		into := make([]any, len(t.Columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			switch v := v.(type) {
			case []byte:
				size += len(v)
				if v == nil { // so the embedded engine gives bytes that are there and empty
					row[i] = []byte{}
				}
			case string:
				size += len(v)
			}
		}
		if block = append(block, row); len(block) == copyBlock || size > copyBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}

// Check reads every row of every table, so that a page that cannot be read is
// met, and looks for indexes that were left unfinished. What lies beneath is
// the database administrator's: checksums, and the tools of the engine.
func (db *postgresDB) Check(ctx context.Context) error {
	return db.View(ctx, func(tx Tx) error {
		tables, err := schemaTables()
		if err != nil {
			return err
		}
		for _, t := range tables {
			var n int64
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+t.Name).Scan(&n); err != nil {
				return err
			}
		}
		var broken int64
		err = tx.QueryRow(ctx, `SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = ?1 AND NOT (i.indisvalid AND i.indisready)`, db.schema).Scan(&broken)
		if err == nil && broken > 0 {
			err = civic.NewProblem(civic.LedgerDamaged, fmt.Errorf("%d indexes are not whole", broken))
		}
		return err
	})
}
