package store

import (
	"context"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

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
