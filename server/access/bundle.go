package access

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A bundle vouches for bundleLife and is signed anew each bundleRenew, or when
// a kit comes or goes.
const (
	bundleLife  = 400 * 24 * time.Hour
	bundleRenew = 30 * 24 * time.Hour
)

// Bundle gives the signed key bundle and its serial.
func (a *Access) Bundle(ctx context.Context) (statement []byte, serial uint64, err error) {
	fresh := false
	err = a.db.View(ctx, func(tx ledger.Tx) (err error) {
		statement, serial, fresh, err = a.stored(ctx, tx)
		return err
	})
	if err != nil || fresh {
		return statement, serial, err
	}
	if !a.keys.Opens() {
		// The opener signs a new one within moments; the last one serves till then.
		if statement == nil {
			err = civic.NewProblem(civic.OpenerAway, nil)
		}
		return statement, serial, err
	}
	err = a.db.Update(ctx, func(tx ledger.Tx) (err error) {
		statement, serial, err = a.bundle(ctx, tx)
		return err
	})
	return statement, serial, err
}

func (a *Access) stored(ctx context.Context, tx ledger.Tx) (statement []byte, serial uint64, fresh bool, err error) {
	var issued, stale int64
	err = tx.QueryRow(ctx, "SELECT serial, issued_at, stale, statement FROM access_bundle WHERE one = 1").Scan(&serial, &issued, &stale, &statement)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, 0, false, nil
	}
	fresh = stale == 0 && a.o.Clock().Before(time.Unix(issued, 0).Add(bundleRenew))
	return statement, serial, fresh, err
}

// bundle gives the bundle that stands in this transaction, signing a new one
// when it is needed.
func (a *Access) bundle(ctx context.Context, tx ledger.Tx) ([]byte, uint64, error) {
	old, serial, fresh, err := a.stored(ctx, tx)
	if err == nil && !fresh && old == nil && !a.keys.Opens() {
		err = civic.NewProblem(civic.OpenerAway, nil)
	}
	if err != nil || fresh || !a.keys.Opens() {
		return old, serial, err
	}
	now := a.o.Clock()
	b := protocol.KeyBundle{
		Registry:   a.o.Registry,
		Issued:     now.Unix(),
		Expires:    now.Add(bundleLife).Unix(),
		Serial:     serial + 1,
		Recipients: []string{a.keys.recipient},
		Recovery:   a.keys.recovery,
		Server:     a.keys.Statements(),
		Log:        a.keys.LogKey(),
	}
	devices, err := a.devices(ctx, tx, "WHERE hub = 0 ORDER BY area, device")
	if err != nil {
		return nil, 0, err
	}
	for _, d := range devices {
		b.Kits = append(b.Kits, protocol.KitKey{Device: d.ID, Public: d.Sign, Office: d.Area, UpTo: d.RevokedUpTo})
	}
	statement, err := protocol.Sign(protocol.StatementBundle, b, a.keys.rootKey)
	if err != nil {
		return nil, 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO access_bundle (one, serial, issued_at, stale, statement) VALUES (1, ?1, ?2, 0, ?3)
		ON CONFLICT (one) DO UPDATE SET serial = excluded.serial, issued_at = excluded.issued_at, stale = 0, statement = excluded.statement`,
		int64(b.Serial), b.Issued, statement)
	return statement, b.Serial, err
}

func staleBundle(ctx context.Context, tx ledger.Tx) error {
	_, err := tx.Exec(ctx, "UPDATE access_bundle SET stale = 1 WHERE one = 1")
	return err
}

// Lease signs a kit's permission to start interviews. A revoked kit is told
// so, and whether to hand over and destroy its keys.
func (a *Access) Lease(d Device) ([]byte, error) {
	now := a.o.Clock()
	l := protocol.Lease{Device: d.ID, Issued: now.Unix(), Expires: now.Add(a.o.LeaseLife).Unix(), Revoked: d.IsRevoked(), Wipe: d.Wipe}
	if l.Revoked {
		l.Expires = l.Issued
	}
	return a.keys.Sign(protocol.StatementLease, l)
}

// Acks signs what happened to batches.
func (a *Access) Acks(acks []protocol.BatchAck) ([]byte, error) {
	return a.keys.Sign(protocol.StatementAck, acks)
}

// Marks signs which messages down are a kit's.
func (a *Access) Marks(m protocol.Marks) ([]byte, error) {
	return a.keys.Sign(protocol.StatementMarks, m)
}

// Offices lists every office that has a kit.
func Offices(ctx context.Context, tx ledger.Tx) (areas []civic.Area, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var area string
		err := r.Scan(&area)
		areas = append(areas, civic.Area(area))
		return err
	}, "SELECT DISTINCT area FROM access_device ORDER BY area")
	return areas, err
}
