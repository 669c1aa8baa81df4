package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"

	"github.com/askonce/fieldkit/sync/civic"
)

// applicationID marks the file as a kit's memory (PRAGMA application_id).
const applicationID = 0x41_4f_4b_30

// SQLite's result codes that mean something to an officer.
const (
	sqliteBusy    = 5
	sqliteLocked  = 6
	sqliteCorrupt = 11
	sqliteFull    = 13
	sqliteNotADB  = 26
)

// connect opens the one connection of a vault. Locking is EXCLUSIVE before WAL
// is chosen: SQLite then needs no -shm file, which would show page numbers.
func connect(ctx context.Context, path string, o Options) (*sql.DB, *sql.Conn, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	dsn := "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?mode=rw"
	if o.VFS != "" {
		dsn += "&vfs=" + url.QueryEscape(o.VFS)
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(mapError(err), db.Close())
	}
	for _, p := range pragmas(o) {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+p); err != nil {
			return nil, nil, errors.Join(mapError(err), conn.Close(), db.Close())
		}
	}
	return db, conn, nil
}

func pragmas(o Options) []string {
	p := []string{
		"locking_mode=EXCLUSIVE",
		"journal_mode=WAL",
		"synchronous=FULL",
		"fullfsync=ON",
		"secure_delete=ON",
		"temp_store=MEMORY",
		"cell_size_check=ON",
		"trusted_schema=OFF",
		"mmap_size=0",
		"journal_size_limit=1048576",
	}
	if o.MaxBytes > 0 {
		p = append(p, fmt.Sprintf("max_page_count=%d", o.MaxBytes/4096))
	}
	return p
}

// mapError turns what the driver says into a problem; other errors stay.
func mapError(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqliteFull:
		return civic.NewProblem(civic.DiskFull, err, "0 MB", "1 MB")
	case sqliteCorrupt, sqliteNotADB:
		return civic.NewProblem(civic.StoreDamaged, err, "")
	case sqliteBusy, sqliteLocked:
		return civic.NewProblem(civic.KitBusy, err)
	}
	return err
}

// wholeCheck is up to what size a file is looked over whole when it is opened,
// in bytes. That reads every page: 64 MiB take a tablet a second.
const wholeCheck = 64 << 20

// check looks the file over before anything trusts it. Of one with many photos
// it looks at what opens the kit; every other row is authenticated when it is
// read, and a page that leads nowhere shows there.
func check(ctx context.Context, conn *sql.Conn) error {
	var app, pages, size int64
	if err := conn.QueryRowContext(ctx, "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &size); err != nil {
		return mapError(err)
	}
	if pages*size > wholeCheck {
		return checkTables(ctx, conn, "m", "k", "p")
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return mapError(err)
	}
	var said string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return mapError(err)
	}
	if said != "ok" || app != applicationID {
		return civic.NewProblem(civic.StoreDamaged, fmt.Errorf("application %#x, check: %s", app, said), "")
	}
	return nil
}

// checkTables looks over single tables.
func checkTables(ctx context.Context, conn *sql.Conn, names ...string) error {
	var app int64
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app); err != nil {
		return mapError(err)
	}
	if app != applicationID {
		return civic.NewProblem(civic.StoreDamaged, fmt.Errorf("application %#x", app), "")
	}
	for _, name := range names {
		var said string
		if err := conn.QueryRowContext(ctx, "PRAGMA quick_check("+name+")").Scan(&said); err != nil {
			return mapError(err)
		}
		if said != "ok" {
			return civic.NewProblem(civic.StoreDamaged, errors.New(said), "")
		}
	}
	return nil
}

// touch makes an empty file that only its owner may read, so that SQLite does
// not make one that others may.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
