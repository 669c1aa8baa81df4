package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/askonce/fieldkit/sync/civic"
)

// SQLite's integer that says whose file this is: "AOLG".
const applicationID = 0x414f4c47

// How long a statement waits for another process that is writing.
const busyMillis = 20_000

// sqliteDB has one connection that writes and a pool that reads. Other
// processes may write to the same file: an immediate transaction waits for them.
type sqliteDB struct {
	pool    *sql.DB
	readers *sql.DB

	mu     sync.Mutex // held while the writer's transaction is open
	writer *sql.Conn
	cache  statements

	turns turnTable
}

func openSQLite(ctx context.Context, path string) (DB, error) {
	return openSQLiteFor(ctx, path, "journal_mode(WAL)", "synchronous(FULL)")
}

// openSQLiteFor opens a ledger with the pragmas that say how durable it is.
func openSQLiteFor(ctx context.Context, path string, durability ...string) (DB, error) {
	path, query, _ := strings.Cut(path, "?")
	extra, err := url.ParseQuery(query)
	if err != nil {
		return nil, civic.NewProblem(civic.WrongUse, err, "the ledger's place cannot be read")
	}
	// The engine gives its side files the mode of the first: the owner's alone.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, filepath.Base(path))
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	dsn := func(pragmas ...string) string {
		q := url.Values{"_pragma": pragmas}
		for k, v := range extra {
			q[k] = append(q[k], v...)
		}
		return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	}
	busy := fmt.Sprintf("busy_timeout(%d)", busyMillis)
	pool, err := sql.Open("sqlite", dsn(append(durability, busy, "foreign_keys(ON)", "cache_size(-65536)", "temp_store(MEMORY)")...))
	if err != nil {
		return nil, sqliteProblem(err)
	}
	pool.SetMaxOpenConns(1)
	db := &sqliteDB{pool: pool, cache: statements{}}
	if db.writer, err = pool.Conn(ctx); err != nil {
		pool.Close()
		return nil, sqliteProblem(err)
	}
	if err := db.prepare(ctx); err != nil {
		db.writer.Close()
		pool.Close()
		return nil, err
	}
	db.readers, err = sql.Open("sqlite", dsn(busy, "query_only(ON)", "cache_size(-16384)", "temp_store(MEMORY)"))
	if err != nil {
		db.writer.Close()
		pool.Close()
		return nil, sqliteProblem(err)
	}
	db.readers.SetMaxOpenConns(max(4, runtime.NumCPU()))
	db.readers.SetMaxIdleConns(max(4, runtime.NumCPU()))
	return db, nil
}

// prepare checks whose file it is and brings the schema up to date.
func (db *sqliteDB) prepare(ctx context.Context) error {
	var id int64
	if err := db.writer.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return sqliteProblem(err)
	}
	if id != 0 && id != applicationID {
		return civic.NewProblem(civic.LedgerDamaged, fmt.Errorf("application id %x", id))
	}
	return db.Update(ctx, func(tx Tx) error {
		if id == 0 {
			if _, err := tx.Exec(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
				return err
			}
		}
		return migrate(ctx, tx, func(s string) string { return s })
	})
}

// Update is alone in the ledger, whatever its scopes: the engine has one writer.
func (db *sqliteDB) Update(ctx context.Context, fn func(Tx) error, _ ...Scope) (err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// The driver tells a caller who leaves meanwhile that he left, though the
	// transaction has begun: nobody would end it, and nobody could write again.
	if _, err := db.writer.ExecContext(context.WithoutCancel(ctx), "BEGIN IMMEDIATE"); err != nil {
		return sqliteProblem(err)
	}
	done := false
	defer func() {
		// A cancelled context or a panic must not leave the transaction open.
		if !done {
			_, rollback := db.writer.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, rollback)
		}
	}()
	if err := fn(&sqliteTx{conn: db.writer, cache: db.cache}); err != nil {
		return err
	}
	if _, err := db.writer.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return sqliteProblem(err)
	}
	done = true
	return nil
}

func (db *sqliteDB) View(ctx context.Context, fn func(Tx) error) error {
	tx, err := db.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return sqliteProblem(err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return fn(&sqliteTx{conn: tx})
}

func (db *sqliteDB) Backup(ctx context.Context, file string) error {
	conn, err := db.readers.Conn(ctx)
	if err != nil {
		return sqliteProblem(err)
	}
	defer conn.Close()
	// The copy is a write in the engine's eyes, though not to this ledger. Who
	// leaves meanwhile leaves the connection as it was.
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = OFF"); err != nil {
		return sqliteProblem(err)
	}
	_, err = conn.ExecContext(ctx, "VACUUM INTO ?1", file)
	_, back := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = ON")
	return errors.Join(sqliteProblem(err), sqliteProblem(back))
}

func (db *sqliteDB) Check(ctx context.Context) error {
	var verdict string
	if err := db.readers.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return sqliteProblem(err)
	}
	if verdict != "ok" {
		return civic.NewProblem(civic.LedgerDamaged, errors.New(verdict))
	}
	return nil
}

func (db *sqliteDB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.cache.close()
	return errors.Join(db.readers.Close(), db.writer.Close(), db.pool.Close())
}

// sqliteProblem gives the codes a person can act on; the text of the engine's
// error names tables and constraints, never values.
func sqliteProblem(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return civic.NewProblem(civic.ServerFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return civic.NewProblem(civic.LedgerDamaged, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return civic.NewProblem(civic.ServerBusy, err)
	}
	return err
}
