package ingest

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Status is how far the centre has come.
type Status struct {
	Queue       int  `json:"queue"`       // registrations received and not decided
	Files       int  `json:"files"`       // files that wait, for the worker or for a day key
	Quarantined int  `json:"quarantined"` // registrations and other files set aside
	Received    int  `json:"received"`    // files on this disk
	Safe        int  `json:"safe"`        // files that an off-host copy covers
	Demo        bool `json:"demo"`        // received counts as safe: a demonstration
}

// Status counts what waits and what is set aside.
func (g *Ingest) Status(ctx context.Context, tx ledger.Tx) (s Status, err error) {
	err = tx.QueryRow(ctx, `SELECT
		COALESCE(SUM(CASE WHEN f.state IN (1, 2) THEN f.count ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN f.state IN (1, 2) THEN 1 ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN f.state = 4 THEN CASE WHEN f.count > 0 THEN f.count ELSE 1 END ELSE 0 END), 0),
		COUNT(*),
		COALESCE(SUM(CASE WHEN f.taken <= a.safe THEN 1 ELSE 0 END), 0)
		FROM ingest_file f JOIN ingest_area a ON a.area = f.area`).Scan(&s.Queue, &s.Files, &s.Quarantined, &s.Received, &s.Safe)
	if err != nil {
		return s, err
	}
	var parts int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM ingest_quarantine WHERE resolved_at = 0").Scan(&parts); err != nil {
		return s, err
	}
	s.Quarantined += parts
	demo, err := access.Setting(ctx, tx, SafeIsReceived)
	s.Demo = demo != ""
	return s, err
}

// Attachments lists the sealed attachments on this disk.
func (g *Ingest) Attachments(ctx context.Context, tx ledger.Tx) (files []civic.Digest, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var name []byte
		err := r.Scan(&name)
		files = append(files, civic.Digest(name))
		return err
	}, "SELECT digest FROM ingest_file WHERE kind = ?1", kindAttachment)
	return files, err
}

// Safe raises the watermark of offices to the numbers that marks gives: an
// off-host copy covers everything up to them. Kits are told, and may forget.
// It tells how many files are safe now.
func (g *Ingest) Safe(ctx context.Context, marks func(ledger.Tx) (map[civic.Area]int64, error)) (files int, err error) {
	err = g.DB.Update(ctx, func(tx ledger.Tx) error {
		taken, err := marks(tx)
		if err != nil {
			return err
		}
		for area, n := range taken {
			if _, err := tx.Exec(ctx, "UPDATE ingest_area SET safe = ?2 WHERE area = ?1 AND safe < ?2", string(area), n); err != nil {
				return err
			}
		}
		s, err := g.Status(ctx, tx)
		files = s.Safe
		return err
	})
	if err == nil {
		g.announce()
	}
	return files, err
}

// DeviceStatus is what came from a kit.
type DeviceStatus struct {
	Registrations int    // let through
	Highest       uint64 // counter of the last of them
	Missing       int    // counters below that have not come: on the way, or lost
	Waiting       int    // registrations not decided yet
	Quarantined   int
}

// DeviceStatus counts what came from a kit.
func (g *Ingest) DeviceStatus(ctx context.Context, tx ledger.Tx, d access.Device) (s DeviceStatus, err error) {
	err = tx.QueryRow(ctx, "SELECT COUNT(*), COALESCE(MAX(counter), 0) FROM ingest_registration WHERE area = ?1 AND device = ?2",
		string(d.Area), d.ID[:]).Scan(&s.Registrations, &s.Highest)
	if err != nil {
		return s, err
	}
	s.Missing = int(s.Highest) - s.Registrations
	err = tx.QueryRow(ctx, `SELECT
		COALESCE(SUM(CASE WHEN state IN (1, 2) THEN count ELSE 0 END), 0),
		COALESCE(SUM(CASE WHEN state = 4 THEN CASE WHEN count > 0 THEN count ELSE 1 END ELSE 0 END), 0)
		FROM ingest_file WHERE area = ?1 AND device = ?2`, string(d.Area), d.ID[:]).Scan(&s.Waiting, &s.Quarantined)
	if err != nil {
		return s, err
	}
	var parts int
	err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM ingest_quarantine WHERE area = ?1 AND device = ?2 AND resolved_at = 0",
		string(d.Area), d.ID[:]).Scan(&parts)
	s.Quarantined += parts
	return s, err
}

// Attachment finds a photo or scan by the digest of its content and opens it;
// civic.UploadUnknown while it has not come.
func (g *Ingest) Attachment(ctx context.Context, area civic.Area, content civic.Digest) ([]byte, error) {
	var t task
	var file, device, key []byte
	err := g.DB.View(ctx, func(tx ledger.Tx) error {
		return tx.QueryRow(ctx, `SELECT f.digest, f.device, f.key_id FROM ingest_attachment a
			JOIN ingest_file f ON f.area = a.area AND f.digest = a.file
			WHERE a.area = ?1 AND a.content = ?2`, string(area), content[:]).Scan(&file, &device, &key)
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, civic.NewProblem(civic.UploadUnknown, err)
	}
	if err != nil {
		return nil, err
	}
	t.area, t.kind = area, kindAttachment
	t.digest, t.device, t.key = civic.Digest(file), civic.DeviceID(device), [8]byte(key)
	o := g.prepare(ctx, t)
	return o.plain, o.err
}
