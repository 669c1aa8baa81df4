package reconcile_test

import (
	"context"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// held settles a known person and one who may be his twin.
func held(t *testing.T) (c *centre, known, waiting civic.Outcome) {
	t.Helper()
	c = newCentre(t)
	agustin := func(n uint64, given string) reconcile.Incoming {
		return visit(n, "given_name", given, "surname", "López", "second_surname", "Ruiz", "birth_date", "2001-02-03", "sex", "M", "municipality", "Etla", "phone", "9511112222")
	}
	known, waiting = c.settle(t, agustin(1, "Agustín"))[0], c.settle(t, agustin(2, "Agustín Federico"))[0]
	if waiting.Status != civic.Held {
		t.Fatalf("%+v", waiting)
	}
	return c, known, waiting
}

func (c *centre) decide(t *testing.T, s reconcile.Said) ([]reconcile.Told, error) {
	t.Helper()
	var told []reconcile.Told
	err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		told, err = c.r.Decide(t.Context(), tx, s)
		return err
	})
	return told, err
}

func TestReviewerJoins(t *testing.T) {
	c, known, waiting := held(t)
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		open, err := reconcile.Reviews(ctx, tx, area, 10)
		if len(open) != 1 || open[0].Registration != waiting.Registration {
			t.Errorf("%+v", open)
		}
		return err
	})
	ref := registry.Ref{Home: area, Person: known.Persons[0].Person}
	told, err := c.decide(t, reconcile.Said{Area: area, Registration: waiting.Registration, Answer: reconcile.AnswerSame, Same: ref, Note: "has the paper", Reviewer: "rosa"})
	if err != nil || len(told) != 1 || told[0].Outcome.Status != civic.Merged || told[0].Outcome.Persons[0].Person != ref.Person {
		t.Fatalf("%v %+v", err, told)
	}
	// Decided is decided; a repeat of the registration is told the new outcome.
	if _, err := c.decide(t, reconcile.Said{Area: area, Registration: waiting.Registration, Answer: reconcile.AnswerOther, Reviewer: "rosa"}); civic.CodeOf(err) != civic.MovedOn {
		t.Errorf("%v", err)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		counts, err := reconcile.Count(ctx, tx, "")
		if counts.Persons != 1 || counts.Merged != 1 || counts.Held != 0 {
			t.Errorf("%+v", counts)
		}
		return err
	})
	// And it can be taken back.
	err = c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		told, err = c.r.Undo(t.Context(), tx, area, waiting.Registration, "", 2, "rosa", "the wrong paper")
		return err
	})
	if err != nil || told[0].Outcome.Status != civic.Registered || told[0].Outcome.Persons[0].Person == ref.Person {
		t.Fatalf("%v %+v", err, told)
	}
}

func TestReviewerKeepsApart(t *testing.T) {
	c, known, waiting := held(t)
	if _, err := c.decide(t, reconcile.Said{Area: area, Registration: waiting.Registration, Answer: reconcile.AnswerUnsure, Reviewer: "rosa"}); err != nil {
		t.Fatal(err)
	}
	told, err := c.decide(t, reconcile.Said{Area: area, Registration: waiting.Registration, Answer: reconcile.AnswerTwin, Reviewer: "ana"})
	if err != nil || told[0].Outcome.Status != civic.Registered || told[0].Outcome.Reasons[0].Code != match.ReasonTwin || told[0].Outcome.Persons[0] == known.Persons[0] {
		t.Fatalf("%v %+v", err, told)
	}
	_, err = c.decide(t, reconcile.Said{Area: area, Registration: known.Registration, Answer: reconcile.AnswerOther})
	if civic.CodeOf(err) != civic.MovedOn {
		t.Errorf("decided what nobody asked: %v", err)
	}
}

// What came meanwhile for the waiting person goes along when it is joined.
func TestWaitingPersonIsJoinedWhole(t *testing.T) {
	c, known, waiting := held(t)
	later := visit(3, "given_name", "Agustín Federico", "surname", "López", "second_surname", "Ruiz", "birth_date", "2001-02-03", "sex", "M", "municipality", "Etla", "phone", "9511112222")
	out := c.settle(t, later)[0]
	if out.Status != civic.Merged || out.Persons[0] != waiting.Persons[0] {
		t.Fatalf("%+v", out)
	}
	told, err := c.decide(t, reconcile.Said{
		Area: area, Registration: waiting.Registration, Answer: reconcile.AnswerSame, Same: registry.Ref{Home: area, Person: known.Persons[0].Person}, Reviewer: "rosa",
	})
	if err != nil || len(told) != 2 {
		t.Fatalf("%v %+v", err, told)
	}
	for _, x := range told {
		if x.Outcome.Persons[0].Person != known.Persons[0].Person {
			t.Errorf("%+v", x)
		}
	}
}
