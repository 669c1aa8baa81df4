package store

import (
	"context"
	"slices"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Registration gives one registration as the kit knows it now.
func (s *Store) Registration(ctx context.Context, id civic.RegistrationID) (Entry, error) {
	es, err := s.Registrations(ctx, Filter{IDs: []civic.RegistrationID{id}})
	if err == nil && len(es) == 0 {
		err = civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
	}
	if err != nil {
		return Entry{}, err
	}
	return es[0], nil
}

// Registrations lists what the filter chooses, newest first. An entry whose
// readable copy was forgotten or damaged has only what its stub holds.
func (s *Store) Registrations(ctx context.Context, f Filter) ([]Entry, error) {
	chosen, err := s.choose(f)
	if err != nil {
		return nil, err
	}
	approval, err := s.Approval(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(chosen))
	err = s.view(ctx, func(tx *vault.Tx) error {
		for _, st := range chosen {
			e := st.entry()
			e.Unseen = approval.On && st.waits()
			row := vault.Row{N: st.row}
			ok, err := tx.One("SELECT v,e,s FROM b WHERE n=?1", []any{st.row}, &row.Version, &row.Key, &row.Sealed)
			if err != nil {
				return err
			}
			var r registrationRecord
			if ok {
				if ok, err = openRow(tx, "b", row, &r); err != nil {
					return err
				}
			}
			e.Forgotten = !ok
			if ok {
				e.Registration, e.Receipt = r.civic(), r.Receipt
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// Stubs lists the same without opening any readable copy: entries have what their
// stubs hold, no answers, no officer and no receipt.
func (s *Store) Stubs(ctx context.Context, f Filter) ([]Entry, error) {
	chosen, err := s.choose(f)
	if err != nil {
		return nil, err
	}
	approval, err := s.Approval(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(chosen))
	for i := range chosen {
		out[i] = chosen[i].entry()
		out[i].Unseen = approval.On && chosen[i].waits()
	}
	return out, nil
}

// choose copies the stubs that the filter takes, newest first.
func (s *Store) choose(f Filter) ([]stub, error) {
	o, err := s.opened()
	if err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	from := o.list
	if len(f.IDs) > 0 {
		from = nil
		for _, id := range f.IDs {
			if st := o.byID[id]; st != nil {
				from = append(from, st)
			}
		}
	}
	var out []stub
	skip := f.Offset
	for _, st := range slices.Backward(from) {
		if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, st.Status) {
			continue
		}
		if !f.Since.IsZero() && st.Sealed.Wall < f.Since.Unix() {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		out = append(out, *st)
		if f.Limit > 0 && len(out) == f.Limit {
			break
		}
	}
	return out, nil
}

func (st *stub) entry() Entry {
	e := Entry{
		Registration: civic.Registration{
			ID: st.ID, Counter: st.Counter &^ practiceBit, Form: civic.FormRef(st.Form), Services: st.Services,
			Sealed: civic.Stamp(st.Sealed), Practice: st.Practice,
		},
		Digest: st.Digest, Status: st.Status, Safe: st.Safe, Settled: unix(st.Settled),
		Persons: each(st.Persons, func(p personOfRecord) civic.PersonOf { return civic.PersonOf(p) }),
		Reasons: each(st.Reasons, func(r reasonRecord) civic.Reason { return civic.Reason(r) }),
	}
	return e
}

// Counts gives the figures of the home screen.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	o, err := s.opened()
	if err != nil {
		return Counts{}, err
	}
	approval, err := s.Approval(ctx)
	if err != nil {
		return Counts{}, err
	}
	c := Counts{ByStatus: map[civic.Status]int{}}
	year, month, day := s.options.Clock().Date()
	<-o.indexed
	s.mu.RLock()
	c.People = o.index.Len()
	for _, st := range o.list {
		if st.Practice { // invented people are no work done
			continue
		}
		c.Total++
		c.ByStatus[st.Status]++
		if y, m, d := unix(st.Sealed.Wall).In(s.options.Clock().Location()).Date(); y == year && m == month && d == day {
			c.Today++
		}
		if st.Safe {
			c.Safe++
		}
		if approval.On && st.waits() {
			c.Unseen++
		}
	}
	s.mu.RUnlock()
	c.Waiting = c.ByStatus[civic.Sealed] + c.ByStatus[civic.Approved] + c.ByStatus[civic.Sent]
	c.Settled = c.ByStatus[civic.Registered] + c.ByStatus[civic.Merged]
	c.Held, c.Returned = c.ByStatus[civic.Held], c.ByStatus[civic.Returned]
	err = s.view(ctx, func(tx *vault.Tx) error {
		if _, err := tx.One("SELECT count(*) FROM a WHERE x=0", nil, &c.Drafts); err != nil {
			return err
		}
		if _, err := tx.One("SELECT count(*) FROM g WHERE y>0", nil, &c.Refused); err != nil {
			return err
		}
		var err error
		c.Damaged, err = tx.SetAside()
		return err
	})
	return c, err
}
