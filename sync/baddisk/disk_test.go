//go:build unix

package baddisk_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/askonce/fieldkit/sync/baddisk"
)

// day fills a table, one row a transaction, and marks each acknowledged one.
func day(t *testing.T, d *baddisk.Disk, synchronous string) {
	t.Helper()
	dir := t.TempDir()
	if err := d.Begin(dir); err != nil {
		t.Fatal(err)
	}
	db := open(t, filepath.Join(dir, "x.db"), "&vfs="+d.Name()+"&_pragma=synchronous("+synchronous+")")
	defer db.Close()
	exec(t, db, "CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT)")
	d.Mark(1)
	for i := 2; i <= 60; i++ {
		exec(t, db, "INSERT INTO t VALUES (?,?)", i, strings.Repeat(fmt.Sprint(i), 400))
		d.Mark(i)
		if i%20 == 0 {
			exec(t, db, "PRAGMA wal_checkpoint(TRUNCATE)")
		}
	}
}

func open(t *testing.T, path, more string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)"+more)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

func exec(t *testing.T, db *sql.DB, q string, args ...any) {
	t.Helper()
	if _, err := db.Exec(q, args...); err != nil {
		t.Fatal(q, err)
	}
}

// survive counts the cuts after which the database was corrupt, or missed what
// was marked.
func survive(t *testing.T, d *baddisk.Disk, cuts int, lies baddisk.Lying) (corrupt, lost int) {
	t.Helper()
	err := d.Cuts(cuts, 1, lies, func(c baddisk.Cut) error {
		dir := t.TempDir()
		if err := c.Write(dir); err != nil {
			return err
		}
		db := open(t, filepath.Join(dir, "x.db"), "")
		defer db.Close()
		var said string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&said); err != nil || said != "ok" {

			corrupt++
			return nil
		}
		var rows int
		if err := db.QueryRow("SELECT count(*) FROM t").Scan(&rows); (err != nil && c.Acked > 0) || rows < c.Acked-1 {
			lost++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return corrupt, lost
}

func TestFullSyncLosesNothing(t *testing.T) {
	d, err := baddisk.New("baddisk-full")
	if err != nil {
		t.Fatal(err)
	}
	day(t, d, "FULL")
	if corrupt, lost := survive(t, d, 200, false); corrupt+lost != 0 {
		t.Fatalf("%d corrupt, %d lost", corrupt, lost)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

// The disk must be bad enough: what is known to lose or to break has to show.
func TestItFindsWhatIsKnownToFail(t *testing.T) {
	d, err := baddisk.New("baddisk-known")
	if err != nil {
		t.Fatal(err)
	}
	day(t, d, "NORMAL")
	if corrupt, lost := survive(t, d, 100, false); corrupt != 0 || lost == 0 {
		t.Fatalf("synchronous=NORMAL: %d corrupt, %d lost", corrupt, lost)
	}
	day(t, d, "OFF")
	if corrupt, lost := survive(t, d, 100, false); corrupt == 0 {
		t.Fatalf("synchronous=OFF: %d corrupt, %d lost", corrupt, lost)
	}
	day(t, d, "FULL")
	if corrupt, lost := survive(t, d, 100, true); corrupt+lost == 0 {
		t.Fatal("a disk that lies about its syncs was not noticed")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFaults(t *testing.T) {
	d, err := baddisk.New("baddisk-faults")
	if err != nil {
		t.Fatal(err)
	}
	db := open(t, filepath.Join(t.TempDir(), "x.db"), "&vfs="+d.Name()+"&_pragma=synchronous(FULL)")
	exec(t, db, "CREATE TABLE t (n INTEGER PRIMARY KEY, s TEXT)")
	for _, f := range []baddisk.Fault{
		{Nth: 1, Kind: baddisk.Write}, {Nth: 1, Kind: baddisk.Write, Full: true}, {Nth: 1, Kind: baddisk.Sync}, {Nth: 1, Kind: baddisk.Sync, Stored: true},
	} {
		d.Fail(f)
		_, err := db.Exec("INSERT INTO t(s) VALUES ('x')")
		var code interface{ Code() int }
		if !errors.As(err, &code) || (code.Code()&0xff == 13) != f.Full {
			t.Fatalf("%+v: %v", f, err)
		}
		d.Fail(baddisk.Fault{})
	}
	exec(t, db, "INSERT INTO t(s) VALUES ('y')")
	if err := errors.Join(db.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
}
