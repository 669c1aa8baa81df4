package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// ranked is a form whose answers rest on the evidence named behind a "#".
type ranked struct{}

func (ranked) Claims(r *civic.Registration) []civic.Claim {
	claims := plain{}.Claims(r)
	out := claims[:0]
	e := civic.SelfDeclared
	for _, c := range claims {
		if c.Attribute == civic.EvidenceAttribute {
			e, _ = civic.ParseEvidence(c.Value)
			continue
		}
		out = append(out, c)
	}
	for i := range out {
		out[i].Evidence = e
	}
	return out
}

// Offices that edit one person without hearing of each other: whatever they
// say, on whatever evidence, and in whatever order their batches arrive, the
// person comes out the same, and no value that was said is lost.
func TestOfficesConvergeInEveryOrder(t *testing.T) {
	evidence := []string{"self_declared", "two_witnesses", "head_of_family", "document"}
	type drawn struct {
		visits []reconcile.Incoming
		said   map[string]bool
	}
	cases := rapid.Custom(func(rt *rapid.T) drawn {
		d := drawn{said: map[string]bool{}}
		for i := range rapid.IntRange(2, 3).Draw(rt, "visits") {
			in := juana(uint64(i + 1))
			in.Form = ranked{}
			in.Registration.Area = civic.Area(rapid.SampledFrom([]string{"mx-20-067", "mx-07-019"}).Draw(rt, "office"))
			in.Registration.Sealed.Wall = 1_780_000_000 + int64(rapid.IntRange(0, 2).Draw(rt, "day"))*86_400
			for _, a := range []string{"occupation", "marital_status"} {
				if v := rapid.SampledFrom([]string{"", "one", "two", "three"}).Draw(rt, a); v != "" {
					in.Registration.Answers = append(in.Registration.Answers, civic.Answer{Path: a, Value: v})
					d.said[a+"="+v] = true
				}
			}
			in.Registration.Answers = append(in.Registration.Answers, civic.Answer{Path: string(civic.EvidenceAttribute), Value: rapid.SampledFrom(evidence).Draw(rt, "evidence")})
			d.visits = append(d.visits, in)
		}
		return d
	})
	for seed := range 6 { // each order is a ledger of its own: few cases, every order of each
		d := cases.Example(seed)
		first := ""
		for _, order := range permutations(len(d.visits)) {
			got := arrive(t, d.visits, order, d.said)
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("in the order %v:\n%s\nnot\n%s", order, got, first)
			}
		}
	}
}

// arrive settles visits in an order, checks that nothing said is lost and that
// evidence ranks, and gives what is held true in the end.
func arrive(t *testing.T, visits []reconcile.Incoming, order []int, said map[string]bool) (got string) {
	t.Helper()
	c := newCentre(t)
	var ref registry.Ref
	for _, i := range order {
		err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
			out, err := c.r.Settle(t.Context(), tx, visits[i].Registration.Area, visits[i:i+1])
			if err == nil && ref.Person.IsZero() {
				ref = registry.Ref{Home: visits[i].Registration.Area, Person: out[0].Persons[0].Person}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		people, err := c.registry.Known(ctx, tx, []registry.Ref{ref})
		if err != nil || len(people) != 1 || len(people[0].Said) != len(visits) {
			t.Fatalf("%v: %v %+v", order, err, people)
		}
		fold := registry.Fold(people[0])
		got = fmt.Sprintf("%+v", fold)
		kept := map[string]bool{}
		for _, a := range fold {
			for _, o := range append(slices.Clone(a.Others), a.Holds) {
				kept[string(a.Name)+"="+o.Value] = true
				if o.Evidence > a.Holds.Evidence {
					t.Errorf("%s holds on %s although %s was given", a.Name, a.Holds.Evidence, o.Evidence)
				}
			}
		}
		for v := range said {
			if !kept[v] {
				t.Errorf("%s was said and is not kept", v)
			}
		}
		return nil
	})
	return got
}
