package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// poolDefault is how many connections write, and how many read, unless the
	// place says pool_max_conns.
	poolDefault = 8
	// turnConns is how many turns one process holds at once.
	turnConns = 4
	// minPostgres is the oldest server this was tried on.
	minPostgres = 130000
	// tries is how often a transaction runs that the engine breaks off.
	tries = 10
)

// sessionSettings make a connection safe to lean on. A process that dies or is
// cut off must not hold its locks for hours, and one that waits too long gives
// up: the kit or the worker comes again.
var sessionSettings = map[string]string{
	"application_name":                    "fieldkit-server",
	"lock_timeout":                        "60s",
	"idle_in_transaction_session_timeout": "120s",
	"tcp_keepalives_idle":                 "10",
	"tcp_keepalives_interval":             "5",
	"tcp_keepalives_count":                "3",
	"tcp_user_timeout":                    "30s",
	"jit":                                 "off", // statements are short
	"random_page_cost":                    "1.1", // disks no longer turn: an index is read in its order, not gathered and sorted
}

// postgresDB writes through one pool, reads through another, so that a View
// inside an Update never waits for itself, and takes turns through a third.
type postgresDB struct {
	writers, readers, turns *sql.DB
	schema                  string
	local                   bool  // the server is on this machine
	whole                   int64 // the lock that stands for the whole ledger
	texts                   texts
	columns                 columnTypes
}

func openPostgres(ctx context.Context, place string) (_ DB, err error) {
	config, conns, err := postgresConfig(place)
	if err != nil {
		return nil, err
	}
	db := &postgresDB{local: isLocal(config.Host)}
	for _, p := range []struct {
		pool  **sql.DB
		conns int
	}{{&db.writers, conns}, {&db.readers, conns}, {&db.turns, turnConns}} {
		*p.pool = stdlib.OpenDB(*config, stdlib.OptionAfterConnect(commitIsDurable))
		(*p.pool).SetMaxOpenConns(p.conns)
		(*p.pool).SetMaxIdleConns(p.conns)
		(*p.pool).SetConnMaxIdleTime(5 * time.Minute)
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// postgresConfig reads a place. What is wrong with it is not repeated.
func postgresConfig(place string) (*pgx.ConnConfig, int, error) {
	wrong := civic.NewProblem(civic.WrongUse, nil, "The ledger's place cannot be read: postgres://USER@HOST/DATABASE.")
	u, err := url.Parse(place)
	if err != nil {
		return nil, 0, wrong
	}
	q, conns := u.Query(), poolDefault
	if s := q.Get("pool_max_conns"); s != "" {
		if conns, err = strconv.Atoi(s); err != nil || conns < 2 {
			return nil, 0, civic.NewProblem(civic.WrongUse, nil, "pool_max_conns is a number from 2 up.")
		}
		q.Del("pool_max_conns")
		u.RawQuery = q.Encode()
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, 0, wrong
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	for name, value := range sessionSettings {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
	// A call that is given up ends at the server too, and its connection lives on.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: 5 * time.Second}
	}
	return config, conns, nil
}

// commitIsDurable undoes a database's habit of answering before the disk has it.
func commitIsDurable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
	return err
}

// prepare looks whose database it is and brings the schema up to date.
func (db *postgresDB) prepare(ctx context.Context) error {
	var encoding string
	var version int
	var schema sql.NullString
	err := db.readers.QueryRowContext(ctx, "SELECT current_setting('server_encoding'), current_setting('server_version_num')::int, current_schema()").
		Scan(&encoding, &version, &schema)
	switch {
	case err != nil:
		return postgresProblem(err)
	case version < minPostgres:
		return civic.NewProblem(civic.WrongUse, nil, "PostgreSQL 13 or newer is needed.")
	case encoding != "UTF8":
		return civic.NewProblem(civic.WrongUse, nil, "The database's encoding has to be UTF8.")
	case !schema.Valid:
		return civic.NewProblem(civic.WrongUse, nil, "The database has no schema this user may use.")
	}
	db.schema = schema.String
	db.whole = db.lockNumber("")
	return db.Update(ctx, func(tx Tx) error {
		var ours, tables int64
		err := tx.QueryRow(ctx, "SELECT count(*) FILTER (WHERE tablename = 'ledger_schema'), count(*) FROM pg_tables WHERE schemaname = ?1", db.schema).Scan(&ours, &tables)
		if err != nil {
			return err
		}
		if ours == 0 && tables > 0 {
			return civic.NewProblem(civic.LedgerDamaged, errors.New("the schema holds tables of something else: give it a database of its own"))
		}
		return migrate(ctx, tx, postgresSchema)
	})
}

// lockNumber is the number of an advisory lock. Locks belong to a database;
// ledgers in several schemas of one do not wait for each other.
func (db *postgresDB) lockNumber(name string) int64 {
	h := fnv.New64a()
	h.Write([]byte("askonce/ledger\x00" + db.schema + "\x00" + name))
	return int64(binary.BigEndian.Uint64(h.Sum(nil)))
}

// Update runs in READ COMMITTED under locks that make it alone, in the whole
// ledger or in its scopes: see decision 80.
func (db *postgresDB) Update(ctx context.Context, fn func(Tx) error, within ...Scope) error {
	for try := 1; ; try++ {
		err := db.update(ctx, fn, within)
		if !brokenOff(err) || try == tries {
			return postgresProblem(err)
		}
		pause := time.NewTimer(time.Duration(1+rand.IntN(10<<min(try, 6))) * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

func (db *postgresDB) update(ctx context.Context, fn func(Tx) error, within []Scope) (err error) {
	conn, err := db.writers.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { part(conn, ctx.Err() != nil) }()
	// The transaction outlives the context for its end: a commit that was begun
	// is finished, and statements have the context themselves.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // an error or a panic
			if rollback := tx.Rollback(); err == nil {
				err = rollback
			}
		}
	}()
	lock, args := db.locks(within)
	if _, err := tx.ExecContext(ctx, lock, args...); err != nil {
		return err
	}
	if err := fn(&postgresTx{tx: tx, db: db}); err != nil {
		return err
	}
	done = true
	return tx.Commit()
}

// locks takes all locks of an Update in one statement, in a fixed order.
func (db *postgresDB) locks(within []Scope) (query string, args []any) {
	if len(within) == 0 {
		return "SELECT pg_advisory_xact_lock($1)", []any{db.whole}
	}
	args = []any{db.whole}
	var numbers []int64
	for _, s := range within {
		numbers = append(numbers, db.lockNumber(s.name))
	}
	slices.Sort(numbers)
	var b strings.Builder
	b.WriteString("SELECT pg_advisory_xact_lock_shared($1)")
	for _, n := range slices.Compact(numbers) {
		args = append(args, n)
		fmt.Fprintf(&b, ", pg_advisory_xact_lock($%d)", len(args))
	}
	return b.String(), args
}

// View is REPEATABLE READ READ ONLY: one picture, and it waits for nobody.
func (db *postgresDB) View(ctx context.Context, fn func(Tx) error) error {
	conn, err := db.readers.Conn(ctx)
	if err != nil {
		return postgresProblem(err)
	}
	own, release := context.WithCancel(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, release)
	tx, err := conn.BeginTx(own, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		unwatch()
		release()
		part(conn, ctx.Err() != nil)
		return postgresProblem(err)
	}
	// Nothing was written and nobody has to wait for the end of it. Whoever asked
	// may be gone by then: that is not to break off what the connection does next.
	defer func() {
		left := ctx.Err() != nil
		unwatch()
		go func() {
			_ = tx.Rollback()
			release()
			part(conn, left)
		}()
	}()
	return postgresProblem(fn(&postgresTx{tx: tx, db: db}))
}

// part gives a connection back. One that a caller left in the middle of a
// statement is closed: the engine hears of his leaving on another way, at any
// time, and would break off what somebody else asks on it next.
func part(conn *sql.Conn, left bool) {
	if left {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = conn.Close() // of one that is closed it says so
}

// Turns locks rows and passes over those that others have locked.
func (db *postgresDB) Turns(ctx context.Context, names []string, limit int) ([]string, func(), error) {
	if len(names) == 0 || limit <= 0 {
		return nil, func() {}, nil
	}
	if _, err := db.writers.ExecContext(ctx, "INSERT INTO ledger_turn (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", names); err != nil {
		return nil, nil, postgresProblem(err)
	}
	tx, err := db.turns.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return nil, nil, postgresProblem(err)
	}
	held, err := takeTurns(ctx, tx, names, limit)
	if err != nil || len(held) == 0 {
		return nil, func() {}, postgresProblem(errors.Join(err, tx.Rollback()))
	}
	return held, sync.OnceFunc(func() { _ = tx.Rollback() }), nil // the locks are all it holds
}

func takeTurns(ctx context.Context, tx *sql.Tx, names []string, limit int) (held []string, err error) {
	if _, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = '10min'"); err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT t.name FROM ledger_turn t JOIN unnest($1::text[]) WITH ORDINALITY AS w (name, n) ON w.name = t.name
 ORDER BY w.n LIMIT $2 FOR UPDATE OF t SKIP LOCKED`, names, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		held = append(held, name)
	}
	return held, rows.Err()
}

// folder is PostgreSQL's own, where it is on this machine and tells.
func (db *postgresDB) folder(ctx context.Context) (dir string) {
	if db.local {
		_ = db.readers.QueryRowContext(ctx, "SELECT current_setting('data_directory')").Scan(&dir) // not everybody may know
	}
	return dir
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return strings.HasPrefix(host, "/") || host == "localhost" || ip != nil && ip.IsLoopback()
}

func (db *postgresDB) Close() error {
	return errors.Join(db.writers.Close(), db.readers.Close(), db.turns.Close())
}
