//go:build unix

package ingest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// powerCuts is how often the power is cut in the test run.
const powerCuts = 3000

// promise is what the centre has acknowledged up to one mark.
type promise struct {
	files   []civic.Digest // signed for
	settled int            // registrations told of
}

// day lets kits send and the worker settle, on a disk that notes every write.
func day(t *testing.T, c *centre, d *baddisk.Disk) []promise {
	t.Helper()
	promises := []promise{{}}
	now := promise{}
	kept := func() {
		now.files = append([]civic.Digest(nil), now.files...)
		promises = append(promises, now)
		d.Mark(len(promises) - 1)
	}
	kits := []*kit{c.kit("mx-1"), c.kit("mx-2")}
	for round := range 6 {
		for _, k := range kits {
			if round == 0 {
				file := k.header()
				k.take(protocol.UploadKey, file)
				now.files = append(now.files, protocol.NameOf(file))
				kept()
			}
			file := k.pack(k.seal(), k.seal(), k.seal())
			k.take(protocol.UploadBatch, file)
			now.files = append(now.files, protocol.NameOf(file))
			kept()
			if round%2 == 1 {
				c.work()
				_, _, outcomes := k.sync(protocol.SyncRequest{})
				now.settled += len(outcomes)
				kept()
			}
		}
	}
	return promises
}

// holds opens what a cut left and holds it to the promise.
func holds(t *testing.T, dir string, p promise) (err error) {
	ctx := t.Context()
	db, err := ledger.Open(ctx, "file:"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Check(ctx); err != nil {
		return err
	}
	return db.View(ctx, func(tx ledger.Tx) error {
		for _, file := range p.files {
			var size int
			err := tx.QueryRow(ctx, `SELECT length(b.bytes) FROM ingest_digest d
				JOIN ingest_file f ON f.area = d.area AND f.digest = d.digest
				JOIN ingest_bytes b ON b.area = d.area AND b.digest = d.digest WHERE d.digest = ?1`, file[:]).Scan(&size)
			if err != nil || size == 0 {
				return fmt.Errorf("a file that was signed for is lost: %w", err)
			}
		}
		var links, settled, downs, done int
		err := tx.QueryRow(ctx, `SELECT (SELECT count(*) FROM ingest_registration),
			(SELECT count(*) FROM access_setting WHERE name LIKE 'settled %'),
			(SELECT count(*) FROM ingest_down),
			(SELECT count(*) FROM ingest_file WHERE kind = 2 AND state = 3)`).Scan(&links, &settled, &downs, &done)
		if err != nil {
			return err
		}
		if links != settled || links != 3*done || downs != done {
			return fmt.Errorf("a settling was torn: %d links, %d settled, %d messages, %d batches done", links, settled, downs, done)
		}
		if settled < p.settled {
			return fmt.Errorf("%d settled, %d were told", settled, p.settled)
		}
		return nil
	})
}

func newPowerCentre(t *testing.T, name string) (*centre, *baddisk.Disk) {
	t.Helper()
	d, err := baddisk.New(name)
	if err != nil {
		t.Fatal(err)
	}
	c := newCentre(t)
	dir := filepath.Join(c.dir, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := d.Begin(dir); err != nil {
		t.Fatal(err)
	}
	c.place = "file:" + filepath.Join(dir, "ledger.db") + "?vfs=" + d.Name()
	c.reopen()
	return c, d
}

func TestPowerCuts(t *testing.T) {
	c, d := newPowerCentre(t, "ingest-powercuts")
	promises := day(t, c, d)
	c.db.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	var after errgroup.Group
	after.SetLimit(8) // they wait for the disk more than for the processor
	n := 0
	err := d.Cuts(powerCuts, 1, false, func(cut baddisk.Cut) error {
		n++
		dir := filepath.Join(home, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := cut.Write(dir); err != nil {
			return err
		}
		after.Go(func() error {
			if err := holds(t, dir, promises[cut.Acked]); err != nil {
				return fmt.Errorf("%s, after operation %d: %w", filepath.Base(dir), cut.At, err)
			}
			return os.RemoveAll(dir)
		})
		return nil
	})
	if err = errors.Join(err, after.Wait()); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations, %d cuts", d.Operations(), n)
}

// A disk that lies about syncing must be noticed, or the test above shows
// nothing.
func TestPowerCutsOfALyingDisk(t *testing.T) {
	c, d := newPowerCentre(t, "ingest-lying")
	promises := day(t, c, d)
	c.db.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	lost := errors.New("noticed")
	err := d.Cuts(300, 1, true, func(cut baddisk.Cut) error {
		dir := t.TempDir()
		if err := cut.Write(dir); err != nil {
			return err
		}
		if holds(t, dir, promises[cut.Acked]) != nil {
			return lost
		}
		return nil
	})
	if !errors.Is(err, lost) {
		t.Fatal("a lying disk went unnoticed")
	}
}
