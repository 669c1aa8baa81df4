package store

import (
	"runtime"
	"sort"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/store/people"
	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// sealedStub is a row of c as it lies there, and what it opens to.
type sealedStub struct {
	row, head vault.Row
	st        *stub
	heads     []Person
	bad       bool // stub or head does not open
}

// loadStubs reads every stub and head into memory: SQLite reads the rows one
// after the other, all processors open them. A damaged stub is built again from
// its readable copy.
func (s *Store) loadStubs(tx *vault.Tx, o *opened) error {
	const chunk = 512
	var all [][]sealedStub
	var opening errgroup.Group
	opening.SetLimit(max(1, runtime.GOMAXPROCS(0)))
	keys := tx.Opener()
	last := make([]sealedStub, 0, chunk)
	hand := func() {
		some := last
		all = append(all, some)
		last = make([]sealedStub, 0, chunk)
		opening.Go(func() error {
			open := keys.Opener()
			for i := range some {
				some[i].open(open)
			}
			return nil
		})
	}
	err := tx.Query("SELECT n,v,e,s,g,h,o FROM c", func(scan func(...any) error) error {
		l := sealedStub{st: &stub{}, head: vault.Row{Version: 1}}
		if err := scan(&l.row.N, &l.row.Version, &l.row.Key, &l.row.Sealed, &l.head.Key, &l.head.Sealed, &l.st.carrier); err != nil {
			return err
		}
		l.st.row, l.head.N = l.row.N, l.row.N
		if last = append(last, l); len(last) == chunk {
			hand()
		}
		return nil
	})
	hand()
	if e := opening.Wait(); err != nil || e != nil {
		return err
	}
	var lost []int64
	for _, some := range all {
		for _, l := range some {
			if l.bad {
				ok, err := l.again(tx)
				if err != nil {
					return err
				}
				if !ok {
					lost = append(lost, l.row.N)
					continue
				}
			}
			o.add(l.st, l.heads)
		}
	}
	for _, n := range lost {
		if err := s.rebuild(tx, o, n); err != nil {
			return err
		}
	}
	o.settle()
	return nil
}

// open opens a stub with its names; what does not open is tried again by the
// transaction, which sets it aside.
func (l *sealedStub) open(keys *vault.Opener) {
	plain, err := keys.Open("c", l.row)
	if err != nil || decode(plain, &l.st.stubRecord) != nil {
		l.bad = true
		return
	}
	if l.head.Key == 0 || len(l.head.Sealed) == 0 {
		return
	}
	var hs []headRecord
	if plain, err = keys.Open(vault.Heads, l.head); err != nil || decode(plain, &hs) != nil {
		l.bad = true
		return
	}
	l.heads = each(hs, func(h headRecord) Person {
		return Person{Subject: h.Subject, Name: h.Name, BirthYear: h.BirthYear, Place: h.Place}
	})
}

// again opens in the transaction what did not open before; ok is false when the
// stub itself is lost.
func (l *sealedStub) again(tx *vault.Tx) (ok bool, err error) {
	l.st.stubRecord = stubRecord{}
	if ok, err = openRow(tx, "c", l.row, &l.st.stubRecord); !ok {
		return false, err
	}
	var hs []headRecord
	_, err = openRow(tx, vault.Heads, l.head, &hs)
	return true, err
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

// settle puts the list in order and begins to index the names; who searches
// waits for it, who only looks at the list does not.
func (o *opened) settle() {
	sort.Slice(o.list, func(i, j int) bool {
		a, b := o.list[i], o.list[j]
		if own := len(a.Device) == 0; own != (len(b.Device) == 0) {
			return !own // what was restored comes before this kit's own
		}
		return a.Counter < b.Counter
	})
	go func() {
		defer close(o.indexed)
		o.index.Settle()
	}()
}
