package store

import (
	"context"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// What the centre told this kit about itself needs no passphrase: it was signed
// there, and the caller has verified it.

// KeepBundle keeps the registry's keys; one with a lower serial than we hold is
// passed over.
func (s *Store) KeepBundle(ctx context.Context, statement []byte, b protocol.KeyBundle) error {
	payload, err := protocol.Marshal(b)
	if err != nil {
		return err
	}
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		have, _, err := bundle(tx)
		if err != nil || (len(have.Recipients) > 0 && have.Serial > b.Serial) {
			return err
		}
		return put(tx, vault.Outer, "m", rowBundle, signedRecord{statement, payload})
	}))
}

func bundle(tx *vault.Tx) (b protocol.KeyBundle, statement []byte, err error) {
	var r signedRecord
	ok, err := get(tx, "m", rowBundle, &r)
	if !ok {
		return b, nil, err
	}
	return b, r.Statement, protocol.Unmarshal(r.Payload, &b)
}

// Bundle gives the registry's keys with the statement they came in; zero when
// none was kept.
func (s *Store) Bundle(ctx context.Context) (b protocol.KeyBundle, statement []byte, err error) {
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		b, statement, err = bundle(tx)
		return err
	})
	return b, statement, err
}

// BundleSerial is the serial of the bundle held, 0 for none.
func (s *Store) BundleSerial(ctx context.Context) (uint64, error) {
	b, _, err := s.Bundle(ctx)
	return b.Serial, err
}

// KeepLease keeps the permission for new interviews; an older one than we hold
// is passed over.
func (s *Store) KeepLease(ctx context.Context, statement []byte, l protocol.Lease) error {
	payload, err := protocol.Marshal(l)
	if err != nil {
		return err
	}
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		have, _, err := lease(tx)
		if err != nil || have.Issued > l.Issued {
			return err
		}
		return put(tx, vault.Outer, "m", rowLease, signedRecord{statement, payload})
	}))
}

func lease(tx *vault.Tx) (l protocol.Lease, statement []byte, err error) {
	var r signedRecord
	ok, err := get(tx, "m", rowLease, &r)
	if !ok {
		return l, nil, err
	}
	return l, r.Statement, protocol.Unmarshal(r.Payload, &l)
}

// Lease gives the permission for new interviews with its statement; zero when
// none was kept.
func (s *Store) Lease(ctx context.Context) (l protocol.Lease, statement []byte, err error) {
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		l, statement, err = lease(tx)
		return err
	})
	return l, statement, err
}

// KeepServerTime notes the centre's clock against ours.
func (s *Store) KeepServerTime(ctx context.Context, server int64) error {
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		return put(tx, vault.Outer, "m", rowTime, timeRecord{Server: server, At: stampRecord(s.Stamp())})
	}))
}

// ServerTime gives the centre's clock at the last contact, seconds, and the
// kit's stamp of that moment; 0 when there was none.
func (s *Store) ServerTime(ctx context.Context) (server int64, at civic.Stamp, err error) {
	var r timeRecord
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		_, err := get(tx, "m", rowTime, &r)
		return err
	})
	return r.Server, civic.Stamp(r.At), err
}

// ServerNow carries the centre's clock on from the last contact; 0 when there
// was none. Within one start of the program the monotonic count decides. Across
// starts the wall clock does, but never less than the time this kit has been
// running since: one that was set back stretches nothing, and one that was set
// forward burns nothing once it is put right.
func (s *Store) ServerNow(ctx context.Context) (int64, error) {
	var r timeRecord
	err := s.vault.View(ctx, func(tx *vault.Tx) error {
		_, err := get(tx, "m", rowTime, &r)
		return err
	})
	if err != nil || r.Server == 0 {
		return 0, err
	}
	now := s.Stamp()
	if now.Boot == r.At.Boot {
		return r.Server + now.Mono - r.At.Mono, nil
	}
	return r.Server + max(now.Wall-r.At.Wall, r.Ran+now.Mono), nil
}

// ran adds the length of this start to what ServerNow must count at least.
func (s *Store) ran(tx *vault.Tx) error {
	var r timeRecord
	ok, err := get(tx, "m", rowTime, &r)
	if !ok || err != nil {
		return err
	}
	now := s.Stamp()
	r.Ran += now.Mono
	if now.Boot == r.At.Boot {
		r.Ran -= r.At.Mono
	}
	return put(tx, vault.Outer, "m", rowTime, r)
}
