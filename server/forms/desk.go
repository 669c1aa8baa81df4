package forms

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// What lies on a desk, and how long.
const (
	deskLife = 24 * time.Hour
	// deskRoom is how many workbooks one member of staff has there at a time.
	deskRoom = 12
	maxFile  = 120 // bytes of a file's name
)

// OnDesk is a workbook that somebody looks at before it is published.
type OnDesk struct {
	Digest   civic.Digest
	Name     string // of the file, as it was given
	Workbook []byte
	At       time.Time
}

// PutOnDesk keeps a workbook for the one who gave it, for a day; the oldest make
// room.
func (f *Forms) PutOnDesk(ctx context.Context, area civic.Area, staff, name string, workbook []byte) (civic.Digest, error) {
	digest := civic.Digest(sha256.Sum256(workbook))
	if len(name) > maxFile {
		name = name[:maxFile]
	}
	at := f.Clock().Unix()
	return digest, f.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO forms_desk (area, staff, digest, name, workbook, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (area, staff, digest) DO UPDATE SET at = excluded.at, name = excluded.name`, string(area), staff, digest[:], name, workbook, at)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM forms_desk WHERE at < ?1", at-int64(deskLife/time.Second)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM forms_desk WHERE area = ?1 AND staff = ?2 AND digest NOT IN (
			SELECT digest FROM forms_desk WHERE area = ?1 AND staff = ?2 ORDER BY at DESC, digest LIMIT ?3)`, string(area), staff, deskRoom)
		return err
	})
}

// OffDesk gives a workbook back to the one who put it there; civic.FileUnreadable
// when it lies there no longer.
func (f *Forms) OffDesk(ctx context.Context, area civic.Area, staff string, digest civic.Digest) (d OnDesk, err error) {
	err = f.DB.View(ctx, func(tx ledger.Tx) error {
		var at int64
		d = OnDesk{Digest: digest}
		err := tx.QueryRow(ctx, "SELECT name, workbook, at FROM forms_desk WHERE area = ?1 AND staff = ?2 AND digest = ?3",
			string(area), staff, digest[:]).Scan(&d.Name, &d.Workbook, &at)
		d.At = time.Unix(at, 0).UTC()
		return err
	})
	if errors.Is(err, ledger.ErrNoRows) {
		err = civic.NewProblem(civic.FileUnreadable, err, "the workbook")
	}
	return d, err
}
