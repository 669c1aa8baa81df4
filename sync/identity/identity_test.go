package identity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

func said(pairs ...string) []civic.Claim {
	var out []civic.Claim
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, civic.Claim{Attribute: civic.Attribute(pairs[i]), Value: pairs[i+1]})
	}
	return out
}

func TestWhoVouches(t *testing.T) {
	for _, c := range []struct {
		name   string
		claims []civic.Claim
		want   []civic.Code
	}{
		{"a paper", said("given_name", "Ana", "evidence", "document"), nil},
		{"nothing stated", said("given_name", "Ana"), nil},
		{"an introducer", said("given_name", "Ana", "evidence", "introducer", "introducer", "Pedro Luna"), nil},
		{"an introducer without a name", said("given_name", "Ana", "evidence", "introducer"), []civic.Code{civic.VoucherMissing}},
		{"herself", said("given_name", "Ana", "surname", "Luna", "evidence", "introducer", "introducer", "ANA  LUNA"), []civic.Code{civic.VoucherSelf}},
		{"two witnesses", said("evidence", "two_witnesses", "witness", "Pedro Luna", "witness", "José Sol"), nil},
		{"one witness", said("evidence", "two_witnesses", "witness", "Pedro Luna"), []civic.Code{civic.VoucherMissing}},
		{"the same twice", said("evidence", "two_witnesses", "witness", "José Sol", "witness", "jose sol"), []civic.Code{civic.WitnessesAlike}},
		{"the head of the family", said("evidence", "head_of_family", "head_of_family", "Rosa Luna"), nil},
		{"one name only, and his own head", said("given_name", "Balam", "evidence", "head_of_family", "head_of_family", "Balam"), []civic.Code{civic.VoucherSelf}},
		{"their own word", said("evidence", "self_declared"), nil},
	} {
		if got := identity.Check(c.claims, ""); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if who := identity.IntroducerOf(said("evidence", "introducer", "introducer", " José  Pérez "), ""); who != "jose perez" {
		t.Errorf("the introducer is %q", who)
	}
	if who := identity.IntroducerOf(said("evidence", "document", "introducer", "José"), ""); who != "" {
		t.Errorf("a paper rests on the introducer %q", who)
	}
}

func TestReviewDate(t *testing.T) {
	at := time.Date(2026, 3, 31, 15, 0, 0, 0, time.UTC)
	r := identity.Rules{ReviewMonths: 12}
	for e, want := range map[civic.Evidence]string{civic.SelfDeclared: "2027-03-31", civic.TwoWitnesses: "2027-03-31", civic.Introducer: "2027-03-31", civic.HeadOfFamily: "", civic.Document: ""} {
		day, ok := r.ReviewBy(e, at)
		if ok != (want != "") || ok && day.Format(time.DateOnly) != want {
			t.Errorf("%s: %v", e, day)
		}
	}
	if _, ok := (identity.Rules{}).ReviewBy(civic.SelfDeclared, at); ok {
		t.Error("an office without the rule asks for a review")
	}
}

func TestIntroducerLimit(t *testing.T) {
	r := identity.Rules{IntroducerLimit: 2}
	if r.Over(1) || !r.Over(2) || !r.Over(3) || (identity.Rules{}).Over(1000) {
		t.Error("the limit does not hold")
	}
}

func TestAged(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	if d, ok := identity.Aged(60, now); !ok || d.String() != "1966~" || d.Precision() != civic.Circa {
		t.Errorf("about 60 is %v", d)
	}
	for _, wrong := range []int{-1, 131} {
		if _, ok := identity.Aged(wrong, now); ok {
			t.Errorf("%d is an age", wrong)
		}
	}
}

func TestEvents(t *testing.T) {
	all, err := identity.ReadEvents([]byte("year,until,es,en\n1985,,El temblor,The earthquake\n1970,1972,Los años de la sequía,\n"))
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	if d := all[0].Date(); d.String() != "1971~" || all[0].Say("en-GB") != "Los años de la sequía" {
		t.Errorf("the drought is %v, %q", d, all[0].Say("en"))
	}
	if d := all[1].Date(); d.String() != "1985" || all[1].Say("en") != "The earthquake" {
		t.Errorf("the earthquake is %v", d)
	}
	for name, list := range map[string]string{
		"nothing":     "",
		"no header":   "1985,,El temblor\n",
		"no words":    "year,until,es\n1985,,\n",
		"no year":     "year,until,es\nthen,,a\n",
		"long ago":    "year,until,es\n1521,,a\n",
		"backwards":   "year,until,es\n1985,1980,a\n",
		"not UTF-8":   "year,until,es\n1985,,\xe1\n",
		"no events":   "year,until,es\n",
		"a short row": "year,until,es\n1985\n",
		"too long":    "year,until,es\n1985,," + strings.Repeat("a", 300) + "\n",
	} {
		if _, err := identity.ReadEvents([]byte(list)); civic.CodeOf(err) != civic.EventsRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestShippedEvents(t *testing.T) {
	all, err := identity.ReadEvents(assets.Events)
	if err != nil || len(all) < 5 {
		t.Fatalf("%d, %v", len(all), err)
	}
	for _, e := range all {
		if e.Words["es"] == "" || e.Words["en"] == "" {
			t.Errorf("%d lacks a language", e.Year)
		}
	}
	if !(identity.Settings{Rules: identity.DefaultRules(), Events: all}).Valid() {
		t.Error("what ships keeps no limit")
	}
}

func FuzzReadEvents(f *testing.F) {
	f.Add(assets.Events)
	f.Add([]byte("year,until,es\n1985,,\"a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := identity.ReadEvents(b)
		if err == nil && !(identity.Settings{Rules: identity.DefaultRules(), Events: all}).Valid() {
			t.Fatal("read what is not valid")
		}
	})
}
