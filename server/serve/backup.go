package serve

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A backup is a folder that lies elsewhere: another disk, another house. It
// holds copies of the ledger, each beside a signed manifest, and the sealed
// attachments:
//
//	ledger-20260302T090000.000000000Z.db
//	ledger-20260302T090000.000000000Z.manifest
//	files/ab/cdef…
//
// A copy without its manifest is not finished and does not count. The keys are
// not in it: who finds a backup reads no citizen's answer.

// statementBackup is signed by the server key over a Manifest.
const statementBackup protocol.StatementKind = "askonce/backup/v1"

// Manifest says what a copy of the ledger covers.
type Manifest struct {
	At          int64           `cbor:"1,keyasint"` // seconds
	Ledger      civic.Digest    `cbor:"2,keyasint"` // SHA-256 of the copy
	Size        int64           `cbor:"3,keyasint"`
	Offices     []OfficeCovered `cbor:"4,keyasint,omitempty"`
	Bundle      uint64          `cbor:"5,keyasint"` // serial of the key bundle then
	Attachments uint64          `cbor:"6,keyasint"`
	// Covers tells that kits were told so: the copy lay elsewhere, or one disk was
	// good enough for a demonstration.
	Covers bool `cbor:"7,keyasint,omitempty"`
}

// OfficeCovered tells how far an office had come.
type OfficeCovered struct {
	Area  civic.Area `cbor:"1,keyasint"`
	Taken int64      `cbor:"2,keyasint"` // number of its last file: all up to it are safe
	Audit int64      `cbor:"3,keyasint"` // number of its last audit row
}

// keepCopies is how many copies of the ledger a backup holds.
const keepCopies = 2

// Backed is what a backup did.
type Backed struct {
	At       time.Time
	Files    int   // files written now
	Bytes    int64 // of them
	Safe     int   // files of kits that are safe now
	SameDisk bool  // the folder lies on the centre's own disk
	Covers   bool  // kits may forget what the copy covers
}

// LastBackup is the setting that holds when the last backup was made, RFC 3339.
const LastBackup = "last_backup"

// SameDiskSetting remembers that copies lie on the centre's own disk: empty when
// the last one lies elsewhere, SameDiskCopy when it covers nothing, SameDiskSafe
// when kits were let forget what it holds, for a demonstration.
const (
	SameDiskSetting = "backup_same_disk"
	SameDiskCopy    = "copy"
	SameDiskSafe    = "safe"
)

// CheckBackup refuses a folder that lies within the centre's own; civic.WrongUse.
func (c *Centre) CheckBackup(dir string) error {
	data, err := resolve(c.Data)
	if err != nil {
		return err
	}
	to, err := resolve(dir)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(data, to); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return civic.NewProblem(civic.WrongUse, nil, "A backup inside the data folder is lost with it: name a folder on another disk.")
	}
	return nil
}

// resolve follows the links of a path whose end need not exist yet.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest), nil
		}
		if at == filepath.Dir(at) {
			return path, nil
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// Backup copies the ledger and what is new of the attachments to a folder that
// lies elsewhere, reads the copy again, and only then states the watermark:
// kits may forget what it covers. A copy on the centre's own disk states none,
// unless anyDisk says that this is a demonstration.
func (c *Centre) Backup(ctx context.Context, dir string, anyDisk bool) (b Backed, err error) {
	b.At = c.Clock().UTC()
	if err := c.CheckBackup(dir); err != nil {
		return b, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "files"), 0o700); err != nil {
		return b, civic.NewProblem(civic.FileUnwritable, err, dir)
	}
	b.SameDisk = sameDisk(c.Data, dir)
	if at := ledger.Folder(ctx, c.DB); at != "" {
		b.SameDisk = b.SameDisk || sameDisk(at, dir)
	}
	b.Covers = !b.SameDisk || anyDisk
	m := Manifest{At: b.At.Unix(), Covers: b.Covers}
	// The watermark is read before the copy begins, so it never says too much.
	var attachments []civic.Digest
	err = c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		m.Offices, attachments, err = c.covered(ctx, tx)
		return err
	})
	if err != nil {
		return b, err
	}
	if _, m.Bundle, err = c.Access.Bundle(ctx); err != nil {
		return b, err
	}
	for _, file := range attachments {
		n, err := durable.Copy(c.Ingest.FilePath(file), filepath.Join(dir, "files", file.String()[:2], file.String()[2:]))
		if err != nil {
			return b, err
		}
		if n > 0 {
			b.Files, b.Bytes = b.Files+1, b.Bytes+n
		}
	}
	m.Attachments = uint64(len(attachments))
	name := filepath.Join(dir, "ledger-"+b.At.Format("20060102T150405.000000000Z"))
	if m.Ledger, m.Size, err = c.copyLedger(ctx, name+".db"); err != nil {
		return b, err
	}
	statement, err := c.Access.Keys().Sign(statementBackup, m)
	if err != nil {
		return b, err
	}
	if err := durable.WriteFile(name+".manifest", statement); err != nil {
		return b, err
	}
	b.Files, b.Bytes = b.Files+1, b.Bytes+m.Size
	if b.Safe, err = c.Ingest.Safe(ctx, func(tx ledger.Tx) (map[civic.Area]int64, error) {
		if err := access.SetSetting(ctx, tx, LastBackup, b.At.Format(time.RFC3339)); err != nil {
			return nil, err
		}
		if err := rememberDisk(ctx, tx, b); err != nil {
			return nil, err
		}
		marks := map[civic.Area]int64{}
		for _, o := range m.Offices {
			if b.Covers {
				marks[o.Area] = o.Taken
			}
		}
		return marks, audit.Write(ctx, tx, b.At, []audit.Row{{Actor: "command", Action: "backup"}})
	}); err != nil {
		return b, err
	}
	return b, dropOld(dir)
}

// rememberDisk writes down where the last copy lies. That kits were let forget
// what lies on one disk only stays true until a copy elsewhere covers it.
func rememberDisk(ctx context.Context, tx ledger.Tx, b Backed) error {
	now := ""
	switch {
	case b.SameDisk && b.Covers:
		now = SameDiskSafe
	case b.SameDisk:
		before, err := access.Setting(ctx, tx, SameDiskSetting)
		if err != nil {
			return err
		}
		if now = SameDiskCopy; before == SameDiskSafe {
			now = before
		}
	}
	return access.SetSetting(ctx, tx, SameDiskSetting, now)
}

// BackupEvery backs up by itself, when something new has come, until the
// context ends.
func (c *Centre) BackupEvery(ctx context.Context, dir string, anyDisk bool, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := ""
	for {
		now, err := c.progress(ctx)
		var mine []string
		release := func() {}
		if err == nil && now != last { // one process at a time, where there are several
			mine, release, err = c.DB.Turns(ctx, []string{"backup"}, 1)
		}
		if err == nil && len(mine) > 0 {
			var b Backed
			if b, err = c.Backup(ctx, dir, anyDisk); err == nil {
				last = now
			}
			if err == nil && b.SameDisk {
				c.Logger.Warn("the backup lies on the centre's own disk and does not outlive it", "kits_may_forget", b.Covers)
			}
			release()
		}
		if err != nil && ctx.Err() == nil {
			c.Logger.Error("the backup failed; kits keep what it would have covered", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// progress is a word that changes with everything worth a backup.
func (c *Centre) progress(ctx context.Context) (word string, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		var files, deeds, kits int64
		err := tx.QueryRow(ctx, `SELECT (SELECT COALESCE(SUM(taken), 0) FROM ingest_area),
			(SELECT COUNT(*) FROM audit WHERE action <> 'backup'), (SELECT COUNT(*) FROM access_device)`).Scan(&files, &deeds, &kits)
		word = fmt.Sprint(files, deeds, kits)
		return err
	})
	return word, err
}

// covered reads how far every office has come, and its attachments.
func (c *Centre) covered(ctx context.Context, tx ledger.Tx) (offices []OfficeCovered, attachments []civic.Digest, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var o OfficeCovered
		var area string
		err := r.Scan(&area, &o.Taken, &o.Audit)
		o.Area = civic.Area(area)
		offices = append(offices, o)
		return err
	}, `SELECT a.area, a.taken, COALESCE((SELECT MAX(seq) FROM audit u WHERE u.area = a.area), 0) FROM ingest_area a ORDER BY a.area`)
	if err != nil {
		return nil, nil, err
	}
	attachments, err = c.Ingest.Attachments(ctx, tx)
	return offices, attachments, err
}

// copyLedger makes a copy, reads it again, and gives its SHA-256.
func (c *Centre) copyLedger(ctx context.Context, path string) (digest civic.Digest, size int64, err error) {
	if err := c.DB.Backup(ctx, path); err != nil {
		return digest, 0, err
	}
	again, err := ledger.Open(ctx, "file:"+path)
	if err != nil {
		return digest, 0, err
	}
	if err := errors.Join(again.Check(ctx), again.Close()); err != nil {
		return digest, 0, err
	}
	return syncAndHash(path)
}

// syncAndHash makes a file durable and gives its SHA-256.
func syncAndHash(path string) (digest civic.Digest, size int64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return digest, 0, err
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return civic.Digest(h.Sum(nil)), size, errors.Join(err, f.Sync(), f.Close(), durable.SyncDir(filepath.Dir(path)))
}

// copies lists the finished copies of a backup by their path without ending,
// the newest first.
func copies(dir string) (names []string, err error) {
	found, err := filepath.Glob(filepath.Join(dir, "ledger-*.manifest"))
	for _, path := range found {
		names = append(names, strings.TrimSuffix(path, ".manifest"))
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, err
}

// dropOld removes copies beyond those kept, and what an interrupted backup left.
func dropOld(dir string) error {
	names, err := copies(dir)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, name := range names[:min(keepCopies, len(names))] {
		keep[name+".db"], keep[name+".manifest"] = true, true
	}
	all, err := filepath.Glob(filepath.Join(dir, "ledger-*"))
	for _, path := range all {
		if !keep[path] {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}
