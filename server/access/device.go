package access

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Device is a kit as the centre knows it.
type Device struct {
	Area      civic.Area
	ID        civic.DeviceID
	Name      string
	Sign      ed25519.PublicKey
	Transport ed25519.PublicKey
	Enrolled  time.Time
	Revoked   time.Time // zero unless withdrawn
	// RevokedUpTo is the last counter whose receipts count, 0 for no limit.
	RevokedUpTo uint64
	Wipe        bool
	Hub         bool // a hub, which carries for kits
	// Successor is the spare kit that took over this one's backup, zero if none.
	Successor civic.DeviceID
	Seen      time.Time     // last contact, zero if never
	Drift     time.Duration // how far its clock was ahead then
	DownSeq   uint64        // last message to it
	Cursor    uint64        // last message it has taken in
	Journal   protocol.Head

	sealedSecret []byte
}

// IsRevoked tells whether the kit was withdrawn.
func (d Device) IsRevoked() bool { return !d.Revoked.IsZero() }

const deviceColumns = `SELECT area, device, name, sign_key, transport, kit_secret, enrolled_at, revoked_at, revoked_up_to, wipe,
	seen_at, clock_drift, down_seq, cursor, journal_length, journal_hash, hub, successor FROM access_device `

func scanDevice(r ledger.Row) (d Device, err error) {
	var area string
	var id, hash, successor []byte
	var enrolled, revoked, seen, drift int64
	err = r.Scan(&area, &id, &d.Name, (*[]byte)(&d.Sign), (*[]byte)(&d.Transport), &d.sealedSecret, &enrolled, &revoked, &d.RevokedUpTo, &d.Wipe,
		&seen, &drift, &d.DownSeq, &d.Cursor, &d.Journal.Length, &hash, &d.Hub, &successor)
	if err != nil {
		return Device{}, err
	}
	d.Area = civic.Area(area)
	copy(d.ID[:], id)
	copy(d.Successor[:], successor)
	copy(d.Journal.Hash[:], hash)
	d.Enrolled, d.Revoked, d.Seen = fromUnix(enrolled), fromUnix(revoked), fromUnix(seen)
	d.Drift = time.Duration(drift) * time.Second
	return d, nil
}

func fromUnix(s int64) time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

func (a *Access) devices(ctx context.Context, tx ledger.Tx, where string, args ...any) (devices []Device, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		d, err := scanDevice(r)
		devices = append(devices, d)
		return err
	}, deviceColumns+where, args...)
	return devices, err
}

// Devices lists every kit, by office.
func (a *Access) Devices(ctx context.Context) (devices []Device, err error) {
	err = a.db.View(ctx, func(tx ledger.Tx) (err error) {
		devices, err = a.devices(ctx, tx, "ORDER BY area, enrolled_at, device")
		return err
	})
	return devices, err
}

// ByTransport finds the kit that shows a key on the wire; civic.DeviceUnknown
// when there is none.
func (a *Access) ByTransport(ctx context.Context, tx ledger.Tx, transport ed25519.PublicKey) (Device, error) {
	return a.by(ctx, tx, "SELECT area, device FROM access_transport WHERE transport = ?1", []byte(transport))
}

// ByID finds a kit; civic.DeviceUnknown when there is none.
func (a *Access) ByID(ctx context.Context, tx ledger.Tx, id civic.DeviceID) (Device, error) {
	return a.by(ctx, tx, "SELECT area, device FROM access_device_area WHERE device = ?1", id[:])
}

func (a *Access) by(ctx context.Context, tx ledger.Tx, query string, key []byte) (Device, error) {
	var area string
	var id []byte
	err := tx.QueryRow(ctx, query, key).Scan(&area, &id)
	if err == nil {
		var d Device
		if d, err = scanDevice(tx.QueryRow(ctx, deviceColumns+"WHERE area = ?1 AND device = ?2", area, id)); err == nil {
			return d, nil
		}
	}
	if errors.Is(err, ledger.ErrNoRows) {
		return Device{}, civic.NewProblem(civic.DeviceUnknown, err)
	}
	return Device{}, err
}

// Secret opens the secret a kit shares with the registry, 32 bytes.
func (a *Access) Secret(d Device) ([]byte, error) {
	a.mu.Lock()
	secret, ok := a.secrets[d.ID]
	a.mu.Unlock()
	if ok {
		return secret, nil
	}
	secret, err := a.keys.open(d.sealedSecret, secretSize)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.secrets) >= maxSecrets {
		clear(a.secrets)
	}
	a.secrets[d.ID] = secret
	return secret, nil
}

const secretSize = 32

// Contact is what a kit said of itself in a call.
type Contact struct {
	Cursor  uint64
	Clock   civic.Stamp
	Journal protocol.Head
}

// A contact is written down when it tells something new, or after this long.
const contactEvery = time.Minute

// Seen writes down a contact and tells the device as it now stands. Most calls
// change nothing and write nothing.
func (a *Access) Seen(ctx context.Context, d Device, c Contact) (Device, error) {
	now := a.o.Clock()
	// A head that goes back is kept as it was: it shows a restored or copied kit.
	grown := c.Journal.Length > d.Journal.Length
	restored := c.Cursor > d.DownSeq
	if now.Sub(d.Seen) < contactEvery && c.Cursor <= d.Cursor && !grown && !restored {
		return d, nil
	}
	d.Seen, d.Cursor = now, max(d.Cursor, c.Cursor)
	d.Drift = c.Clock.Time().Sub(now).Truncate(time.Second)
	if grown {
		d.Journal = c.Journal
	}
	// A kit that has taken in more than this ledger remembers saying was told by
	// the ledger's former life: numbers go on behind what the kit knows.
	d.DownSeq = max(d.DownSeq, c.Cursor)
	return d, a.db.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE access_device SET seen_at = ?3, clock_drift = ?4,
			cursor = CASE WHEN cursor < ?5 THEN ?5 ELSE cursor END,
			down_seq = CASE WHEN down_seq < ?5 THEN ?5 ELSE down_seq END,
			journal_hash = CASE WHEN journal_length < ?6 THEN ?7 ELSE journal_hash END,
			journal_length = CASE WHEN journal_length < ?6 THEN ?6 ELSE journal_length END
			WHERE area = ?1 AND device = ?2`,
			string(d.Area), d.ID[:], now.Unix(), int64(d.Drift/time.Second), int64(c.Cursor), int64(c.Journal.Length), c.Journal.Hash[:])
		return err
	}, ledger.Office(d.Area))
}

// NextSeq takes the next number of a message to a kit.
func NextSeq(ctx context.Context, tx ledger.Tx, area civic.Area, device civic.DeviceID) (seq uint64, err error) {
	err = tx.QueryRow(ctx, "UPDATE access_device SET down_seq = down_seq + 1 WHERE area = ?1 AND device = ?2 RETURNING down_seq",
		string(area), device[:]).Scan(&seq)
	return seq, err
}

// Revoke withdraws a kit. upTo is the last counter whose receipts count, 0 for
// all; wipe orders it to hand over and destroy its keys.
func (a *Access) Revoke(ctx context.Context, id civic.DeviceID, upTo uint64, wipe bool, actor string) (Device, error) {
	var d Device
	err := a.db.Update(ctx, func(tx ledger.Tx) (err error) {
		if d, err = a.ByID(ctx, tx, id); err != nil {
			if civic.CodeOf(err) == civic.DeviceUnknown {
				err = civic.NewProblem(civic.DeviceAbsent, err, id.String())
			}
			return err
		}
		if !d.IsRevoked() {
			d.Revoked = a.o.Clock()
		}
		d.RevokedUpTo, d.Wipe = upTo, d.Wipe || wipe
		_, err = tx.Exec(ctx, "UPDATE access_device SET revoked_at = ?3, revoked_up_to = ?4, wipe = ?5 WHERE area = ?1 AND device = ?2",
			string(d.Area), id[:], d.Revoked.Unix(), int64(upTo), d.Wipe)
		if err != nil {
			return err
		}
		if err := staleBundle(ctx, tx); err != nil {
			return err
		}
		return a.note(ctx, tx, d.Area, actor, "revoke_device", id[:], "")
	})
	return d, err
}
