package store

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// stub is a registration in memory: its record, its row, and the row of the
// outbox that carries it (carriedNot or carriedSafe when none does).
type stub struct {
	stubRecord
	row     int64
	carrier int64
}

// What column o of a stub or an attachment says when it is no row of the outbox.
const (
	carriedNot  = 0
	carriedSafe = -1
)

// practiceBit sets the counters of invented people apart from the chain, which
// must have no gaps at the centre.
const practiceBit = uint64(1) << 63

// Make is how Seal asks for the registration of a counter; previous is the
// digest of the device's registration before. It may read from the store but
// must not write to it.
type Make = func(counter uint64, previous civic.Digest) (r *civic.Registration, digest civic.Digest, receipt string, err error)

// made is what the caller made of one counter, ready to be written.
type made struct {
	registration *civic.Registration
	digest       civic.Digest
	receipt      string
}

// Seal closes an interview: the registration that make gives for the next
// counter is on the disk, its draft gone, when Seal returns nil. A zero draft
// means there was none; one that was sealed before answers with the same id, for
// the officer who never saw the first answer. What the registration names as attachments must have
// been put before.
func (s *Store) Seal(ctx context.Context, draft DraftID, make Make) (civic.RegistrationID, error) {
	practice := false
	if draft != (DraftID{}) {
		if id, ok := s.sealedAs(draft); ok {
			return id, nil
		}
		d, err := s.Draft(ctx, draft)
		if err != nil {
			return civic.RegistrationID{}, err
		}
		practice = d.Practice
	}
	ids, err := s.seal(ctx, draft, practice, 1, func(_ int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return make(counter, previous)
	})
	if err != nil {
		if id, ok := s.sealedAs(draft); ok {
			return id, nil
		}
		return civic.RegistrationID{}, err
	}
	return ids[0], nil
}

func (s *Store) sealedAs(draft DraftID) (civic.RegistrationID, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.open == nil {
		return civic.RegistrationID{}, false
	}
	id, ok := s.open.byDraft[draft]
	return id, ok
}

// SealMany seals n registrations in one transaction: all or none.
func (s *Store) SealMany(ctx context.Context, n int, make func(i int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error)) ([]civic.RegistrationID, error) {
	return s.seal(ctx, DraftID{}, false, n, make)
}

func (s *Store) seal(ctx context.Context, draft DraftID, practice bool, n int, ask func(int, uint64, civic.Digest) (*civic.Registration, civic.Digest, string, error)) ([]civic.RegistrationID, error) {
	o, err := s.opened()
	if err != nil || n == 0 {
		return nil, err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	c, err := s.chain(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]made, 0, n)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return nil, civic.NewProblem(civic.Stopped, err)
		}
		counter, previous := c.Counter+1, c.Previous
		if practice {
			counter, previous = practiceBit|(c.Practice+1), civic.Digest{}
		}
		r, digest, receipt, err := ask(i, counter, previous)
		if err != nil {
			return nil, err
		}
		if r.Counter != counter || r.Previous != previous || r.ID.IsZero() {
			return nil, civic.NewProblem(civic.RequestMalformed, errors.New("not the registration of this counter"))
		}
		if practice {
			c.Practice++
		} else {
			c.Counter, c.Previous = counter, digest
		}
		all = append(all, made{r, digest, receipt})
	}
	var stubs []*stub
	var heads [][]Person
	err = s.update(ctx, func(tx *vault.Tx) error {
		for _, m := range all {
			st, h, err := s.write(tx, m, draft)
			if err != nil {
				return err
			}
			stubs, heads = append(stubs, st), append(heads, h)
		}
		if draft != (DraftID{}) {
			gone, err := tx.Exec("DELETE FROM a WHERE n=?1", draftRow(draft))
			if err == nil && gone == 0 { // a second tap was quicker
				err = civic.NewProblem(civic.RegistrationAbsent, nil, "")
			}
			if err != nil {
				return err
			}
		}
		if err := put(tx, vault.Kit, "m", rowChain, c); err != nil {
			return err
		}
		return s.journal(tx, "sealed", all[0].registration.ID.String(), all[n-1].registration.ID.String())
	})
	if err != nil {
		return nil, err
	}
	<-o.indexed
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]civic.RegistrationID, n)
	for i, st := range stubs {
		ids[i] = st.ID
		o.add(st, heads[i])
	}
	o.index.Settle()
	return ids, nil
}

func (s *Store) chain(ctx context.Context) (c chain, err error) {
	err = s.view(ctx, func(tx *vault.Tx) error {
		ok, err := get(tx, "m", rowChain, &c)
		if err == nil && !ok {
			err = civic.NewProblem(civic.RowDamaged, errors.New("no chain"))
		}
		return err
	})
	return c, err
}

// write puts one registration into the transaction: readable copy, stub with
// its head for the search, and its attachments under the same day's key.
func (s *Store) write(tx *vault.Tx, m made, draft DraftID) (*stub, []Person, error) {
	r := m.registration
	plain, err := encode(recordOf(r, m.digest, m.receipt))
	if err != nil {
		return nil, nil, err
	}
	row, err := tx.Name(vault.Kit, "b", r.ID[:])
	if err != nil {
		return nil, nil, err
	}
	sealed, err := tx.Seal(vault.Day, "b", row, 1, plain)
	if err != nil {
		return nil, nil, err
	}
	if _, err := tx.Exec("INSERT INTO b(n,v,e,s) VALUES(?1,?2,?3,?4)", sealed.N, sealed.Version, sealed.Key, sealed.Sealed); err != nil {
		return nil, nil, err
	}
	st := &stub{row: row, stubRecord: stubRecord{
		ID: r.ID, Counter: r.Counter, Digest: m.digest, Form: formRecord(r.Form), Services: r.Services,
		Sealed: stampRecord(r.Sealed), Status: civic.Sealed, Practice: r.Practice,
		Attachments: each(r.Attachments, func(a civic.Attachment) civic.Digest { return a.Digest }),
	}}
	if draft != (DraftID{}) {
		st.Draft = draft[:]
	}
	var heads []Person
	if s.options.Heads != nil {
		heads = s.options.Heads(r)
	}
	if err := insertStub(tx, st, heads); err != nil {
		return nil, nil, err
	}
	for _, a := range r.Attachments {
		if err := rehome(tx, a.Digest); err != nil {
			return nil, nil, err
		}
	}
	return st, heads, nil
}

// insertStub writes a stub that is new and, with the day's key, its head.
func insertStub(tx *vault.Tx, st *stub, heads []Person) error {
	plain, err := encode(st.stubRecord)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(vault.Kit, "c", st.row, 1, plain)
	if err != nil {
		return err
	}
	var head any
	var day int64
	if len(heads) > 0 {
		plain, err := encode(each(heads, func(p Person) headRecord { return headRecord{p.Subject, p.Name, p.BirthYear, p.Place} }))
		if err != nil {
			return err
		}
		h, err := tx.Seal(vault.Day, vault.Heads, st.row, 1, plain)
		if err != nil {
			return err
		}
		head, day = h.Sealed, h.Key
	}
	_, err = tx.Exec("INSERT INTO c(n,v,e,s,g,h,o) VALUES(?1,?2,?3,?4,?5,?6,?7)",
		sealed.N, sealed.Version, sealed.Key, sealed.Sealed, day, head, st.carrier)
	return err
}

// putStub writes a stub that changed, as its next version.
func putStub(tx *vault.Tx, st *stub) error { return put(tx, vault.Kit, "c", st.row, st.stubRecord) }
