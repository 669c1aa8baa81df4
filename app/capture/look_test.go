package capture

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// said is a source with claims about one subject, days before the test's day.
func said(id byte, service civic.ServiceID, days int, subject string, consent string, values ...string) Source {
	at := day.AddDate(0, 0, -days)
	s := Source{Registration: civic.RegistrationID{id}, Service: service}
	for i := 0; i+1 < len(values); i += 2 {
		s.Claims = append(s.Claims, civic.Claim{
			Subject: subject, Attribute: civic.Attribute(values[i]), Value: values[i+1],
			Registration: s.Registration, At: civic.Stamp{Wall: at.Unix()},
		})
	}
	if consent != "" {
		s.Consents = []civic.Consent{{Service: service, Purpose: ReusePurpose, Given: consent == "yes"}}
	}
	return s
}

func and(a, b Source) Source {
	a.Claims = append(slices.Clone(a.Claims), b.Claims...)
	for i := range a.Claims {
		a.Claims[i].Registration = a.Registration
	}
	return a
}

var day = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestLook(t *testing.T) {
	w := shipped(t)
	withDocument := said(2, "identity", 300, "", "yes", "surname", "Paz")
	withDocument.Claims[0].Evidence = civic.Document
	unsaid := said(1, "birth", 10, "", "yes", "phone", "")
	unsaid.Claims[0].Absent = civic.Refused
	none := said(1, "birth", 10, "", "yes", "second_surname", "")
	none.Claims[0].Absent = civic.None
	for name, c := range map[string]struct {
		sources   []Source
		service   civic.ServiceID
		attribute civic.Attribute
		refused   bool
		way       Way
		why       Why
		value     string
	}{
		"nobody said it":         {nil, "school", "given_name", false, Ask, WhyNew, ""},
		"means nothing lasting":  {nil, "school", "", false, Ask, WhyOwn, ""},
		"not in the dictionary":  {[]Source{said(1, "birth", 10, "", "yes", "shoe_size", "38")}, "school", "shoe_size", false, Ask, WhyUnlisted, ""},
		"lasting":                {[]Source{said(1, "birth", 9000, "", "yes", "given_name", "Inés")}, "school", "given_name", false, Show, "", "Inés"},
		"may have changed":       {[]Source{said(1, "birth", 365, "", "yes", "phone", "1")}, "school", "phone", false, Confirm, "", "1"},
		"too old":                {[]Source{said(1, "birth", 366, "", "yes", "phone", "1")}, "school", "phone", false, Ask, WhyStale, "1"},
		"said in this visit":     {[]Source{said(1, "birth", 0, "", "yes", "phone", "1")}, "school", "phone", false, Show, "", "1"},
		"a little ahead of time": {[]Source{said(1, "birth", -1, "", "yes", "phone", "1")}, "school", "phone", false, Confirm, "", "1"},
		"a clock years ahead":    {[]Source{said(1, "birth", -2000, "", "yes", "phone", "1")}, "school", "phone", false, Ask, WhyStale, "1"},
		"ahead, and said now": {[]Source{
			said(1, "birth", -2000, "", "yes", "given_name", "Ana", "surname", "Paz", "birth_date", "1990-05-01", "phone", "1"),
			said(2, "identity", 3, "", "yes", "given_name", "Ana", "surname", "Paz", "birth_date", "1990-05-01", "phone", "2"),
		}, "school", "phone", false, Confirm, "", "2"},
		"ahead, and lasting":     {[]Source{said(1, "birth", -2000, "", "yes", "given_name", "Inés")}, "school", "given_name", false, Show, "", "Inés"},
		"never":                  {[]Source{said(1, "health", 0, "", "yes", "pregnant", "yes")}, "health", "pregnant", false, Ask, WhyNever, ""},
		"signature":              {[]Source{said(1, "identity", 0, "", "yes", "signature", "s.jpg")}, "cash", "signature", false, Ask, WhyNever, ""},
		"no agreement":           {[]Source{said(1, "health", 10, "", "yes", "allergies", "x")}, "cash", "allergies", false, Ask, WhyAgreement, ""},
		"not from that source":   {[]Source{said(1, "police", 10, "", "yes", "phone", "1")}, "school", "phone", false, Ask, WhyAgreement, ""},
		"its own service":        {[]Source{said(1, "cash", 10, "", "no", "account_number", "42")}, "cash", "account_number", false, Confirm, "", "42"},
		"the citizen said no":    {[]Source{said(1, "birth", 10, "", "no", "phone", "1")}, "school", "phone", false, Ask, WhyConsent, ""},
		"nobody asked, by law":   {[]Source{said(1, "list", 10, "", "", "phone", "1")}, "school", "phone", false, Confirm, "", "1"},
		"nobody asked, consent":  {[]Source{said(1, "list", 10, "", "", "phone", "1")}, "cash", "phone", false, Ask, WhyConsent, ""},
		"no here, yes there":     {[]Source{said(1, "birth", 5, "", "no", "phone", "1"), and(said(2, "health", 50, "", "yes", "phone", "2"), Source{})}, "school", "phone", false, Ask, WhyConsent, ""},
		"refused at the service": {[]Source{said(1, "birth", 10, "", "yes", "phone", "1")}, "school", "phone", true, Ask, WhyRefused, ""},
		"refused, nothing held":  {nil, "school", "phone", true, Ask, WhyNew, ""},
		"would not say then":     {[]Source{unsaid}, "school", "phone", false, Ask, WhyNew, ""},
		"there is none":          {[]Source{none}, "school", "second_surname", false, Show, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := &Planner{Dictionary: w.dictionary, Agreements: w.agreements, Known: Know(c.sources)}
			v := Visit{Service: c.service, People: map[string]Ref{"": {civic.RegistrationID{1}, ""}}, Refused: c.refused, Now: day.Add(time.Hour)}
			way, why, held := p.Look(v, "", c.attribute)
			if way != c.way || why != c.why || held.Answer.Value != c.value {
				t.Fatalf("%v %q %+v", way, why, held)
			}
			if why != "" && why != WhyStale && held != (Held{}) {
				t.Fatal("a value that may not be used was handed out")
			}
		})
	}

	t.Run("evidence, dispute", func(t *testing.T) {
		first := said(1, "birth", 10, "", "yes", "surname", "Pas", "given_name", "Ana", "birth_date", "1990-02-03", "national_id", "7")
		withDocument.Claims = append(withDocument.Claims, said(2, "identity", 300, "", "yes", "national_id", "7").Claims...)
		p := &Planner{Dictionary: w.dictionary, Agreements: w.agreements, Known: Know([]Source{first, withDocument})}
		way, _, held := p.Look(Visit{Service: "school", People: map[string]Ref{"": {civic.RegistrationID{1}, ""}}, Now: day}, "", "surname")
		if way != Confirm || !held.Disputed || held.Answer.Value != "Paz" || held.Service != "identity" {
			t.Fatalf("%v %+v", way, held)
		}
	})
}

// TestHomeIsNotToldToTheFather: a form about a child does not tell one parent
// where the other lives.
func TestHomeIsNotToldToTheFather(t *testing.T) {
	w := shipped(t)
	birth := and(said(1, "birth", 10, "", "yes", "given_name", "Inés", "address", "hidden 4"), said(1, "birth", 10, "father", "yes", "given_name", "Isidro"))
	birth = and(birth, said(1, "birth", 10, "mother", "yes", "given_name", "Rosalía"))
	p := &Planner{Dictionary: w.dictionary, Agreements: w.agreements, Known: Know([]Source{birth})}
	for subject, want := range map[string]Way{"father": Ask, "mother": Confirm, "": Confirm} {
		v := Visit{Service: "identity", People: map[string]Ref{"": {birth.Registration, subject}}, Now: day}
		if way, _, held := p.Look(v, "", "address"); way != want || way == Ask && held != (Held{}) {
			t.Errorf("%q: %v", subject, way)
		}
	}
	own := said(2, "identity", 5, "", "yes", "given_name", "Isidro", "address", "elsewhere 1")
	p.Known = Know([]Source{birth, own})
	v := Visit{Service: "school", People: map[string]Ref{"": {birth.Registration, ""}, "father": {own.Registration, ""}}, Now: day}
	if _, _, held := p.Look(v, "", "address"); held.Answer.Value != "hidden 4" {
		t.Errorf("the child's home is %q", held.Answer.Value)
	}
}

// TestKnow: who is joined and who is not, in whatever order sources come.
func TestKnow(t *testing.T) {
	ana := []string{"given_name", "Ana", "surname", "Paz", "birth_date", "1990-02-03", "sex", "female"}
	with := func(base []string, more ...string) []string {
		m := map[string]string{}
		var order []string
		for i := 0; i+1 < len(base)+len(more); i += 2 {
			all := append(slices.Clone(base), more...)
			if _, twice := m[all[i]]; !twice {
				order = append(order, all[i])
			}
			m[all[i]] = all[i+1]
		}
		var out []string
		for _, k := range order {
			out = append(out, k, m[k])
		}
		return out
	}
	for name, c := range map[string]struct {
		sources []Source
		people  int
	}{
		"same name and day":       {[]Source{said(1, "birth", 1, "", "", ana...), said(2, "cash", 1, "", "", with(ana, "given_name", "ANA")...)}, 1},
		"accents aside":           {[]Source{said(1, "birth", 1, "", "", with(ana, "given_name", "Inés")...), said(2, "cash", 1, "", "", with(ana, "given_name", "Ines")...)}, 1},
		"another day":             {[]Source{said(1, "birth", 1, "", "", ana...), said(2, "cash", 1, "", "", with(ana, "birth_date", "1990-02-04")...)}, 2},
		"a year is not a day":     {[]Source{said(1, "birth", 1, "", "", with(ana, "birth_date", "1990")...), said(2, "cash", 1, "", "", with(ana, "birth_date", "1990")...)}, 2},
		"another sex":             {[]Source{said(1, "birth", 1, "", "", ana...), said(2, "cash", 1, "", "", with(ana, "sex", "male")...)}, 2},
		"another number":          {[]Source{said(1, "birth", 1, "", "", with(ana, "national_id", "1")...), said(2, "cash", 1, "", "", with(ana, "national_id", "2")...)}, 2},
		"the same number":         {[]Source{said(1, "birth", 1, "", "", "given_name", "Ana", "national_id", "1"), said(2, "cash", 1, "", "", "given_name", "Anita", "national_id", "1")}, 1},
		"twins on one form":       {[]Source{and(said(1, "birth", 1, "", "", ana...), said(1, "birth", 1, "mother", "", ana...))}, 2},
		"mother of one child":     {[]Source{and(said(1, "birth", 1, "", "", ana...), said(1, "birth", 1, "mother", "", "given_name", "Eva", "surname", "Luz")), and(said(2, "school", 1, "", "", ana...), said(2, "school", 1, "mother", "", "given_name", "Eva", "surname", "Luz"))}, 2},
		"mothers of two children": {[]Source{and(said(1, "birth", 1, "", "", ana...), said(1, "birth", 1, "mother", "", "given_name", "Eva", "surname", "Luz")), and(said(2, "school", 1, "", "", with(ana, "given_name", "Bea")...), said(2, "school", 1, "mother", "", "given_name", "Eva", "surname", "Luz"))}, 4},
		"namesakes without a day": {[]Source{said(1, "birth", 1, "", "", "given_name", "Ana", "surname", "Paz"), said(2, "cash", 1, "", "", "given_name", "Ana", "surname", "Paz")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			for range 6 {
				rand.Shuffle(len(c.sources), func(i, j int) { c.sources[i], c.sources[j] = c.sources[j], c.sources[i] })
				if got := len(Know(c.sources).All()); got != c.people {
					t.Fatalf("%d people, want %d", got, c.people)
				}
			}
		})
	}

	t.Run("the centre decides", func(t *testing.T) {
		a, b := said(1, "birth", 1, "", "", ana...), said(2, "cash", 1, "", "", with(ana, "given_name", "Anna")...)
		a.Persons = []civic.PersonOf{{Person: civic.PersonID{7}}}
		b.Persons = []civic.PersonOf{{Person: civic.PersonID{7}}}
		if got := len(Know([]Source{a, b}).All()); got != 1 {
			t.Fatalf("%d people", got)
		}
		b.Claims = said(2, "cash", 1, "", "", ana...).Claims
		b.Persons[0].Person = civic.PersonID{8}
		if got := len(Know([]Source{a, b}).All()); got != 2 {
			t.Fatalf("two persons of the registry became %d", got)
		}
	})
	t.Run("a correction takes the place", func(t *testing.T) {
		a, b := said(1, "birth", 9, "", "", ana...), said(2, "birth", 1, "", "", with(ana, "surname", "Luz")...)
		b.Corrects = a.Registration
		k := Know([]Source{a, b})
		if p := k.All(); len(p) != 1 || p[0].Best("surname").Value != "Luz" {
			t.Fatalf("%+v", p)
		}
	})
}

// TestVisitOfSeveral: what the first service of a visit asks is not asked again
// by the second, unless no agreement lets it.
func TestVisitOfSeveral(t *testing.T) {
	w := shipped(t)
	o := newOfficer(t, w)
	o.visit("birth")
	o.now = o.now.AddDate(0, 2, 0)
	p := o.planner()
	mother := o.find(p, "identity")
	health, err := p.VisitPlan(formsOf(w, "health"), o.env(), []Visit{{Service: "health", People: mother, Now: o.now}})
	if err != nil {
		t.Fatal(err)
	}
	both, err := p.VisitPlan(formsOf(w, "identity", "health"), o.env(), []Visit{{Service: "identity", People: mother, Now: o.now}, {Service: "health", People: mother, Now: o.now}})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := len(health[0].Ask), len(both[1].Ask); b >= a-4 {
		t.Errorf("health asks %d alone and %d after identity", a, b)
	}
	refused := []Visit{{Service: "identity", People: mother, Now: o.now}, {Service: "health", People: mother, Now: o.now, Refused: true}}
	anew, err := p.VisitPlan(formsOf(w, "identity", "health"), o.env(), refused)
	if err != nil {
		t.Fatal(err)
	}
	if len(anew[1].Confirm)+len(anew[1].Reuse) != 0 || len(anew[0].Ask) != len(both[0].Ask) {
		t.Errorf("a refusal at one service: %v and %v", anew[0].Meter(), anew[1].Meter())
	}
}

func formsOf(w world, services ...civic.ServiceID) (out []*form.Form) {
	for _, s := range services {
		out = append(out, w.forms[s])
	}
	return out
}

// TestHousehold: the roster is opened for who is known, the next member takes
// one action, and taking one out moves the others up.
func TestHousehold(t *testing.T) {
	w := shipped(t)
	o := newOfficer(t, w)
	o.visit("birth")
	o.visit("school")
	p := o.planner()
	people := o.find(p, "cash")
	delete(people, "members[3]")
	ctx := context.Background()
	iv := New(w.forms["cash"], o.env(), Draft{ID: DraftID{1}, Services: []civic.ServiceID{"cash"}}, &kept{}, o.stamp)
	if err := iv.Reuse(ctx, p, people); err != nil {
		t.Fatal(err)
	}
	name := func(path string) string { return iv.State(path + "/given_name").Answer.Value }
	if name("members[1]") != "Isidro" || name("members[2]") != "Mateo" {
		t.Fatalf("roster %q %q", name("members[1]"), name("members[2]"))
	}
	path, err := iv.AddKnown(ctx, "members", o.find(p, "cash")["members[3]"])
	if err != nil || path != "members[3]" || name(path) != "Inés" {
		t.Fatalf("%s %q %v", path, name(path), err)
	}
	if err := iv.RemoveInstance(ctx, "members[1]"); err != nil {
		t.Fatal(err)
	}
	if name("members[1]") != "Mateo" || name("members[2]") != "Inés" || name("members[3]") != "" {
		t.Fatalf("after one left: %q %q", name("members[1]"), name("members[2]"))
	}
	left := iv.Draft().People
	if !slices.Equal(slices.Sorted(maps.Keys(left)), []string{"", "members[1]", "members[2]"}) {
		t.Fatalf("%v", left)
	}
	if l, _ := iv.Origin("members[2]/sex"); l.Way != Show || !l.Taken {
		t.Fatalf("who moved up lost the origin: %+v", l)
	}
}
