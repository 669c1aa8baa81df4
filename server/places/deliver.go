package places

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// kitsAtOnce bounds one round of telling.
const kitsAtOnce = 100

// Deliver puts down for kits what they lack, at most a round of kits, and tells
// how many were told something. Each kit is one transaction.
func (p *Places) Deliver(ctx context.Context) (told int, err error) {
	behind, err := p.behind(ctx)
	for _, id := range behind {
		err := p.DB.Update(ctx, func(tx ledger.Tx) error { return p.tell(ctx, tx, id) })
		if err != nil {
			return told, err
		}
		told++
	}
	return told, err
}

// behind lists kits whose list or settings are not the ones in use.
func (p *Places) behind(ctx context.Context) (ids []civic.DeviceID, err error) {
	err = p.DB.View(ctx, func(tx ledger.Tx) error {
		ids = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var id []byte
			err := r.Scan(&id)
			if len(id) == len(civic.DeviceID{}) {
				ids = append(ids, civic.DeviceID(id))
			}
			return err
		}, `SELECT d.device FROM access_device d
 LEFT JOIN place_told t ON t.area = d.area AND t.device = d.device
 WHERE d.revoked_at = 0 AND d.hub = 0 AND (
  coalesce((SELECT max(serial) FROM place_list l WHERE l.area = d.area), 0) > CASE WHEN t.list_area = d.area THEN t.list ELSE 0 END
  OR coalesce((SELECT max(serial) FROM place_settings s WHERE s.area = d.area), 0) > CASE WHEN t.settings_area = d.area THEN t.settings ELSE 0 END
  OR (coalesce((SELECT max(serial) FROM place_list l WHERE l.area = d.area), 0) = 0
   AND coalesce((SELECT max(serial) FROM place_list l WHERE l.area = ''), 0) > coalesce(t.list, 0))
  OR (coalesce((SELECT max(serial) FROM place_settings s WHERE s.area = d.area), 0) = 0
   AND coalesce((SELECT max(serial) FROM place_settings s WHERE s.area = ''), 0) > coalesce(t.settings, 0)))
 ORDER BY d.seen_at DESC, d.area, d.device LIMIT ?1`, kitsAtOnce)
	})
	return ids, err
}

// stands is what a kit was told last.
type stands struct {
	listArea, settingsArea civic.Area
	list, settings         int64
}

func (p *Places) tell(ctx context.Context, tx ledger.Tx, id civic.DeviceID) error {
	d, err := p.Access.ByID(ctx, tx, id)
	if err != nil {
		return err
	}
	var was stands
	err = tx.QueryRow(ctx, "SELECT list_area, list, settings_area, settings FROM place_told WHERE area = ?1 AND device = ?2", string(d.Area), d.ID[:]).
		Scan(&was.listArea, &was.list, &was.settingsArea, &was.settings)
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return err
	}
	now := was
	n, digests, err := p.lacking(ctx, tx, d, was, &now)
	if err != nil {
		return err
	}
	settings, of, serial, err := Settings(ctx, tx, d.Area)
	if err != nil {
		return err
	}
	if serial > 0 && (of != was.settingsArea || serial > was.settings) {
		if n.Settings, err = protocol.Marshal(settings); err != nil {
			return err
		}
		n.Settled = uint64(serial)
		now.settingsArea, now.settings = of, serial
	}
	if n.Serial != 0 || n.Settled != 0 {
		if err := p.put(ctx, tx, d, n, digests); err != nil {
			return err
		}
	}
	// What the kit has taken in need not lie here any longer.
	if _, err := tx.Exec(ctx, "DELETE FROM ingest_down WHERE area = ?1 AND device = ?2 AND kind IN (?3, ?4) AND seq <= ?5",
		string(d.Area), d.ID[:], int64(protocol.DownPlaces), int64(protocol.DownPlacesPart), int64(d.Cursor)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO place_told (area, device, list_area, list, settings_area, settings) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
 ON CONFLICT (area, device) DO UPDATE SET list_area = excluded.list_area, list = excluded.list, settings_area = excluded.settings_area, settings = excluded.settings`,
		string(d.Area), d.ID[:], string(now.listArea), now.list, string(now.settingsArea), now.settings)
	return err
}

// lacking is what a kit lacks of its list: the change since the list it was
// told, where that was made and is smaller than the whole, else the whole.
func (p *Places) lacking(ctx context.Context, tx ledger.Tx, d access.Device, was stands, now *stands) (n protocol.PlacesNotice, digests [][]byte, err error) {
	of, serial := d.Area, int64(0)
	for _, area := range []civic.Area{d.Area, ""} {
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(serial), 0) FROM place_list WHERE area = ?1", string(area)).Scan(&serial); err != nil {
			return n, nil, err
		}
		if serial > 0 {
			of = area
			break
		}
	}
	if serial == 0 || of == was.listArea && serial == was.list {
		return n, nil, nil
	}
	now.listArea, now.list = of, serial
	var since int64
	if of == was.listArea {
		since = was.list
	}
	var notice []byte
	err = tx.QueryRow(ctx, "SELECT since, notice FROM place_parts WHERE area = ?1 AND serial = ?2 AND since IN (0, ?3) ORDER BY bytes LIMIT 1", string(of), serial, since).
		Scan(&since, &notice)
	if err != nil {
		return n, nil, err
	}
	if err := protocol.Unmarshal(notice, &n); err != nil {
		return n, nil, civic.NewProblem(civic.LedgerDamaged, err)
	}
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var digest []byte
		err := r.Scan(&digest)
		digests = append(digests, digest)
		return err
	}, "SELECT digest FROM place_part WHERE area = ?1 AND serial = ?2 AND since = ?3 ORDER BY n", string(of), serial, since)
	return n, digests, err
}

// put puts a notice and its parts down for a kit.
func (p *Places) put(ctx context.Context, tx ledger.Tx, d access.Device, n protocol.PlacesNotice, digests [][]byte) error {
	statement, err := p.Access.Keys().Sign(protocol.StatementPlaces, n)
	if err != nil {
		return err
	}
	secret, err := p.Access.Secret(d)
	if err != nil {
		return err
	}
	seq, err := access.NextSeq(ctx, tx, d.Area, d.ID)
	if err != nil {
		return err
	}
	body, err := protocol.SealDown(secret, seq, protocol.DownPlaces, statement, p.Rand)
	if err != nil {
		return err
	}
	at := p.Clock().Unix()
	rows := [][]any{{string(d.Area), d.ID[:], int64(seq), int64(protocol.DownPlaces), body, at, nil}}
	for _, digest := range digests {
		if seq, err = access.NextSeq(ctx, tx, d.Area, d.ID); err != nil {
			return err
		}
		rows = append(rows, []any{string(d.Area), d.ID[:], int64(seq), int64(protocol.DownPlacesPart), []byte{}, at, digest})
	}
	_, err = tx.Insert(ctx, "ingest_down", []string{"area", "device", "seq", "kind", "body", "at", "shared"}, rows, "")
	return err
}
