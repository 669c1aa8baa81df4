package store

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// The outbox holds sealed files as they travel, until the centre has signed
// that they are safe. It needs no passphrase to be sent.

// Unpacked gives up to limit registrations that no batch holds yet, in the
// order of their counters. Practice never leaves the kit and is not among them,
// nor is what was restored from a lost kit (see UnpackedOf).
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
	s.mu.RLock()
	var rows []int64
	for _, st := range o.list {
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

// Acknowledge keeps what the centre signed of our files; the caller has
// verified the statement. What it says of files we do not know is passed over.
// A later statement replaces an earlier one, also when a restored centre lost a
// file, but what was called safe stays safe. It needs no passphrase; the
// registrations move on now or at the next unlock.
func (s *Store) Acknowledge(ctx context.Context, statement []byte, acks []protocol.BatchAck) error {
	err := s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		for _, a := range acks {
			if _, err := tx.Exec("UPDATE f SET y=?2, u=?3, x=?4 WHERE i=?1 AND x=0",
				a.Batch[:], int64(a.State), string(a.Reason), flag(a.Safe)); err != nil {
				return err
			}
		}
		if len(statement) == 0 {
			return nil
		}
		return tx.Put(vault.Outer, "m", rowStatement, statement)
	}))
	if err != nil || !s.Unlocked() {
		return err
	}
	return s.follow(ctx)
}

// Sent notes that the sending of files begins: from here on the centre may have
// them. It needs no passphrase.
func (s *Store) Sent(ctx context.Context, files []civic.Digest) error {
	err := s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		for _, d := range files {
			if _, err := tx.Exec("UPDATE f SET b=1 WHERE i=?1", d[:]); err != nil {
				return err
			}
		}
		return nil
	}))
	if err != nil || !s.Unlocked() {
		return err
	}
	return s.follow(ctx)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// follow moves the registrations on after acknowledgements.
func (s *Store) follow(ctx context.Context) error {
	o, err := s.opened()
	if err != nil {
		return err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	var moved []move
	if err := s.update(ctx, func(tx *vault.Tx) error {
		s.mu.RLock()
		defer s.mu.RUnlock()
		moved, err = fold(tx, o)
		return err
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	apply(moved)
	return nil
}

// move is what becomes of one stub once its transaction holds.
type move struct {
	st *stub
	to stub
}

func apply(moved []move) {
	for _, m := range moved {
		*m.st = m.to
	}
}

// fold brings what the centre said of files to the registrations they carry, and
// drops the files that are safe.
func fold(tx *vault.Tx, o *opened) ([]move, error) {
	type file struct {
		sent  bool
		state protocol.BatchState
		code  civic.Code
		safe  bool
	}
	files := map[int64]file{}
	if err := tx.Query("SELECT n,b,y,u,x FROM f WHERE b<>0 OR y<>0 OR x<>0", func(scan func(...any) error) error {
		var n int64
		var f file
		err := scan(&n, &f.sent, &f.state, &f.code, &f.safe)
		files[n] = f
		return err
	}); err != nil || len(files) == 0 {
		return nil, err
	}
	var moved []move
	for _, st := range o.list {
		f, ok := files[st.carrier]
		if !ok {
			continue
		}
		to := *st
		if f.sent {
			to.advance(civic.Sent, nil)
		}
		switch f.state {
		case protocol.BatchReceived, protocol.BatchNeedsKey:
			to.advance(civic.Received, nil)
		case protocol.BatchQuarantined:
			to.advance(civic.Quarantined, []reasonRecord{{Code: f.code}})
		}
		if f.safe {
			to.Safe, to.carrier = true, carriedSafe
		}
		if to.Status == st.Status && to.carrier == st.carrier {
			continue
		}
		if err := putStub(tx, &to); err != nil {
			return nil, err
		}
		if to.carrier != st.carrier {
			if _, err := tx.Exec("UPDATE c SET o=?2 WHERE n=?1", st.row, to.carrier); err != nil {
				return nil, err
			}
		}
		moved = append(moved, move{st, to})
	}
	return moved, dropSafe(tx)
}

// dropSafe drops the files that are safe. The header of a day key stays while a
// file under its key does, and while today's files are still to come.
func dropSafe(tx *vault.Tx) error {
	if _, err := tx.Exec("UPDATE d SET o=-1 WHERE o IN (SELECT n FROM f WHERE x=1)"); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM f WHERE x=1 AND t<>1"); err != nil {
		return err
	}
	var k dayKeyRecord
	if _, err := get(tx, "m", rowDayKey, &k); err != nil && civic.CodeOf(err) != civic.RowDamaged {
		return err
	}
	_, err := tx.Exec("DELETE FROM f WHERE x=1 AND t=1 AND q<>?1 AND NOT EXISTS (SELECT 1 FROM f AS other WHERE other.q=f.q AND other.t<>1)", k.ID[:])
	return err
}

// advance moves a stub on where the table of moves allows it; what comes late
// changes nothing.
func (st *stub) advance(to civic.Status, reasons []reasonRecord) bool {
	if !civic.CanMove(st.Status, to) {
		return false
	}
	st.Status, st.Reasons = to, reasons
	return true
}
