package district

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Heard takes in what a kit says beside its files: whom it opened, who wants to
// be a supervisor, which pack it holds. It gives the number of the last opening
// that is durable here with all before it.
func (d *District) Heard(ctx context.Context, device access.Device, ask *protocol.SyncRequest) (opened uint64, err error) {
	if len(ask.Openings) > protocol.MaxOpenings {
		return 0, civic.NewProblem(civic.RequestMalformed, errors.New("too many openings"))
	}
	stale := false
	if ask.Pack != nil {
		if err := d.DB.View(ctx, func(tx ledger.Tx) error {
			_, stale, err = d.cursor(ctx, tx, device.Area, ask.Pack)
			return err
		}); err != nil {
			return 0, err
		}
	}
	if len(ask.Openings) == 0 && !stale && (ask.Pack == nil || len(ask.Pack.Applies) == 0) {
		return 0, nil
	}
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		if stale {
			// The kit holds what this ledger lost: only another pack is safe.
			if _, err := tx.Exec(ctx, "UPDATE pack SET stale = 1 WHERE area = ?1 AND pack = ?2", string(device.Area), ask.Pack.Pack); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE pack_district SET next_at = 0 WHERE area = ?1", string(device.Area)); err != nil {
				return err
			}
		}
		if ask.Pack != nil {
			if err := d.applied(ctx, tx, device, ask.Pack.Applies); err != nil {
				return err
			}
		}
		opened, err = d.takeOpenings(ctx, tx, device, ask.Openings)
		return err
	})
	return opened, err
}

func (d *District) takeOpenings(ctx context.Context, tx ledger.Tx, device access.Device, list []protocol.SealedOpening) (uint64, error) {
	if len(list) == 0 {
		return 0, nil
	}
	rows := make([][]any, 0, len(list))
	var last uint64 // a number may be missing: its row was damaged on the kit
	for _, o := range list {
		if len(o.Body) > protocol.MaxOpening || o.N <= last {
			return 0, civic.NewProblem(civic.RequestMalformed, errors.New("openings out of order or too long"))
		}
		last = o.N
		rows = append(rows, []any{string(device.Area), device.ID[:], int64(o.N), 1, o.Body, d.Clock().Unix()})
	}
	_, err := tx.Insert(ctx, "pack_opening", []string{"area", "device", "n", "state", "body", "at"}, rows, "ON CONFLICT DO NOTHING")
	return last, err
}

// cursor is how far a kit is in the office's open pack: 0 when it holds another.
// stale tells that it holds a piece this ledger does not have.
func (d *District) cursor(ctx context.Context, tx ledger.Tx, area civic.Area, ask *protocol.PackAsk) (at uint64, stale bool, err error) {
	if len(ask.Pack) == 0 || ask.Cursor == 0 {
		return 0, false, nil
	}
	var body []byte
	err = tx.QueryRow(ctx, "SELECT body FROM pack_piece WHERE area = ?1 AND pack = ?2 AND seq = ?3", string(area), ask.Pack, int64(ask.Cursor)).Scan(&body)
	if errors.Is(err, ledger.ErrNoRows) {
		var one int
		err = tx.QueryRow(ctx, "SELECT 1 FROM pack WHERE area = ?1 AND pack = ?2 AND state = ?3", string(area), ask.Pack, stateOpen).Scan(&one)
		if errors.Is(err, ledger.ErrNoRows) {
			return 0, false, nil // an old pack, or another office's
		}
		return 0, err == nil, err
	}
	if err != nil {
		return 0, false, err
	}
	return ask.Cursor, !bytes.Equal(Tail(body), ask.Tail), nil
}

// Tail is how a kit names the last piece it holds.
func Tail(piece []byte) []byte {
	h := sha256.Sum256(piece)
	return h[:8]
}

// News gives a kit what it has not got of its office's pack, at most limit
// bytes of pieces but at least one; nil when there is nothing to say.
func (d *District) News(ctx context.Context, tx ledger.Tx, device access.Device, ask *protocol.PackAsk, limit int) (*protocol.PackNews, error) {
	if ask == nil || device.IsRevoked() || device.Hub {
		return nil, nil
	}
	n := &protocol.PackNews{}
	var total, stale int64
	err := tx.QueryRow(ctx, "SELECT p.pack, p.number, p.last, p.stale, h.version, h.body FROM pack AS p JOIN pack_head AS h ON h.area = p.area AND h.pack = p.pack WHERE p.area = ?1 AND p.state = ?2 AND h.device = ?3",
		string(device.Area), stateOpen, device.ID[:]).Scan(&n.Pack, &n.Number, &n.Last, &stale, &n.Version, &n.Head)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	if err != nil || stale != 0 {
		return nil, err
	}
	cursor := uint64(0)
	if bytes.Equal(n.Pack, ask.Pack) {
		var lost bool
		if cursor, lost, err = d.cursor(ctx, tx, device.Area, ask); err != nil || lost {
			return nil, err
		}
		if ask.Head == n.Version {
			n.Head = nil
		}
		if n.Head == nil && cursor == n.Last {
			return nil, nil
		}
	}
	size := 0
	n.First = cursor + 1
	rows, err := tx.Query(ctx, "SELECT body FROM pack_piece WHERE area = ?1 AND pack = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
		string(device.Area), n.Pack, int64(cursor), protocol.MaxPackPieces)
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var body []byte
		if err = rows.Scan(&body); err != nil {
			break
		}
		if size += len(body); len(n.Pieces) > 0 && size > limit {
			break
		}
		n.Pieces = append(n.Pieces, body)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	err = tx.QueryRow(ctx, "SELECT coalesce(sum(length(body)), 0) FROM pack_piece WHERE area = ?1 AND pack = ?2 AND seq > ?3",
		string(device.Area), n.Pack, int64(cursor)+int64(len(n.Pieces))).Scan(&total)
	n.Left = total
	return n, err
}

// heads prepares what each kit of the offices is told of its pack.
func (d *District) heads(ctx context.Context) error {
	devices, err := d.Access.Devices(ctx)
	if err != nil {
		return err
	}
	all, err := d.Settings(ctx, "")
	if err != nil {
		return err
	}
	var wrong []error
	for _, s := range all {
		err := d.DB.Update(ctx, func(tx ledger.Tx) error {
			m, err := d.current(ctx, tx, s.Area)
			if err != nil || m == nil {
				return err
			}
			var changed int64
			if err := tx.QueryRow(ctx, "SELECT changed_at FROM pack WHERE area = ?1 AND pack = ?2", string(s.Area), m.id[:]).Scan(&changed); err != nil {
				return err
			}
			for _, device := range devices {
				if device.Area != s.Area || device.Hub || device.IsRevoked() {
					continue
				}
				if err := d.head(ctx, tx, s, m, changed, device); err != nil {
					return err
				}
			}
			return nil
		})
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

func (d *District) head(ctx context.Context, tx ledger.Tx, s Settings, m *making, changed int64, device access.Device) error {
	var id []byte
	var version int64
	err := tx.QueryRow(ctx, "SELECT pack, version FROM pack_head WHERE area = ?1 AND device = ?2", string(s.Area), device.ID[:]).Scan(&id, &version)
	if err == nil && bytes.Equal(id, m.id[:]) && version == m.version {
		return nil
	}
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return err
	}
	h := pack.Head{
		Pack: m.id, Key: m.keys.Key, Area: s.Area, Others: s.Neighbours, People: uint32(m.people), Left: uint32(m.left),
		Made: changed, Next: d.Clock().Add(s.Every).Unix(), Version: uint64(m.version),
	}
	if h.Supervisors, err = d.sealToSupervisors(ctx, tx, device, m.keys.Master); err != nil {
		return err
	}
	plain, err := pack.MarshalHead(h)
	if err != nil {
		return err
	}
	secret, err := d.Access.Secret(device)
	if err != nil {
		return err
	}
	body, err := protocol.SealDown(secret, uint64(m.version), protocol.DownPack, plain, d.Rand)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO pack_head (area, device, pack, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (area, device) DO UPDATE SET pack = excluded.pack, version = excluded.version, body = excluded.body`,
		string(s.Area), device.ID[:], m.id[:], m.version, body)
	return err
}

// sealToSupervisors seals the pack's master to each supervisor of a kit.
func (d *District) sealToSupervisors(ctx context.Context, tx ledger.Tx, device access.Device, master pack.Master) (out []pack.Supervisor, err error) {
	list, err := supervisors(ctx, tx, "WHERE area = ?1 AND device = ?2 AND approved_at > 0 AND ended_at = 0", string(device.Area), device.ID[:])
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		to, err := age.ParseHybridRecipient(s.Recipient)
		if err != nil {
			return nil, civic.NewProblem(civic.LedgerDamaged, err)
		}
		var file bytes.Buffer
		w, err := age.Encrypt(&file, to)
		if err == nil {
			_, err = w.Write(master[:])
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			return nil, err
		}
		out = append(out, pack.Supervisor{Officer: s.Officer, Master: file.Bytes()})
	}
	return out, nil
}
