package ingest

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// maxNames bounds each list of one request.
	maxNames = 4096
	// maxSyncRequest bounds the request's body, in bytes.
	maxSyncRequest = 512 << 10
	// downBytes caps the bodies of one answer, so that it gets through a link
	// that dies every twenty seconds; one larger message still goes alone.
	downBytes = 8 << 10
	// lookAgain is how often a waiting call looks for what another process did.
	lookAgain = time.Second
)

// SafeIsReceived is the setting of a demonstration without a backup: what is
// received counts as safe. Status and doctor say so.
const SafeIsReceived = "safe_is_received"

// Sync answers the control call.
func (g *Ingest) Sync(w http.ResponseWriter, r *http.Request) {
	device, err := g.caller(r)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	var ask protocol.SyncRequest
	if err := readRequest(w, r, &ask); err != nil {
		g.refuse(w, r, err)
		return
	}
	answer, err := g.answer(r.Context(), device, ask)
	g.reply(w, r, answer, err)
}

func (g *Ingest) answer(ctx context.Context, device access.Device, ask protocol.SyncRequest) (a protocol.SyncAnswer, err error) {
	device, err = g.Access.Seen(ctx, device, access.Contact{Cursor: ask.Cursor, Clock: civic.Stamp(ask.Clock), Journal: ask.Journal})
	if err != nil {
		return a, err
	}
	if err := g.await(ctx, device, ask); err != nil {
		return a, err
	}
	return g.tell(ctx, device, ask, downBytes)
}

// tell answers a request; limit caps the bytes of its messages down.
func (g *Ingest) tell(ctx context.Context, device access.Device, ask protocol.SyncRequest, limit int) (a protocol.SyncAnswer, err error) {
	if len(ask.Batches) > maxNames || len(ask.Attachments) > maxNames || len(ask.Keys) > maxNames {
		return a, civic.NewProblem(civic.RequestMalformed, nil)
	}
	if n := len(ask.Meters); n > 0 && n <= protocol.MaxMeters && g.Meter != nil {
		if err := g.Meter(ctx, device, ask.Meters); err != nil {
			return a, err
		}
		a.Metered = ask.Meters[n-1].Counter
	}
	bundle, serial, err := g.Access.Bundle(ctx)
	if err != nil {
		return a, err
	}
	if serial > ask.Bundle {
		a.Bundle = bundle
	}
	if g.District != nil {
		if a.Opened, err = g.District.Heard(ctx, device, &ask); err != nil {
			return a, err
		}
	}
	if g.Witness != nil && ask.Log != nil {
		if a.Log, err = g.Witness(ctx, device.Area, device.ID, *ask.Log); err != nil {
			return a, err
		}
	}
	var acks []protocol.BatchAck
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		a.Want, a.WantKey, a.Down, a.More, a.Pack = nil, nil, nil, false, nil
		if acks, err = g.acks(ctx, tx, ask.Batches, ask.Attachments); err != nil {
			return err
		}
		for _, ack := range acks {
			if ack.State == protocol.BatchAbsent {
				a.Want = append(a.Want, ack.Batch)
			}
		}
		if err := g.wantedKeys(ctx, tx, device, ask.Keys, &a); err != nil {
			return err
		}
		if err := g.down(ctx, tx, device, ask.Cursor, limit, &a); err != nil {
			return err
		}
		if err := g.district(ctx, tx, device, ask.Pack, limit, &a); err != nil {
			return err
		}
		a.Pending, err = g.pending(ctx, tx, device)
		return err
	})
	if err != nil {
		return a, err
	}
	if len(acks) > 0 {
		if a.Acks, err = g.Access.Acks(acks); err != nil {
			return a, err
		}
	}
	if len(a.Down) > 0 {
		if a.Marks, err = g.Access.Marks(protocol.MarksOf(device.Transport, a.Down)); err != nil {
			return a, err
		}
	}
	if a.Lease, err = g.Access.Lease(device); err != nil {
		return a, err
	}
	a.ServerTime = g.Clock().Unix()
	return a, nil
}

// await holds a call while its kit has something undecided and nothing is down.
func (g *Ingest) await(ctx context.Context, device access.Device, ask protocol.SyncRequest) error {
	if ask.Wait == 0 {
		return nil
	}
	until := time.NewTimer(time.Duration(min(int(ask.Wait), protocol.MaxWaitSeconds)) * time.Second)
	defer until.Stop()
	for {
		changed := g.change()
		var a protocol.SyncAnswer
		var pending uint32
		err := g.DB.View(ctx, func(tx ledger.Tx) (err error) {
			if pending, err = g.pending(ctx, tx, device); err != nil {
				return err
			}
			return g.down(ctx, tx, device, ask.Cursor, downBytes, &a)
		})
		if err != nil || pending == 0 || len(a.Down) > 0 {
			return err
		}
		again := time.NewTimer(lookAgain)
		select {
		case <-changed:
		case <-again.C:
		case <-until.C:
			again.Stop()
			return nil
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		}
		again.Stop()
	}
}

// acks says how files stand.
func (g *Ingest) acks(ctx context.Context, tx ledger.Tx, names ...[]civic.Digest) (acks []protocol.BatchAck, err error) {
	demo, err := access.Setting(ctx, tx, SafeIsReceived)
	if err != nil {
		return nil, err
	}
	for _, list := range names {
		for _, name := range list {
			ack, err := g.ackOf(ctx, tx, name)
			if err != nil {
				return nil, err
			}
			ack.Safe = ack.Safe || demo != "" && ack.State != protocol.BatchAbsent
			acks = append(acks, ack)
		}
	}
	return acks, nil
}

// wantedKeys lists the day keys the kit holds and the centre does not, and
// those that files of this kit wait for.
func (g *Ingest) wantedKeys(ctx context.Context, tx ledger.Tx, device access.Device, held []protocol.KeyID, a *protocol.SyncAnswer) error {
	wanted := map[protocol.KeyID]bool{}
	want := func(id protocol.KeyID) error {
		if wanted[id] {
			return nil
		}
		here, err := haveKey(ctx, tx, id)
		if err == nil && !here {
			wanted[id] = true
			a.WantKey = append(a.WantKey, id)
		}
		return err
	}
	for _, id := range held {
		if err := want(id); err != nil {
			return err
		}
	}
	var waited []protocol.KeyID
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var id []byte
		err := r.Scan(&id)
		waited = append(waited, protocol.KeyID(id))
		return err
	}, "SELECT DISTINCT key_id FROM ingest_file WHERE area = ?1 AND device = ?2 AND state = ?3", string(device.Area), device.ID[:], stateNeedsKey)
	if err != nil {
		return err
	}
	for _, id := range waited {
		if err := want(id); err != nil {
			return err
		}
	}
	return nil
}

// haveKey tells whether a day key's header is here, whoever made it: a courier,
// a hub or a spare kit asks for others'. One that is only set aside because of
// its kit is here; one that is damaged is not.
func haveKey(ctx context.Context, tx ledger.Tx, id protocol.KeyID) (bool, error) {
	var one int
	err := tx.QueryRow(ctx, "SELECT 1 FROM ingest_file WHERE kind = 1 AND key_id = ?1 AND (state = ?2 OR reason IN (?3, ?4)) LIMIT 1",
		id[:], stateDone, string(civic.DeviceRevoked), string(civic.DeviceUnknown)).Scan(&one)
	if errors.Is(err, ledger.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// down reads the messages above a cursor, as many as one answer carries.
func (g *Ingest) down(ctx context.Context, tx ledger.Tx, device access.Device, cursor uint64, limit int, a *protocol.SyncAnswer) error {
	rows, err := tx.Query(ctx, `SELECT d.seq, d.kind, coalesce(s.bytes, d.body) FROM ingest_down d LEFT JOIN ingest_shared s ON s.area = '' AND s.digest = d.shared
 WHERE d.area = ?1 AND d.device = ?2 AND d.seq > ?3 ORDER BY d.seq LIMIT ?4`,
		string(device.Area), device.ID[:], int64(cursor), protocol.MaxDownPerCall+1)
	if err != nil {
		return err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		var d protocol.Down
		if err := rows.Scan(&d.Seq, &d.Kind, &d.Body); err != nil {
			return err
		}
		if size += len(d.Body); len(a.Down) == protocol.MaxDownPerCall || len(a.Down) > 0 && size > limit {
			a.More = true
			break
		}
		a.Down = append(a.Down, d)
	}
	return rows.Err()
}

// pending counts the registrations of a kit that are not decided yet.
func (g *Ingest) pending(ctx context.Context, tx ledger.Tx, device access.Device) (n uint32, err error) {
	err = tx.QueryRow(ctx, "SELECT COALESCE(SUM(count), 0) FROM ingest_file WHERE area = ?1 AND device = ?2 AND state IN (1, 2)",
		string(device.Area), device.ID[:]).Scan(&n)
	return n, err
}
