package share

import (
	"context"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// tellAtOnce is how many messages one transaction puts down.
const tellAtOnce = 128

// Tell puts down for kits the approved revisions they were not told of, and
// gives how many it put down. Call it now and then. Those that ship with the
// program do not travel: every kit carries them.
func (s *Share) Tell(ctx context.Context, db ledger.DB) (n int, err error) {
	type message struct {
		area      civic.Area
		device    civic.DeviceID
		agreement string
		revision  int64
		statement []byte
	}
	var waits []message
	err = db.View(ctx, func(tx ledger.Tx) error {
		waits = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var m message
			var device []byte
			err := r.Scan(&m.area, &device, &m.agreement, &m.revision, &m.statement)
			m.device = civic.DeviceID(device)
			waits = append(waits, m)
			return err
		}, `SELECT d.area, d.device, r.agreement, r.revision, r.statement FROM access_device d
			JOIN share_revision r ON r.state = 2
			LEFT JOIN share_told t ON t.area = d.area AND t.device = d.device AND t.agreement = r.agreement
			WHERE r.drafter <> ?2 AND d.revoked_at = 0 AND d.hub = 0 AND coalesce(t.revision, 0) < r.revision
			ORDER BY d.area, d.device, r.agreement, r.revision LIMIT ?1`, tellAtOnce, programRole)
	})
	if err != nil || len(waits) == 0 {
		return 0, err
	}
	return len(waits), db.Update(ctx, func(tx ledger.Tx) error {
		for _, m := range waits {
			// Another process may have been quicker.
			fresh, err := tx.Exec(ctx, `INSERT INTO share_told (area, device, agreement, revision) VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT (area, device, agreement) DO UPDATE SET revision = excluded.revision WHERE share_told.revision < excluded.revision`,
				string(m.area), m.device[:], m.agreement, m.revision)
			if err != nil {
				return err
			}
			if fresh == 0 {
				continue
			}
			seq, err := access.NextSeq(ctx, tx, m.area, m.device)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, "INSERT INTO ingest_down (area, device, seq, kind, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
				string(m.area), m.device[:], int64(seq), int(protocol.DownAgreement), m.statement, s.Clock().Unix())
			if err != nil {
				return err
			}
		}
		return nil
	})
}
