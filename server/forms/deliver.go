package forms

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// kitsAtOnce bounds one round of telling, so that no transaction is long.
const kitsAtOnce = 100

// offer is a row of forms_offer as it concerns one kit.
type offer struct {
	ref     civic.FormRef
	order   int64
	retired bool
}

// Deliver puts down for kits what they lack, at most a round of kits, and tells
// how many were told something. Each kit is one transaction: after a crash it is
// either told or not.
func (f *Forms) Deliver(ctx context.Context) (told int, err error) {
	var last int64
	err = f.DB.View(ctx, func(tx ledger.Tx) error {
		err := tx.QueryRow(ctx, "SELECT value FROM forms_count WHERE name = 'order'").Scan(&last)
		if errors.Is(err, ledger.ErrNoRows) {
			err = nil
		}
		return err
	})
	if err != nil || last == 0 {
		return 0, err
	}
	devices, err := f.behind(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range devices {
		sent := false
		err := f.DB.Update(ctx, func(tx ledger.Tx) (err error) {
			sent, err = f.tell(ctx, tx, id)
			return err
		})
		if err != nil {
			return told, err
		}
		if sent {
			told++
		}
	}
	return told, nil
}

// behind lists kits that were not told of the last change of their office or of
// all offices.
func (f *Forms) behind(ctx context.Context) (ids []civic.DeviceID, err error) {
	err = f.DB.View(ctx, func(tx ledger.Tx) error {
		ids = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var id []byte
			err := r.Scan(&id)
			ids = append(ids, civic.DeviceID(id))
			return err
		}, `SELECT d.device FROM access_device d
			LEFT JOIN forms_told t ON t.area = d.area AND t.device = d.device
			WHERE d.revoked_at = 0 AND d.hub = 0 AND EXISTS (
				SELECT 1 FROM forms_offer o WHERE (o.area = d.area OR o.area = '') AND o.ord > coalesce(t.ord, 0))
			ORDER BY d.seen_at DESC, d.area, d.device LIMIT ?1`, kitsAtOnce)
	})
	return ids, err
}

// tell puts down what one kit lacks.
func (f *Forms) tell(ctx context.Context, tx ledger.Tx, id civic.DeviceID) (bool, error) {
	d, err := f.Access.ByID(ctx, tx, id)
	if err != nil {
		return false, err
	}
	offers, last, err := offersOf(ctx, tx, d.Area)
	if err != nil {
		return false, err
	}
	sent, err := sentTo(ctx, tx, d)
	if err != nil {
		return false, err
	}
	var toldUpTo int64
	err = tx.QueryRow(ctx, "SELECT ord FROM forms_told WHERE area = ?1 AND device = ?2", string(d.Area), d.ID[:]).Scan(&toldUpTo)
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return false, err
	}
	sentAny := false
	for _, list := range offers {
		n, err := f.tellForm(ctx, tx, d, list, sent, toldUpTo)
		if err != nil {
			return false, err
		}
		sentAny = sentAny || n > 0
	}
	// What the kit has taken in need not lie here any longer.
	if _, err := tx.Exec(ctx, "DELETE FROM ingest_down WHERE area = ?1 AND device = ?2 AND kind = ?3 AND seq <= ?4",
		string(d.Area), d.ID[:], int(protocol.DownForm), int64(d.Cursor)); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO forms_told (area, device, ord) VALUES (?1, ?2, ?3)
		ON CONFLICT (area, device) DO UPDATE SET ord = excluded.ord`, string(d.Area), d.ID[:], last)
	return sentAny, err
}

// offersOf gives, form by form and oldest first, how versions stand for the kits
// of an office: of one offered twice the later word. last is the last change.
func offersOf(ctx context.Context, tx ledger.Tx, area civic.Area) (out [][]offer, last int64, err error) {
	byForm := map[civic.FormID][]offer{}
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var o offer
		var id string
		if err := r.Scan(&id, &o.ref.Version, &o.order, &o.retired); err != nil {
			return err
		}
		o.ref.ID, last = civic.FormID(id), max(last, o.order)
		list := slices.DeleteFunc(byForm[o.ref.ID], func(have offer) bool { return have.ref == o.ref })
		byForm[o.ref.ID] = append(list, o)
		return nil
	}, "SELECT form, version, ord, retired FROM forms_offer WHERE area = '' OR area = ?1 ORDER BY ord", string(area))
	for _, list := range byForm {
		out = append(out, list)
	}
	slices.SortFunc(out, func(a, b []offer) int { return strings.Compare(string(a[0].ref.ID), string(b[0].ref.ID)) })
	return out, last, err
}

// sentTo tells which versions a kit was sent and may still have.
func sentTo(ctx context.Context, tx ledger.Tx, d access.Device) (map[civic.FormRef]bool, error) {
	sent := map[civic.FormRef]bool{}
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var id, version string
		err := r.Scan(&id, &version)
		sent[civic.FormRef{ID: civic.FormID(id), Version: version}] = true
		return err
	}, "SELECT form, version FROM forms_sent WHERE area = ?1 AND device = ?2", string(d.Area), d.ID[:])
	return sent, err
}

// tellForm tells a kit of one form: what is out of use, and the version that new
// interviews take. It gives the number of messages.
func (f *Forms) tellForm(ctx context.Context, tx ledger.Tx, d access.Device, list []offer, sent map[civic.FormRef]bool, told int64) (int, error) {
	messages := 0
	var winner *offer
	for i := range list {
		if !list[i].retired {
			winner = &list[i]
		}
	}
	for _, o := range list {
		taken := winner != nil && o.ref == winner.ref
		packed, err := packedOf(ctx, tx, o.ref)
		if err != nil {
			return 0, err
		}
		ships, news := packed == nil, o.order > told
		switch {
		case o.retired:
			// A kit that never heard of it need not hear of its end, but for what
			// ships with its program.
			if !news || told == 0 && !ships {
				continue
			}
			packed = nil
		case !taken || !news && (ships || sent[o.ref]):
			continue
		case sent[o.ref]:
			packed = nil
		}
		n, bytes, err := f.send(ctx, tx, d, protocol.FormNotice{Form: o.ref.ID, Version: o.ref.Version, Order: uint64(o.order), Retired: o.retired, Packed: packed})
		if err != nil {
			return 0, err
		}
		messages += n
		if packed == nil {
			continue
		}
		// A kit lets go of the version before, so it would have to be sent again.
		if _, err := tx.Exec(ctx, "DELETE FROM forms_sent WHERE area = ?1 AND device = ?2 AND form = ?3", string(d.Area), d.ID[:], string(o.ref.ID)); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO forms_sent (area, device, form, version, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
			string(d.Area), d.ID[:], string(o.ref.ID), o.ref.Version, bytes); err != nil {
			return 0, err
		}
	}
	return messages, nil
}

// packedOf gives a version as it travels, nil for one that ships.
func packedOf(ctx context.Context, tx ledger.Tx, ref civic.FormRef) (packed []byte, err error) {
	err = tx.QueryRow(ctx, "SELECT packed FROM forms_version WHERE form = ?1 AND version = ?2", string(ref.ID), ref.Version).Scan(&packed)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	return packed, err
}

// send signs a notice, cuts it and puts its parts down, each sealed to the kit.
func (f *Forms) send(ctx context.Context, tx ledger.Tx, d access.Device, n protocol.FormNotice) (messages, bytes int, err error) {
	statement, err := f.Access.Keys().Sign(protocol.StatementForm, n)
	if err != nil {
		return 0, 0, err
	}
	parts, err := protocol.SplitForm(statement)
	if err != nil {
		return 0, 0, err
	}
	secret, err := f.Access.Secret(d)
	if err != nil {
		return 0, 0, err
	}
	for _, plain := range parts {
		seq, err := access.NextSeq(ctx, tx, d.Area, d.ID)
		if err != nil {
			return 0, 0, err
		}
		body, err := protocol.SealDown(secret, seq, protocol.DownForm, plain, f.Rand)
		if err != nil {
			return 0, 0, err
		}
		bytes += len(body)
		if _, err := tx.Exec(ctx, "INSERT INTO ingest_down (area, device, seq, kind, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			string(d.Area), d.ID[:], int64(seq), int(protocol.DownForm), body, f.Clock().Unix()); err != nil {
			return 0, 0, err
		}
	}
	return len(parts), bytes, nil
}
