package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The outbox holds sealed files as they travel, until the centre has signed
// that they are safe. It needs no passphrase to be sent.

// Unpacked gives up to limit registrations that no batch holds yet, in the
// order of their counters. Practice never leaves the kit and is not among them,
// nor is what was restored from a lost kit (see UnpackedOf), nor what waits for
// a supervisor (see Unseen).
func (s *Store) Unpacked(ctx context.Context, limit int) ([]civic.Registration, error) {
	return s.UnpackedOf(ctx, civic.DeviceID{}, limit)
}

// UnpackedOf does the same for a lost kit that was restored here; zero is this
// kit itself.
func (s *Store) UnpackedOf(ctx context.Context, device civic.DeviceID, limit int) ([]civic.Registration, error) {
	o, err := s.opened()
	if err != nil {
		return nil, err
	}
	approval, err := s.Approval(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	var rows []int64
	for _, st := range o.list {
		if approval.On && st.waits() {
			continue
		}
		if st.carrier == carriedNot && !st.Practice && !st.Safe && st.of(device) && len(rows) < limit {
			rows = append(rows, st.row)
		}
	}
	s.mu.RUnlock()
	out := make([]civic.Registration, 0, len(rows))
	err = s.view(ctx, func(tx *vault.Tx) error {
		for _, n := range rows {
			row := vault.Row{N: n}
			ok, err := tx.One("SELECT v,e,s FROM b WHERE n=?1", []any{n}, &row.Version, &row.Key, &row.Sealed)
			if err != nil {
				return err
			}
			var r registrationRecord
			if ok {
				if ok, err = openRow(tx, "b", row, &r); err != nil {
					return err
				}
			}
			if ok { // a damaged one is set aside; the others go
				out = append(out, r.civic())
			}
		}
		return nil
	})
	return out, err
}

// NextBatch is the number the next batch carries; AddOutgoing of a batch uses
// it up.
func (s *Store) NextBatch(ctx context.Context) (seq uint64, err error) {
	err = s.view(ctx, func(tx *vault.Tx) error {
		seq, err = number(tx, rowBatches)
		return err
	})
	return seq + 1, err
}

func number(tx *vault.Tx, row int64) (n uint64, err error) {
	_, err = get(tx, "m", row, &n)
	return n, err
}

// AddOutgoing puts a sealed file into the outbox; what it covers counts as
// packed in the same transaction. A repeat changes nothing.
func (s *Store) AddOutgoing(ctx context.Context, out Outgoing) error {
	o, err := s.opened()
	if err != nil {
		return err
	}
	s.mu.RLock()
	rows, err := o.covered(out.Device, out.Covers)
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	var carrier int64
	err = s.update(ctx, func(tx *vault.Tx) error {
		if carrier, err = addFile(tx, out); err != nil {
			return err
		}
		for _, st := range rows {
			if _, err := tx.Exec("UPDATE c SET o=?2 WHERE n=?1 AND o=0", st.row, carrier); err != nil {
				return err
			}
		}
		if !out.Attachment.IsZero() {
			n, err := tx.Name(vault.Kit, "d", out.Attachment[:])
			if err != nil {
				return err
			}
			if _, err := tx.Exec("UPDATE d SET o=?2 WHERE n=?1 AND o=0", n, carrier); err != nil {
				return err
			}
		}
		if out.Kind != protocol.ItemBatch {
			return nil
		}
		seq, err := number(tx, rowBatches)
		if err != nil {
			return err
		}
		return put(tx, vault.Kit, "m", rowBatches, seq+1)
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range rows {
		if st.carrier == carriedNot {
			st.carrier = carrier
		}
	}
	return nil
}

// of tells whether a stub is of a lost kit, or of this one when device is zero.
func (st *stub) of(device civic.DeviceID) bool {
	if device.IsZero() {
		return len(st.Device) == 0
	}
	return string(st.Device) == string(device[:])
}

func (o *opened) covered(device civic.DeviceID, counters []uint64) ([]*stub, error) {
	wanted := make(map[uint64]bool, len(counters))
	for _, c := range counters {
		wanted[c] = true
	}
	var rows []*stub
	for _, st := range o.list {
		if wanted[st.Counter] && st.of(device) {
			rows = append(rows, st)
		}
	}
	if len(rows) != len(wanted) {
		return nil, civic.NewProblem(civic.RegistrationAbsent, errors.New("a batch covers what this kit did not seal"), "")
	}
	return rows, nil
}

// addFile writes one file of the outbox and gives its row.
func addFile(tx *vault.Tx, out Outgoing) (int64, error) {
	digest := sha256.Sum256(out.Bytes)
	var n int64
	ok, err := tx.One("SELECT n FROM f WHERE i=?1", []any{digest[:]}, &n)
	if ok || err != nil {
		return n, err
	}
	// The highest number is never used again while a stub may still name it.
	if _, err := tx.One("SELECT 1+max(coalesce((SELECT max(n) FROM f),0), coalesce((SELECT max(o) FROM c),0), coalesce((SELECT max(o) FROM d),0))", nil, &n); err != nil {
		return 0, err
	}
	r, err := tx.Seal(vault.Outer, "f", n, 1, out.Bytes)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec("INSERT INTO f(n,v,e,i,t,q,z,s) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
		r.N, r.Version, r.Key, digest[:], int64(out.Kind), out.Key[:], len(out.Bytes), r.Sealed)
	return n, err
}

// DayKey gives today's transport key. When there is none yet it makes one: wrap
// writes its header for the registry, which goes into the outbox in the same
// transaction. The key of an earlier day is dropped then.
func (s *Store) DayKey(ctx context.Context, wrap func(DayKey) (header []byte, err error)) (DayKey, error) {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	today := s.options.Clock().Unix() / 86400
	var r dayKeyRecord
	err := s.view(ctx, func(tx *vault.Tx) error {
		_, err := get(tx, "m", rowDayKey, &r)
		return err
	})
	if err != nil && civic.CodeOf(err) != civic.RowDamaged {
		return DayKey{}, err
	}
	if err == nil && r.Day == today && r.ID != (protocol.KeyID{}) {
		return DayKey{r.ID, r.Key}, nil
	}
	k, err := newDayKey()
	if err != nil {
		return DayKey{}, err
	}
	header, err := wrap(k)
	if err != nil {
		return DayKey{}, err
	}
	err = s.update(ctx, func(tx *vault.Tx) error {
		if _, err := addFile(tx, Outgoing{Kind: protocol.ItemKey, Bytes: header, Key: k.ID}); err != nil {
			return err
		}
		return put(tx, vault.Kit, "m", rowDayKey, dayKeyRecord{Day: today, ID: k.ID, Key: k.Key})
	})
	return k, err
}

// dropDayKey drops a transport key with its day: what was packed under it only
// the registry opens from then on.
func dropDayKey(tx *vault.Tx, now time.Time) error {
	var r dayKeyRecord
	ok, err := get(tx, "m", rowDayKey, &r)
	switch {
	case civic.CodeOf(err) == civic.RowDamaged:
		return nil // DayKey makes another
	case err != nil:
		return err
	case !ok || r.Day == now.Unix()/86400 || r.ID == (protocol.KeyID{}):
		return nil
	}
	return put(tx, vault.Kit, "m", rowDayKey, dayKeyRecord{})
}

// Pending lists the files of the outbox that the centre has not called safe, in
// the order to send them: keys, batches, attachments. A key stays in the list as
// long as a file under it does. It needs no passphrase.
func (s *Store) Pending(ctx context.Context) ([]protocol.Item, error) {
	var all []protocol.Item
	err := s.vault.View(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT i,t,q,z,b,y,u,x FROM f WHERE x=0 OR t=1 AND EXISTS (SELECT 1 FROM f AS other WHERE other.q=f.q AND other.t<>1 AND other.x=0) ORDER BY t,n", func(scan func(...any) error) error {
			var digest, key []byte
			var it protocol.Item
			var reason string
			if err := scan(&digest, &it.Kind, &key, &it.Size, &it.Sent, &it.Acked, &reason, &it.Safe); err != nil {
				return err
			}
			copy(it.Digest[:], digest)
			copy(it.Key[:], key)
			it.Reason = civic.Code(reason)
			all = append(all, it)
			return nil
		})
	})
	return all, err
}

// Read gives a file of the outbox. One that is damaged is set aside as
// evidence and what it carried counts as unpacked again: civic.RowDamaged.
func (s *Store) Read(ctx context.Context, d civic.Digest) (file []byte, err error) {
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		var r vault.Row
		ok, err := tx.One("SELECT n,v,e,s FROM f WHERE i=?1", []any{d[:]}, &r.N, &r.Version, &r.Key, &r.Sealed)
		if err != nil {
			return err
		}
		if !ok {
			return civic.NewProblem(civic.FileUnreadable, nil, d.String()[:8])
		}
		file, err = tx.Open("f", r)
		return err
	})
	if civic.CodeOf(err) == civic.RowDamaged {
		s.unpack(ctx)
	}
	return file, err
}

// unpack reads the carriers again after a file was set aside.
func (s *Store) unpack(ctx context.Context) {
	o, err := s.opened()
	if err != nil {
		return // read at the next unlock
	}
	free := map[int64]bool{}
	if err := s.view(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT n FROM c WHERE o=0", func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			free[n] = true
			return err
		})
	}); err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range o.list {
		if free[st.row] {
			st.carrier = carriedNot
		}
	}
}
