package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
)

func at() time.Time { return time.Unix(1_790_000_000, 0) }

// joined is a centre that asks a FHIR registry and tells it.
func joined(t *testing.T, wait bool) (*centre, *registrytest.FHIR) {
	t.Helper()
	c := newCentre(t)
	f := registrytest.NewFHIR()
	t.Cleanup(f.Close)
	o, err := fhir.New(fhir.Config{Name: "national", URL: f.URL, Clock: at})
	if err != nil {
		t.Fatal(err)
	}
	c.registry.Follow(at, "national")
	c.r = reconcile.New(reconcile.Config{
		Registry: c.registry, Notes: c.registry, Clock: at, Outside: []reconcile.Lookup{{Name: "national", Outside: o, Wait: wait}},
	})
	return c, f
}

const juanaOutside = `{"resourceType":"Patient","active":true,"name":[{"use":"official","family":"Ixtlahuaca Cruz","given":["Juana"],
 "_family":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/humanname-fathers-family","valueString":"Ixtlahuaca"},
 {"url":"http://hl7.org/fhir/StructureDefinition/humanname-mothers-family","valueString":"Cruz"}]}}],
 "birthDate":"1990-05-17","gender":"female","address":[{"district":"Tlacolula"}],"telecom":[{"system":"phone","value":"951 123 4567"}]}`

// Somebody whom only the outside registry knows is recognised, taken over with
// what is said of her there, and never created over there again.
func TestKnownOutsideIsMergedAndNotCreatedAgain(t *testing.T) {
	c, f := joined(t, true)
	id := f.Add(juanaOutside)
	in := []reconcile.Incoming{juana(1), juana(2)}
	if err := c.r.Ahead(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out := c.settle(t, in...)
	if out[0].Status != civic.Merged || out[1].Status != civic.Merged || out[0].Persons[0] != out[1].Persons[0] {
		t.Fatalf("%+v", out)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		people, err := c.registry.Known(ctx, tx, []registry.Ref{{Home: area, Person: out[0].Persons[0].Person}})
		if err != nil || len(people) != 1 || len(people[0].Said) != 3 {
			t.Fatalf("%v %+v", err, people)
		}
		from := map[string]bool{}
		for _, s := range people[0].Said {
			from[s.SourceRow] = true
		}
		if !from["national:"+id] || !from["row-1"] || !from["row-2"] {
			t.Errorf("%v", from)
		}
		bound, err := c.registry.Bound(ctx, tx, "national", []string{id})
		if err != nil || bound[id] != people[0].Ref {
			t.Errorf("%v %+v", err, bound)
		}
		list, err := registry.Outbox(ctx, tx)
		if err != nil || len(list) != 1 || list[0].Depth != 1 || list[0].Told != 1 {
			t.Errorf("%v %+v", err, list)
		}
		return err
	})
	// The next one meets her here, under her number over there.
	next := []reconcile.Incoming{juana(3)}
	if err := c.r.Ahead(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if o := c.settle(t, next...)[0]; o.Persons[0] != out[0].Persons[0] {
		t.Errorf("%+v", o)
	}
}

// Somebody outside who may be the one, or a twin, is put before a reviewer; a
// stranger leaves no trace here.
func TestMaybeOutsideIsHeldAndStrangersStayOutside(t *testing.T) {
	c, f := joined(t, true)
	f.Add(`{"resourceType":"Patient","name":[{"family":"López Ruiz","given":["Agustín"]}],"birthDate":"2001-02-03","gender":"male","address":[{"district":"Etla"}],"telecom":[{"system":"phone","value":"9511112222"}]}`)
	f.Add(`{"resourceType":"Patient","name":[{"family":"Díaz","given":["Agustina"]}],"birthDate":"2001-02-03","gender":"female"}`)
	in := []reconcile.Incoming{visit(2, "given_name", "Agustín Federico", "surname", "López", "second_surname", "Ruiz", "birth_date", "2001-02-03", "sex", "M", "municipality", "Etla", "phone", "9511112222")}
	if err := c.r.Ahead(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out := c.settle(t, in...)[0]
	if out.Status != civic.Held {
		t.Fatalf("%+v", out)
	}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		n, err := c.registry.Persons(ctx, tx, "")
		if n != 2 {
			t.Errorf("%d persons: the one who waits and the one from outside were expected", n)
		}
		return err
	})
	var told []reconcile.Told
	known := registry.Ref{Home: area, Person: someoneElse(t, c, out.Persons[0].Person)}
	err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		told, err = c.r.Decide(t.Context(), tx, reconcile.Said{Area: area, Registration: out.Registration, Answer: reconcile.AnswerSame, Same: known, Note: "same papers", Reviewer: "rosa"})
		return err
	})
	if err != nil || len(told) != 1 || told[0].Outcome.Status != civic.Merged {
		t.Fatalf("%v %+v", err, told)
	}
}

func someoneElse(t *testing.T, c *centre, not civic.PersonID) (id civic.PersonID) {
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var b []byte
			err := r.Scan(&b)
			if p := civic.PersonID(b); p != not {
				id = p
			}
			return err
		}, "SELECT person FROM registry_person")
	})
	return id
}

// While the outside registry does not answer, registrations wait or are decided
// on what is known here, as the centre was told.
func TestOutsideDown(t *testing.T) {
	for _, wait := range []bool{true, false} {
		c, f := joined(t, wait)
		f.Add(juanaOutside)
		f.Always(registrytest.Error500)
		in := []reconcile.Incoming{juana(1)}
		err := c.r.Ahead(t.Context(), in)
		if wait {
			if civic.CodeOf(err) != civic.RegistryDown {
				t.Errorf("%v", err)
			}
			continue
		}
		if out := c.settle(t, in...)[0]; err != nil || out.Status != civic.Registered {
			t.Errorf("%v %+v", err, out)
		}
	}
}

// two makes a question that needs two reviewers.
func two(t *testing.T, policy reconcile.SecondPair) (c *centre, o civic.Outcome, known registry.Ref) {
	c, first, waiting := held(t)
	c.r = reconcile.New(reconcile.Config{
		Registry: c.registry, Notes: c.registry, Clock: at,
		Second: func(context.Context, ledger.Tx) (reconcile.SecondPair, error) { return policy, nil },
	})
	return c, waiting, registry.Ref{Home: area, Person: first.Persons[0].Person}
}

func TestSecondPairOfEyes(t *testing.T) {
	decide := func(c *centre, o civic.Outcome, known registry.Ref, a reconcile.Answer, who string) (int, error) {
		n := 0
		err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
			s := reconcile.Said{Area: area, Registration: o.Registration, Answer: a, Note: "because " + who, Reviewer: who}
			if a == reconcile.AnswerSame {
				s.Same = known
			}
			told, err := c.r.Decide(t.Context(), tx, s)
			n = len(told)
			return err
		})
		return n, err
	}
	open := func(c *centre) (n int) {
		c.view(t, func(ctx context.Context, tx ledger.Tx) error {
			list, err := reconcile.Reviews(ctx, tx, "", 10)
			n = len(list)
			return err
		})
		return n
	}
	type step struct {
		who    string
		answer reconcile.Answer
		told   int
		code   civic.Code
		open   int
	}
	same, other, twin, unsure := reconcile.AnswerSame, reconcile.AnswerOther, reconcile.AnswerTwin, reconcile.AnswerUnsure
	for i, tt := range []struct {
		policy reconcile.SecondPair
		steps  []step
	}{
		{reconcile.SecondPair{}, []step{{"rosa", same, 1, "", 0}}},
		{reconcile.SecondPair{Risk: 900}, []step{{"rosa", same, 1, "", 0}}},
		{reconcile.SecondPair{Registered: true}, []step{{"rosa", same, 1, "", 0}}}, // one visit each, no papers
		{reconcile.SecondPair{Risk: 1}, []step{{"rosa", same, 0, "", 1}, {"rosa", same, 0, civic.SecondPair, 1}, {"rosa", other, 0, civic.SecondPair, 1}, {"luis", same, 1, "", 0}}},
		{reconcile.SecondPair{Risk: 1}, []step{{"rosa", other, 1, "", 0}}}, // keeping apart harms nobody
		{reconcile.SecondPair{Risk: 1}, []step{{"rosa", same, 0, "", 1}, {"luis", twin, 0, "", 1}, {"ana", unsure, 0, "", 1}, {"eva", twin, 1, "", 0}}},
		{reconcile.SecondPair{Risk: 1}, []step{{"rosa", same, 0, "", 1}, {"luis", other, 0, "", 1}, {"eva", same, 1, "", 0}}},
	} {
		c, o, known := two(t, tt.policy)
		for _, s := range tt.steps {
			told, err := decide(c, o, known, s.answer, s.who)
			if told != s.told || civic.CodeOf(err) != s.code || open(c) != s.open {
				t.Errorf("case %d, %s says %s: told %d, %v, %d open", i, s.who, s.answer, told, err, open(c))
			}
		}
		last := tt.steps[len(tt.steps)-1]
		if last.answer != same {
			continue
		}
		c.view(t, func(ctx context.Context, tx ledger.Tx) error {
			people, err := c.registry.Known(ctx, tx, []registry.Ref{known})
			if err != nil {
				return err
			}
			events, err := c.registry.Events(ctx, tx, people[0])
			note := events[len(events)-1].Detail.Note
			if len(tt.steps) > 1 && note != fmt.Sprintf("rosa: because rosa\n%s: because %s", last.who, last.who) {
				t.Errorf("case %d: the reasons are %q", i, note)
			}
			return err
		})
	}
}

// Whatever a reviewer said can be taken back, and said anew.
func TestReopen(t *testing.T) {
	for _, answer := range []reconcile.Answer{reconcile.AnswerSame, reconcile.AnswerOther, reconcile.AnswerTwin} {
		c, o, known := two(t, reconcile.SecondPair{})
		s := reconcile.Said{Area: area, Registration: o.Registration, Answer: answer, Same: known, Note: "I think", Reviewer: "rosa"}
		for range 2 {
			if _, err := c.decide(t, s); err != nil {
				t.Fatal(err)
			}
			var told []reconcile.Told
			err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
				told, err = c.r.Reopen(t.Context(), tx, area, o.Registration, "", "rosa", "I was wrong")
				return err
			})
			if err != nil || len(told) != 1 || told[0].Outcome.Status != civic.Held || told[0].Outcome.Persons[0] != o.Persons[0] {
				t.Fatalf("%s: %v %+v", answer, err, told)
			}
			c.view(t, func(ctx context.Context, tx ledger.Tx) error {
				open, err := reconcile.Reviews(ctx, tx, "", 10)
				if len(open) != 1 || open[0].Reviewer != "" {
					t.Errorf("%s: %+v", answer, open)
				}
				people, err2 := c.registry.Known(ctx, tx, []registry.Ref{known, {Home: area, Person: o.Persons[0].Person}})
				if len(people) != 2 || people[0].State != registry.Standing || people[1].State != registry.Waiting || len(people[1].Said) != 1 {
					t.Errorf("%s: %+v", answer, people)
				}
				return errors.Join(err, err2)
			})
		}
	}
}

// refusing is an outside registry that will not be asked.
type refusing struct{ registry.Outside }

func (refusing) Find(context.Context, []civic.Claim) ([]registry.Foreign, error) {
	return nil, civic.NewProblem(civic.RegistryRefused, nil, "national", "status-400")
}

// A registry that refuses to be asked holds up nobody; the outcome says that it
// was not asked.
func TestOutsideRefusesToBeAsked(t *testing.T) {
	c := newCentre(t)
	c.r = reconcile.New(reconcile.Config{Registry: c.registry, Clock: at, Outside: []reconcile.Lookup{{Name: "national", Outside: refusing{}, Wait: true}}})
	in := []reconcile.Incoming{juana(1)}
	if err := c.r.Ahead(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out := c.settle(t, in...)[0]
	last := out.Reasons[len(out.Reasons)-1]
	if out.Status != civic.Registered || last.Code != civic.RegistryRefused || last.Words[0] != "national" {
		t.Errorf("%+v", out)
	}
}
