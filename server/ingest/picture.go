package ingest

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// pictureAttribute is what a picture of a person stands under.
const pictureAttribute civic.Attribute = "photo"

// Pictures lists the pictures that a registration has of one of its subjects:
// its batch is opened again for it, since nothing else says which they are. A
// registration that no kit sent has none.
func (g *Ingest) Pictures(ctx context.Context, area civic.Area, id civic.RegistrationID, subject string) ([]civic.Attachment, error) {
	var t task
	var o opened
	var file []byte
	err := g.DB.View(ctx, func(tx ledger.Tx) (err error) {
		var device, batch, key []byte
		err = tx.QueryRow(ctx, `SELECT r.device, r.batch, f.key_id FROM outcome o
 JOIN ingest_registration r ON r.area = o.area AND r.device = o.device AND r.counter = o.counter
 JOIN ingest_file f ON f.area = r.area AND f.digest = r.batch
 WHERE o.area = ?1 AND o.registration = ?2`, string(area), id[:]).Scan(&device, &batch, &key)
		if err != nil {
			return err
		}
		t = task{area: area, kind: kindBatch, device: civic.DeviceID(device), digest: civic.Digest(batch), key: [8]byte(key)}
		if o.device, err = g.owner(ctx, tx, t); err != nil {
			return err
		}
		file, err = g.load(ctx, tx, area, kindBatch, t.digest)
		return err
	})
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	key, err := g.dayKey(ctx, o.device, t.key)
	if err != nil {
		return nil, err
	}
	if err := g.openBatch(&o, file, key); err != nil {
		return nil, err
	}
	var out []civic.Attachment
	for i := range o.incoming {
		reg := o.incoming[i].Registration
		if reg.ID != id {
			continue
		}
		for _, c := range o.incoming[i].Form.Claims(reg) {
			if c.Attribute != pictureAttribute || c.Subject != subject || c.Absent != civic.Present {
				continue
			}
			for _, a := range reg.Attachments {
				if a.Name == c.Value {
					out = append(out, a)
				}
			}
		}
	}
	return out, nil
}
