package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// statementRestore is signed by the server key over a Gap.
const statementRestore protocol.StatementKind = "askonce/restore/v1"

// Gap says what a restored centre may have forgotten: what happened between
// the backup and the restore. Kits send again what was not safe; what staff
// decided in between is lost, and this says so to whoever compares.
type Gap struct {
	Backup   int64           `cbor:"1,keyasint"` // seconds: everything before is here
	Restored int64           `cbor:"2,keyasint"`
	Ledger   civic.Digest    `cbor:"3,keyasint"` // the copy it was restored from
	Offices  []OfficeCovered `cbor:"4,keyasint,omitempty"`
	// Log says where the log of looks goes on; what was behind that is lost.
	Log protocol.LogGap `cbor:"5,keyasint"`
}

// RestoredSetting holds the last gap for people: two moments in RFC 3339.
const RestoredSetting = "restored"

// leap moves numbers that only grow behind whatever the lost days gave out:
// messages to kits and the bundle's serial.
const leap = 1 << 20

// Restore makes a centre in an empty data folder from a backup. The keys must
// have been put back before. It leaves a signed note of the gap in the folder.
func Restore(ctx context.Context, c Config, dir string) (gap Gap, err error) {
	c = c.WithDefaults()
	keys, err := access.OpenKeys(c.Keys)
	if civic.CodeOf(err) == civic.NotInitialised {
		return gap, civic.NewProblem(civic.KeysAbsent, err, c.Keys)
	}
	if err != nil {
		return gap, err
	}
	place, embedded := strings.CutPrefix(c.Ledger, "file:")
	if embedded {
		if _, err := os.Lstat(place); !errors.Is(err, fs.ErrNotExist) {
			return gap, civic.NewProblem(civic.AlreadyInitialised, err, c.Data)
		}
	} else {
		if err := c.vacant(ctx); err != nil {
			return gap, err
		}
		place = filepath.Join(c.Data, "ledger.db")
	}
	name, m, err := newest(dir, keys)
	if err != nil {
		return gap, err
	}
	gap = Gap{Backup: m.At, Restored: c.Clock().Unix(), Ledger: m.Ledger, Offices: m.Offices}
	if err := restoreFiles(dir, c.Data); err != nil {
		return gap, err
	}
	// The ledger comes last under another name: a restore that was interrupted
	// has no ledger and can be done again.
	if err := os.Remove(place + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return gap, err
	}
	if _, err := durable.Copy(name+".db", place+".new"); err != nil {
		return gap, err
	}
	if !m.Covers && sameDisk(c.Data, dir) {
		m.Offices = nil // there and here are one disk: nothing becomes safe by that
	}
	if gap.Log, err = c.fill(ctx, keys, embedded, place+".new", gap, m); err != nil {
		return gap, err
	}
	note, err := keys.Sign(statementRestore, gap)
	if err != nil {
		return gap, err
	}
	at := time.Unix(gap.Restored, 0).UTC().Format("20060102T150405Z")
	if err := durable.WriteFile(filepath.Join(c.Data, "restored-"+at+".note"), note); err != nil {
		return gap, err
	}
	if embedded {
		err = os.Rename(place+".new", place)
	} else {
		err = os.Remove(place + ".new")
	}
	return gap, errors.Join(err, durable.SyncDir(filepath.Dir(place)))
}

// vacant refuses a database that holds anything.
func (c Config) vacant(ctx context.Context) error {
	db, err := ledger.Open(ctx, c.Ledger)
	if err != nil {
		return err
	}
	return errors.Join(ledger.Vacant(ctx, db), db.Close())
}

// fill makes the copy in a file fit to go on, or a database out of it; of that
// either everything happens or nothing.
func (c Config) fill(ctx context.Context, keys *access.Keys, embedded bool, file string, gap Gap, m Manifest) (log protocol.LogGap, err error) {
	settle := func(tx ledger.Tx) (err error) {
		if err := settleGap(ctx, tx, gap, m); err != nil {
			return err
		}
		log, err = c.settleLog(ctx, tx, keys, gap)
		return err
	}
	if embedded {
		db, err := ledger.Open(ctx, "file:"+file)
		if err != nil {
			return log, err
		}
		err = errors.Join(db.Update(ctx, settle), db.Close())
		return log, err
	}
	db, err := ledger.Open(ctx, c.Ledger)
	if err != nil {
		return log, err
	}
	err = errors.Join(ledger.Restore(ctx, db, file, settle), db.Close())
	return log, err
}

// newest finds the newest copy that is what its manifest says.
func newest(dir string, keys *access.Keys) (name string, m Manifest, err error) {
	names, err := copies(dir)
	if err != nil {
		return "", m, err
	}
	err = civic.NewProblem(civic.FileUnreadable, nil, dir)
	for _, name := range names {
		statement, rerr := os.ReadFile(name + ".manifest")
		if rerr == nil {
			rerr = protocol.Open(statementBackup, statement, keys.Statements(), &m)
		}
		if rerr != nil {
			err = errors.Join(err, rerr)
			continue
		}
		digest, size, rerr := syncAndHash(name + ".db")
		if rerr == nil && digest == m.Ledger && size == m.Size {
			return name, m, nil
		}
		err = errors.Join(err, rerr, civic.NewProblem(civic.LedgerDamaged, fmt.Errorf("%s is not what its manifest says", filepath.Base(name))))
	}
	return "", m, err
}

func restoreFiles(dir, data string) error {
	root := filepath.Join(dir, "files")
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		_, err = durable.Copy(path, filepath.Join(data, "files", rel))
		return err
	})
}

// settleGap makes a restored ledger fit to go on.
func settleGap(ctx context.Context, tx ledger.Tx, gap Gap, m Manifest) error {
	now := time.Unix(gap.Restored, 0).UTC()
	for _, s := range []struct {
		query string
		args  []any
	}{
		{"UPDATE access_device SET down_seq = down_seq + ?1", []any{leap}},
		{"UPDATE access_bundle SET serial = serial + ?1, stale = 1", []any{leap}},
		// A code that was used in the lost days must not be used again.
		{"UPDATE access_invite SET expires_at = ?1 WHERE used_at = 0 AND expires_at > ?1", []any{gap.Restored}},
		{"DELETE FROM access_session WHERE expires_at > ?1", []any{0}},
	} {
		if _, err := tx.Exec(ctx, s.query, s.args...); err != nil {
			return err
		}
	}
	// What the backup holds is safe: it lies there and here.
	for _, o := range m.Offices {
		if _, err := tx.Exec(ctx, "UPDATE ingest_area SET safe = ?2 WHERE area = ?1 AND safe < ?2", string(o.Area), o.Taken); err != nil {
			return err
		}
	}
	words := time.Unix(gap.Backup, 0).UTC().Format(time.RFC3339) + " " + now.Format(time.RFC3339)
	if err := access.SetSetting(ctx, tx, RestoredSetting, words); err != nil {
		return err
	}
	return audit.Write(ctx, tx, now, []audit.Row{{Actor: "command", Action: "restore", Detail: words}})
}
