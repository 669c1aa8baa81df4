package reconcile_test

import (
	"bytes"
	"context"
	"fmt"
	mrand "math/rand/v2"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/match"
)

func TestKnownPersonIsMerged(t *testing.T) {
	c := newCentre(t)
	first := c.settle(t, juana(1))[0]
	if first.Status != civic.Registered || len(first.Persons) != 1 || first.Reasons[0].Code != match.ReasonNoneAlike {
		t.Fatalf("%+v", first)
	}
	second := c.settle(t, juana(2, "occupation", "weaver"))[0]
	if second.Status != civic.Merged || second.Persons[0].Person != first.Persons[0].Person {
		t.Fatalf("%+v", second)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		people, err := c.registry.Known(ctx, tx, []registry.Ref{{Home: area, Person: first.Persons[0].Person}})
		if err != nil {
			return err
		}
		if len(people) != 1 || len(people[0].Said) != 2 || people[0].Said[1].SourceRow != "row-2" {
			t.Errorf("%+v", people)
		}
		counts, err := reconcile.Count(ctx, tx, "")
		if counts != (reconcile.Counts{Registrations: 2, Registered: 1, Merged: 1, Persons: 1}) {
			t.Errorf("%+v", counts)
		}
		return err
	})
}

func TestTwoOfOneBatchMeet(t *testing.T) {
	c := newCentre(t)
	out := c.settle(t, juana(1), juana(2))
	if out[0].Status != civic.Registered || out[1].Status != civic.Merged || out[0].Persons[0] != out[1].Persons[0] {
		t.Fatalf("%+v", out)
	}
}

func TestTwinStaysApart(t *testing.T) {
	c := newCentre(t)
	c.settle(t, juana(1))
	out := c.settle(t, visit(2, "given_name", "Rosa", "surname", "Ixtlahuaca", "second_surname", "Cruz", "birth_date", "1990-05-17", "sex", "F",
		"municipality", "Tlacolula", "phone", "951 123 4567"))[0]
	if out.Status != civic.Registered || out.Reasons[0].Code != match.ReasonTwin {
		t.Fatalf("%+v", out)
	}
}

func TestShorterNameOfTheSameDayIsHeld(t *testing.T) {
	c := newCentre(t)
	c.settle(t, visit(1, "given_name", "Agustín", "surname", "López", "second_surname", "Ruiz", "birth_date", "2001-02-03", "sex", "M", "municipality", "Etla", "phone", "9511112222"))
	out := c.settle(t, visit(2, "given_name", "Agustín Federico", "surname", "López", "second_surname", "Ruiz", "birth_date", "2001-02-03", "sex", "M", "municipality", "Etla", "phone", "9511112222"))[0]
	if out.Status != civic.Held || out.Reasons[0].Code != match.ReasonTwin {
		t.Fatalf("%+v", out)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		var n int
		return tx.QueryRow(ctx, "SELECT count(*) FROM review WHERE decided_at = 0").Scan(&n)
	})
}

func TestRepeatChangesNothing(t *testing.T) {
	c := newCentre(t)
	in := juana(1)
	first := c.settle(t, in)[0]
	again := c.settle(t, in, juana(2), in)
	if fmt.Sprint(again[0]) != fmt.Sprint(first) || fmt.Sprint(again[2]) != fmt.Sprint(first) {
		t.Fatalf("%v\n%v\n%v", first, again[0], again[2])
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		var rows, said int
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM outcome").Scan(&rows); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT count(*) FROM registry_said").Scan(&said); err != nil {
			return err
		}
		if rows != 2 || said != 2 {
			t.Errorf("%d outcomes, %d said", rows, said)
		}
		return nil
	})
}

func TestOtherContentUnderTheSameNumber(t *testing.T) {
	c := newCentre(t)
	in := juana(1)
	c.settle(t, in)
	in.Digest[31] = 9
	out := c.settle(t, in)[0]
	if out.Status != civic.Quarantined || out.Reasons[0].Code != civic.RegistrationClash {
		t.Fatalf("%+v", out)
	}
}

func TestFindingsReturnIt(t *testing.T) {
	c := newCentre(t)
	in := juana(1)
	in.Findings = []form.Finding{{Path: "phone", Code: civic.AnswersInvalid, Warning: true}, {Path: "sex", Code: civic.AnswersIncomplete}}
	out := c.settle(t, in)[0]
	if out.Status != civic.Returned || len(out.Reasons) != 1 || out.Reasons[0].Words[0] != "sex" || len(out.Persons) != 0 {
		t.Fatalf("%+v", out)
	}
}

func TestMotherBecomesAPersonAndIsFound(t *testing.T) {
	c := newCentre(t)
	child := func(n uint64, name, born string) reconcile.Incoming {
		return visit(n, "given_name", name, "surname", "Cruz", "birth_date", born, "sex", "F",
			"mother/given_name", "Elena", "mother/surname", "Cruz", "mother/second_surname", "Díaz", "mother/birth_date", "1970-01-02", "mother/phone", "9512223333")
	}
	a := c.settle(t, child(1, "Ana", "1995-03-04"))[0]
	b := c.settle(t, child(2, "Berta", "1998-06-07"))[0]
	if len(a.Persons) != 2 || len(b.Persons) != 2 || a.Persons[1].Subject != "mother" {
		t.Fatalf("%+v %+v", a, b)
	}
	if a.Persons[1].Person != b.Persons[1].Person || a.Persons[0].Person == b.Persons[0].Person {
		t.Fatalf("the mother is not one person: %+v %+v", a, b)
	}
}

func TestCorrectionGoesToTheSamePerson(t *testing.T) {
	c := newCentre(t)
	first := c.settle(t, juana(1))[0]
	in := visit(2, "given_name", "Josefina", "surname", "Otra", "birth_date", "1950-01-01")
	in.Registration.Corrects = first.Registration
	if out := c.settle(t, in)[0]; out.Status != civic.Merged || out.Persons[0].Person != first.Persons[0].Person {
		t.Fatalf("%+v", out)
	}
}

func TestMoveAndUndo(t *testing.T) {
	c := newCentre(t)
	first, second := c.settle(t, juana(1))[0], c.settle(t, juana(2))[0]
	ref := registry.Ref{Home: area, Person: first.Persons[0].Person}
	split := registry.Ref{Home: area, Person: registry.NewPersonID(second.Registration, "")}
	moving := registry.Moving{Area: area, Registration: second.Registration, Actor: "rosa", Detail: registry.Detail{Note: "not the same"}, At: 5}
	update := func(do func(tx ledger.Tx) error) {
		t.Helper()
		if err := c.db.Update(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
	var n int64
	update(func(tx ledger.Tx) (err error) {
		n, err = c.registry.Move(t.Context(), tx, moving)
		return err
	})
	who := func() registry.Ref {
		var links map[civic.RegistrationID][]registry.Link
		c.view(t, func(ctx context.Context, tx ledger.Tx) (err error) {
			links, err = c.registry.Linked(ctx, tx, area, []civic.RegistrationID{second.Registration})
			return err
		})
		return links[second.Registration][0].To
	}
	if who() != split {
		t.Fatalf("%v", who())
	}
	update(func(tx ledger.Tx) error {
		_, err := c.registry.Undo(t.Context(), tx, moving, n)
		return err
	})
	if who() != ref {
		t.Fatalf("%v", who())
	}
	err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
		_, err := c.registry.Undo(t.Context(), tx, moving, n)
		return err
	})
	if civic.CodeOf(err) != civic.MovedOn {
		t.Fatalf("undone twice: %v", err)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		people, err := c.registry.Known(ctx, tx, []registry.Ref{ref, split})
		if err != nil {
			return err
		}
		if people[0].State != registry.Standing || len(people[0].Said) != 2 || people[1].State != registry.Emptied {
			t.Errorf("%+v", people)
		}
		events, err := c.registry.Events(ctx, tx, people[0])
		if len(events) != 4 {
			t.Errorf("%d events", len(events))
		}
		return err
	})
	// A third visit still finds the person, and not the emptied one.
	if out := c.settle(t, juana(3))[0]; out.Status != civic.Merged || out.Persons[0].Person != ref.Person {
		t.Fatalf("%+v", out)
	}
}

// What was said must not lie readable in the ledger.
func TestNothingReadableInTheLedger(t *testing.T) {
	c := newCentre(t)
	c.settle(t, juana(1))
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var said []byte
			if err := r.Scan(&said); err != nil {
				return err
			}
			for _, word := range []string{"Juana", "Ixtlahuaca", "1990-05-17", "951", "given_name", "row-1"} {
				if bytes.Contains(said, []byte(word)) {
					t.Errorf("%q stands readable", word)
				}
			}
			return nil
		}, "SELECT said FROM registry_said UNION ALL SELECT detail FROM registry_event")
	})
}

func BenchmarkSettle(b *testing.B) {
	c := newCentre(b)
	rnd := mrand.New(mrand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	n := uint64(0)
	person := func() reconcile.Incoming {
		n++
		return visit(n,
			"given_name", pick("Ana", "Berta", "Carla", "Diana", "Elena", "Juan", "Pedro", "Luis", "Jorge", "Raúl")+" "+pick("María", "José", "Luz", "Inés"),
			"surname", pick("López", "Pérez", "García", "Cruz", "Ruiz", "Díaz", "Luna", "Mota", "Vera", "Zárate"),
			"second_surname", pick("López", "Pérez", "García", "Cruz", "Ruiz", "Díaz", "Luna", "Mota", "Vera", "Zárate"),
			"birth_date", fmt.Sprintf("%04d-%02d-%02d", 1940+rnd.IntN(80), 1+rnd.IntN(12), 1+rnd.IntN(28)), "sex", pick("M", "F"),
			"locality", pick("Etla", "Centro", "Norte"), "municipality", pick("Tlacolula", "Ocotlán", "Miahuatlán"), "phone", fmt.Sprintf("951%07d", rnd.IntN(9_999_999)))
	}
	for b.Loop() {
		in := make([]reconcile.Incoming, 200)
		for i := range in {
			in[i] = person()
		}
		c.settle(b, in...)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "regs/s")
}

// Two offices edit one person while neither hears of the other. In whatever
// order their batches arrive, the person comes out the same.
func TestOfficesConverge(t *testing.T) {
	visits := func() []reconcile.Incoming {
		a, b, c, d := juana(1), juana(2, "occupation", "weaver"), juana(3, "occupation", "teacher"), juana(4)
		for i, in := range []*reconcile.Incoming{&a, &b, &c, &d} {
			if i%2 == 1 {
				in.Registration.Area = "mx-07-019"
			}
		}
		d.Registration.Answers[6].Value = "951 999 0000" // a new phone
		return []reconcile.Incoming{a, b, c, d}
	}
	var first string
	for _, order := range permutations(4) {
		c := newCentre(t)
		all := visits()
		var ref registry.Ref
		for _, i := range order {
			err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
				out, err := c.r.Settle(t.Context(), tx, all[i].Registration.Area, all[i:i+1])
				if err == nil && ref.Person.IsZero() {
					ref = registry.Ref{Home: all[i].Registration.Area, Person: out[0].Persons[0].Person}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		c.view(t, func(ctx context.Context, tx ledger.Tx) error {
			people, err := c.registry.Known(ctx, tx, []registry.Ref{ref})
			if err != nil || len(people) != 1 || len(people[0].Said) != 4 {
				t.Fatalf("%v: %v %+v", order, err, people)
			}
			got := fmt.Sprintf("%+v", registry.Fold(people[0]))
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("in the order %v:\n%s\nnot\n%s", order, got, first)
			}
			return nil
		})
	}
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			q := append(append(append([]int{}, p[:i]...), n-1), p[i:]...)
			out = append(out, q)
		}
	}
	return out
}

// An office where hundreds share name and year: every registration is settled,
// and who was not compared with all says so.
func TestNamesakeStorm(t *testing.T) {
	c := newCentre(t)
	capped, settled := 0, 0
	for batch := range 3 {
		var in []reconcile.Incoming
		for i := range 150 {
			n := batch*150 + i
			in = append(in, visit(uint64(n+1), "given_name", "José", "surname", "Hernández", "second_surname", "Cruz",
				"birth_date", fmt.Sprintf("1990-%02d-%02d", 1+n%12, 1+n/12%28), "municipality", "Etla"))
		}
		for _, o := range c.settle(t, in...) {
			if o.Status == civic.Registered || o.Status == civic.Merged || o.Status == civic.Held {
				settled++
			}
			for _, r := range o.Reasons {
				if r.Code == match.ReasonTooCommon {
					capped++
				}
			}
		}
	}
	if settled != 450 || capped == 0 {
		t.Errorf("%d settled, %d told of too many namesakes", settled, capped)
	}
}
