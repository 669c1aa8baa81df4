package registry

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

const office = civic.Area("mx-20-067")

type fixture struct {
	*Embedded
	db ledger.DB
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e, err := NewEmbedded([32]byte{3}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{e, db}
}

func (f *fixture) update(t *testing.T, do func(ctx context.Context, tx ledger.Tx) error) {
	t.Helper()
	if err := f.db.Update(t.Context(), func(tx ledger.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// change makes a registration's subject come to a person; the person is new
// when of is zero.
func change(n byte, of Ref, given string) Change {
	id := civic.RegistrationID{n}
	claims := []civic.Claim{
		{Attribute: "given_name", Value: given, Evidence: civic.Document},
		{Attribute: "surname", Value: "Ek"},
		{Attribute: "birth_date", Value: "1990-05-17", Stated: "el día de san Pascual", Precision: civic.Exact},
		{Attribute: "phone", Absent: civic.Refused},
	}
	for i := range claims {
		claims[i].Registration, claims[i].Area, claims[i].At = id, office, civic.Stamp{Wall: int64(n), Boot: 2, Mono: 3}
	}
	c := Change{
		Said: Said{Registration: id, Office: office, At: int64(n), SourceRow: fmt.Sprintf("row %d", n), Claims: claims},
		To:   of, State: Standing, Keys: match.Keys(match.FromClaims(claims)), Actor: "match", At: 100 + int64(n),
		Detail: Detail{Model: "m", Evidence: []match.Evidence{{Field: "given", Level: "equal", Weight: 7}}},
	}
	if of.Person.IsZero() {
		c.To, c.Fresh = Ref{office, NewPersonID(id, "")}, true
	}
	return c
}

func TestWhatWasSaidComesBackWhole(t *testing.T) {
	f := newFixture(t)
	c := change(1, Ref{}, "Juana")
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		if err := f.Apply(ctx, tx, []Change{c}); err != nil {
			return err
		}
		people, err := f.Known(ctx, tx, []Ref{c.To, {office, civic.PersonID{9}}})
		if err != nil || len(people) != 1 || fmt.Sprint(people[0].Said) != fmt.Sprint([]Said{c.Said}) {
			t.Errorf("%v\n%+v\n%+v", err, people[0].Said, c.Said)
		}
		events, err := f.Events(ctx, tx, people[0])
		if err != nil || len(events) != 1 || events[0].Kind != "link" || events[0].Detail.Evidence[0].Weight != 7 {
			t.Errorf("%v %+v", err, events)
		}
		return f.Export(ctx, tx, func(x Exported) error {
			if x.Person != c.To.Person || x.SourceRow != "row 1" {
				t.Errorf("%+v", x)
			}
			return nil
		})
	})
}

func TestCandidatesShareAKey(t *testing.T) {
	f := newFixture(t)
	a, b := change(1, Ref{}, "Juana"), change(2, Ref{}, "Petra")
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		if err := f.Apply(ctx, tx, []Change{a, b}); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{a.Keys, {1, 2, 3}, nil})
		if err != nil || len(found) != 3 || len(found[0].Persons) != 2 || len(found[1].Persons) != 0 || len(found[2].Persons) != 0 {
			t.Errorf("%v %+v", err, found)
		}
		return nil
	})
}

// A key with more holders than are compared says so.
func TestCapIsTold(t *testing.T) {
	f := newFixture(t)
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		var changes []Change
		for n := range MaxNamesakes + 5 {
			c := change(1, Ref{}, "Juana")
			c.Said.Registration = civic.RegistrationID{byte(n), byte(n >> 8), 1}
			c.To.Person, c.Keys = NewPersonID(c.Said.Registration, ""), []uint64{7}
			changes = append(changes, c)
		}
		if err := f.Apply(ctx, tx, changes); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{{7}})
		if err != nil || len(found[0].Persons) != MaxNamesakes || found[0].Capped == 0 {
			t.Errorf("%v %d persons, capped %d", err, len(found[0].Persons), found[0].Capped)
		}
		return nil
	})
}

// A row of another registration, or a bent one, is damage and never an answer.
func TestSealedRowsAreBound(t *testing.T) {
	f := newFixture(t)
	c := change(1, Ref{}, "Juana")
	sealed, err := f.seals.said(&c.Said)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("Juana")) {
		t.Fatal("it stands readable")
	}
	other := Said{Registration: civic.RegistrationID{2}}
	if err := f.seals.openSaid(&other, sealed); civic.CodeOf(err) != civic.LedgerDamaged {
		t.Errorf("%v", err)
	}
	for i := range len(sealed) * 8 {
		bent := bytes.Clone(sealed)
		bent[i/8] ^= 1 << (i % 8)
		s := Said{Registration: c.Said.Registration}
		if err := f.seals.openSaid(&s, bent); civic.CodeOf(err) != civic.LedgerDamaged {
			t.Fatalf("bit %d: %v", i, err)
		}
	}
	if a, b := f.seals.key(1), f.seals.key(2); a == b {
		t.Error("two keys are one")
	}
}

func TestFoldPrefersEvidenceThenFreshness(t *testing.T) {
	said := func(n byte, value string, e civic.Evidence, at int64) Said {
		c := civic.Claim{Attribute: "phone", Value: value, Evidence: e, Registration: civic.RegistrationID{n}, At: civic.Stamp{Wall: at}}
		return Said{Registration: c.Registration, Claims: []civic.Claim{c}}
	}
	p := &Person{Said: []Said{said(1, "old paper", civic.Document, 1), said(2, "fresh word", civic.SelfDeclared, 9), said(3, "fresh paper", civic.Document, 5)}}
	a := Fold(p)
	if len(a) != 1 || a[0].Holds.Value != "fresh paper" || len(a[0].Others) != 2 || !a[0].Conflict {
		t.Errorf("%+v", a)
	}
}

// Of a crowd larger than is compared those are taken that share most with the
// record: whoever says everything alike is found among thousands of namesakes.
func TestTheLikeliestOfACrowdAreTaken(t *testing.T) {
	f := newFixture(t)
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		var changes []Change
		for n := range 1200 {
			c := change(1, Ref{}, "Juana")
			c.Said.Registration = civic.RegistrationID{byte(n), byte(n >> 8), 1}
			c.To.Person, c.Keys = NewPersonID(c.Said.Registration, ""), []uint64{7, 8 + uint64(n%4), 100 + uint64(n%3)}
			changes = append(changes, c)
		}
		if err := f.Apply(ctx, tx, changes); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{{7, 9, 101}, {7}})
		if err != nil || found[0].Capped != 3 || len(found[0].Persons) != MaxNamesakes || len(found[1].Persons) != MaxNamesakes {
			t.Fatalf("%v %d of %d", err, len(found[0].Persons), found[0].Capped)
		}
		here := map[civic.PersonID]bool{}
		for _, p := range found[0].Persons {
			here[p.Person] = true
		}
		for n, c := range changes {
			if n%4 == 1 && n%3 == 1 && !here[c.To.Person] {
				t.Fatalf("%d shares every key and was not taken", n)
			}
		}
		return nil
	})
}
