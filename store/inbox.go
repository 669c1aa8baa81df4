package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// ErrLater is how whoever applies the inbox leaves a message of a kind that only
// a later program knows where it is: that program finds it there.
var ErrLater = errors.New("a later program's message")

// TakeIn keeps messages of the centre as they came, with the cursor, until an
// officer unlocks the kit. A repeat of a message changes nothing.
func (s *Store) TakeIn(ctx context.Context, down []protocol.Down, cursor uint64) error {
	return s.told(s.vault.Update(ctx, func(tx *vault.Tx) error {
		have, err := number64(tx, rowCursor)
		if err != nil {
			return err
		}
		for _, d := range down {
			if d.Seq <= have {
				continue
			}
			r, err := tx.Seal(vault.Outer, "g", int64(d.Seq), 1, d.Body)
			if err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT OR IGNORE INTO g(n,v,e,t,s) VALUES(?1,?2,?3,?4,?5)", r.N, r.Version, r.Key, int64(d.Kind), r.Sealed); err != nil {
				return err
			}
		}
		if cursor <= have {
			return nil
		}
		return tx.Put(vault.Outer, "m", rowCursor, binary.BigEndian.AppendUint64(nil, cursor))
	}))
}

// Cursor is the number of the last message taken in.
func (s *Store) Cursor(ctx context.Context) (cursor uint64, err error) {
	err = s.vault.View(ctx, func(tx *vault.Tx) error {
		cursor, err = number64(tx, rowCursor)
		return err
	})
	return cursor, err
}

func number64(tx *vault.Tx, row int64) (uint64, error) {
	b, ok, err := tx.Get("m", row)
	if !ok || len(b) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// ApplyInbox hands each message to apply, oldest first, and settles what it
// gives back; each message leaves the inbox in the same transaction. One that
// apply refuses stays, is tried again at the next call, and does not hold up
// the others; the last such error is returned with the number of messages taken
// in. One that apply refuses with ErrLater stays without being told of. apply
// may call the store.
func (s *Store) ApplyInbox(ctx context.Context, apply func(protocol.Down) ([]civic.Outcome, error)) (int, error) {
	if _, err := s.opened(); err != nil {
		return 0, err
	}
	var rows []int64
	if err := s.view(ctx, func(tx *vault.Tx) error {
		return tx.Query("SELECT n FROM g ORDER BY n", func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			rows = append(rows, n)
			return err
		})
	}); err != nil {
		return 0, err
	}
	done := 0
	var refused error
	for _, n := range rows {
		d, err := s.message(ctx, n)
		if err == nil {
			err = s.takeOne(ctx, d, apply)
		}
		if errors.Is(err, ErrLater) {
			continue
		}
		if err != nil {
			refused = err
			continue
		}
		done++
	}
	return done, refused
}

func (s *Store) message(ctx context.Context, n int64) (protocol.Down, error) {
	d := protocol.Down{Seq: uint64(n)}
	err := s.view(ctx, func(tx *vault.Tx) error {
		r := vault.Row{N: n}
		if _, err := tx.One("SELECT v,e,t,s FROM g WHERE n=?1", []any{n}, &r.Version, &r.Key, &d.Kind, &r.Sealed); err != nil {
			return err
		}
		var err error
		d.Body, err = tx.Open("g", r)
		return err
	})
	return d, err
}

func (s *Store) takeOne(ctx context.Context, d protocol.Down, ask func(protocol.Down) ([]civic.Outcome, error)) error {
	outcomes, err := ask(d)
	if errors.Is(err, ErrLater) {
		return err
	}
	if err != nil {
		return s.vaultTries(ctx, d, err)
	}
	o, err := s.opened()
	if err != nil {
		return err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	moved := map[*stub]*move{}
	s.mu.RLock()
	for _, out := range outcomes {
		st := o.byID[out.Registration]
		if st == nil {
			continue // not ours, or of a kit before this one
		}
		m := moved[st]
		if m == nil {
			m = &move{st, *st}
		}
		if m.to.settle(out) {
			moved[st] = m
		}
	}
	s.mu.RUnlock()
	if err := s.update(ctx, func(tx *vault.Tx) error {
		for _, m := range moved {
			if err := putStub(tx, &m.to); err != nil {
				return err
			}
		}
		_, err := tx.Exec("DELETE FROM g WHERE n=?1", int64(d.Seq))
		return err
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range moved {
		*m.st = m.to
	}
	return nil
}

func (s *Store) vaultTries(ctx context.Context, d protocol.Down, cause error) error {
	if err := s.update(ctx, func(tx *vault.Tx) error {
		_, err := tx.Exec("UPDATE g SET y=y+1 WHERE n=?1", int64(d.Seq))
		return err
	}); err != nil {
		return err
	}
	return cause
}

// settle takes an outcome in; an older one than the last changes nothing.
func (st *stub) settle(out civic.Outcome) bool {
	at := out.At.Unix()
	if at < st.Settled || !st.advance(out.Status, each(out.Reasons, func(r civic.Reason) reasonRecord { return reasonRecord(r) })) {
		return false
	}
	st.Settled = at
	st.Persons = each(out.Persons, func(p civic.PersonOf) personOfRecord { return personOfRecord(p) })
	return true
}

func newDayKey() (k DayKey, err error) {
	_, err = io.ReadFull(rand.Reader, k.Key[:])
	k.ID = protocol.NewKeyID(k.Key)
	return k, err
}

func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
