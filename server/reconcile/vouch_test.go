package reconcile_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

// withRules is a centre with a limit of two a year and a review after a year.
func withRules(t testing.TB) *centre {
	c := newCentre(t)
	c.r = reconcile.New(reconcile.Config{Registry: c.registry, Clock: func() time.Time { return time.Unix(1_790_000_000, 0) }, Key: [32]byte{9},
		Rules: func(context.Context, ledger.Tx, civic.Area) (identity.Rules, error) {
			return identity.Rules{IntroducerLimit: 2, ReviewMonths: 12}, nil
		}})
	return c
}

func vouchedFor(t testing.TB, name, born string, sealed time.Time, pairs ...string) *civic.Registration {
	t.Helper()
	r := &civic.Registration{Counter: 1, Area: area, Form: civic.FormRef{ID: "identity", Version: "1"}, Sealed: civic.Stamp{Wall: sealed.Unix()}}
	if _, err := rand.Read(r.ID[:]); err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Answers = append(r.Answers, civic.Answer{Path: pairs[i], Value: pairs[i+1]})
	}
	r.Answers = append(r.Answers, civic.Answer{Path: "given_name", Value: name}, civic.Answer{Path: "birth_date", Value: born})
	return r
}

func (c *centre) settleOne(t testing.TB, r *civic.Registration) civic.Outcome {
	t.Helper()
	var out []civic.Outcome
	err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		out, err = c.r.Settle(t.Context(), tx, area, []reconcile.Incoming{{Registration: r, Digest: civic.Digest(slices.Concat(r.ID[:], r.ID[:])), Form: plain{}}})
		return err
	})
	if err != nil || len(out) != 1 {
		t.Fatal(err)
	}
	return out[0]
}

func code(o civic.Outcome) civic.Code {
	if len(o.Reasons) == 0 {
		return ""
	}
	return o.Reasons[0].Code
}

// People who share no name, so that matching has nothing to say.
var strangers = []string{"Xochitl", "Bartolome", "Kuauhtemoc", "Filiberta", "Gumersindo", "Hortensia"}

func TestIntroducerOverTheLimitIsHeld(t *testing.T) {
	c := withRules(t)
	at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	by := []string{"evidence", "introducer", "introducer", "Pedro Luna"}
	for i := range 2 {
		if o := c.settleOne(t, vouchedFor(t, strangers[i], fmt.Sprintf("19%d0-01-0%d", 5+i, i+1), at, by...)); o.Status != civic.Registered {
			t.Fatalf("person %d: %s %s", i, o.Status, code(o))
		}
	}
	third := c.settleOne(t, vouchedFor(t, strangers[2], "1977-07-07", at.AddDate(0, 1, 0), "evidence", "introducer", "introducer", "PEDRO  LÚNA"))
	if third.Status != civic.Held || code(third) != civic.IntroducerLimit {
		t.Fatalf("the third is %s %s", third.Status, code(third))
	}
	// Another introducer is not held, and a year later neither is this one.
	if o := c.settleOne(t, vouchedFor(t, strangers[3], "1988-08-08", at, "evidence", "introducer", "introducer", "Otra Persona")); o.Status != civic.Registered {
		t.Errorf("another introducer's person is %s", o.Status)
	}
	if o := c.settleOne(t, vouchedFor(t, strangers[4], "1999-09-09", at.AddDate(1, 2, 0), by...)); o.Status != civic.Registered {
		t.Errorf("after a year: %s %s", o.Status, code(o))
	}
	// A reviewer can let the held one stand.
	err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
		told, err := c.r.Decide(t.Context(), tx, reconcile.Said{Area: area, Registration: third.Registration, Answer: reconcile.AnswerOther, Reviewer: "ana", Note: "known to the office"})
		if err == nil && (len(told) != 1 || told[0].Outcome.Status != civic.Registered) {
			t.Errorf("told %+v", told)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDoubtfulWitnessesAreHeld(t *testing.T) {
	c := withRules(t)
	at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	for i, k := range []struct {
		pairs []string
		want  civic.Code
	}{
		{[]string{"evidence", "two_witnesses", "witness", "José Sol", "witness", "jose sol"}, civic.WitnessesAlike},
		{[]string{"evidence", "introducer", "introducer", strangers[1]}, civic.VoucherSelf},
		{[]string{"evidence", "introducer"}, civic.VoucherMissing},
		{[]string{"evidence", "two_witnesses", "witness", "José Sol", "witness", "Eva Chi"}, ""},
	} {
		o := c.settleOne(t, vouchedFor(t, strangers[i], fmt.Sprintf("19%d0-02-0%d", 4+i, i+1), at, k.pairs...))
		if want := map[bool]civic.Status{true: civic.Held, false: civic.Registered}[k.want != ""]; o.Status != want || k.want != "" && code(o) != k.want {
			t.Errorf("%v: %s %s", k.pairs, o.Status, code(o))
		}
	}
}

func TestWeakEvidenceIsListedUntilStrengthened(t *testing.T) {
	c := withRules(t)
	at := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	c.settleOne(t, vouchedFor(t, "Hortensia", "1960-03-03", at, "evidence", "self_declared", "surname", "Quintal", "second_surname", "Uicab", "sex", "female", "locality", "Agua Fría"))
	c.settleOne(t, vouchedFor(t, "Gumersindo", "1950-03-03", at, "evidence", "document"))
	list := func(by time.Time) (all []reconcile.Weak) {
		t.Helper()
		if err := c.db.View(t.Context(), func(tx ledger.Tx) (err error) {
			all, err = reconcile.Weaks(t.Context(), tx, area, by, 10)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if all := list(at); len(all) != 0 {
		t.Errorf("due at once: %v", all)
	}
	all := list(at.AddDate(1, 0, 1))
	if len(all) != 1 || all[0].Evidence != civic.SelfDeclared || all[0].Due.Format(time.DateOnly) != "2027-05-01" {
		t.Fatalf("%+v", all)
	}
	o := c.settleOne(t, vouchedFor(t, "Hortensia", "1960-03-03", at.AddDate(0, 3, 0), "evidence", "document", "surname", "Quintal", "second_surname", "Uicab", "sex", "female", "locality", "Agua Fría"))
	if o.Status != civic.Merged {
		t.Fatalf("the second visit is %s", o.Status)
	}
	if all := list(at.AddDate(2, 0, 0)); len(all) != 0 {
		t.Errorf("strengthened and still listed: %v", all)
	}
}
