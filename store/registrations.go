package store

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/askonce/fieldkit/store/people"
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

// loadStubs reads every stub and head into memory. A damaged stub is built
// again from its readable copy.
func (s *Store) loadStubs(tx *vault.Tx, o *opened) error {
	type loaded struct {
		st   *stub
		head vault.Row
	}
	var all []loaded
	var lost []int64
	err := tx.Query("SELECT n,v,e,s,g,h,o FROM c", func(scan func(...any) error) error {
		l := loaded{st: &stub{}, head: vault.Row{Version: 1}}
		var row vault.Row
		if err := scan(&row.N, &row.Version, &row.Key, &row.Sealed, &l.head.Key, &l.head.Sealed, &l.st.carrier); err != nil {
			return err
		}
		l.st.row, l.head.N = row.N, row.N
		if ok, err := openRow(tx, "c", row, &l.st.stubRecord); !ok {
			lost = append(lost, row.N)
			return err
		}
		all = append(all, l)
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range all {
		var hs []headRecord
		if l.head.Key != 0 && len(l.head.Sealed) > 0 {
			if _, err := openRow(tx, vault.Heads, l.head, &hs); err != nil {
				return err
			}
		}
		o.add(l.st, each(hs, func(h headRecord) Person {
			return Person{Subject: h.Subject, Name: h.Name, BirthYear: h.BirthYear, Place: h.Place}
		}))
	}
	for _, n := range lost {
		if err := s.rebuild(tx, o, n); err != nil {
			return err
		}
	}
	o.settle()
	return nil
}

// rebuild makes a lost stub anew from the readable copy of the same row. It
// starts as sealed and unpacked: the centre answers a repeat with what it knows.
func (s *Store) rebuild(tx *vault.Tx, o *opened, n int64) error {
	r := vault.Row{N: n}
	ok, err := tx.One("SELECT v,e,s FROM b WHERE n=?1", []any{n}, &r.Version, &r.Key, &r.Sealed)
	if !ok {
		return err
	}
	var rec registrationRecord
	if ok, err := openRow(tx, "b", r, &rec); !ok {
		return err
	}
	reg := rec.civic()
	st := &stub{row: n, stubRecord: stubRecord{
		ID: rec.ID, Counter: rec.Counter, Digest: rec.Digest, Form: rec.Form, Services: rec.Services, Sealed: rec.Sealed,
		Status: civic.Sealed, Practice: rec.Practice,
		Attachments: each(rec.Attachments, func(a attachmentRecord) civic.Digest { return a.Digest }),
	}}
	if _, err := tx.Exec("DELETE FROM c WHERE n=?1", n); err != nil {
		return err
	}
	var heads []Person
	if s.options.Heads != nil {
		heads = s.options.Heads(&reg)
	}
	o.add(st, heads)
	return insertStub(tx, st, heads)
}

func (o *opened) add(st *stub, heads []Person) {
	o.list = append(o.list, st)
	o.byID[st.ID] = st
	if len(st.Draft) == len(DraftID{}) {
		o.byDraft[DraftID(st.Draft)] = st.ID
	}
	if len(heads) == 0 {
		return
	}
	ref := uint32(len(o.owners))
	o.owners = append(o.owners, st.ID)
	for _, p := range heads {
		o.index.Add(people.Person{Ref: ref, Subject: p.Subject, Name: p.Name, Year: p.BirthYear, Place: p.Place})
	}
}

func (o *opened) settle() {
	sort.Slice(o.list, func(i, j int) bool {
		a, b := o.list[i], o.list[j]
		if own := len(a.Device) == 0; own != (len(b.Device) == 0) {
			return !own // what was restored comes before this kit's own
		}
		return a.Counter < b.Counter
	})
	o.index.Settle()
}

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
	out := make([]Entry, 0, len(chosen))
	err = s.view(ctx, func(tx *vault.Tx) error {
		for _, st := range chosen {
			e := st.entry()
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
	c := Counts{ByStatus: map[civic.Status]int{}}
	year, month, day := s.options.Clock().Date()
	s.mu.RLock()
	c.People = o.index.Len()
	for _, st := range o.list {
		c.Total++
		c.ByStatus[st.Status]++
		if y, m, d := unix(st.Sealed.Wall).In(s.options.Clock().Location()).Date(); y == year && m == month && d == day {
			c.Today++
		}
		if st.Safe {
			c.Safe++
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
