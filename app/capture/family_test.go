package capture

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// What the tests share: the five service forms, one family and what is true of
// it, and an officer who asks them.

// world is the data that ships with the programs.
type world struct {
	dictionary *attributes.Dictionary
	agreements *agreement.Set
	forms      map[civic.ServiceID]*form.Form
}

var services = []civic.ServiceID{"birth", "identity", "cash", "health", "school"}

func shipped(t testing.TB) world {
	t.Helper()
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	w := world{dictionary: d, forms: map[civic.ServiceID]*form.Form{}}
	names, err := fs.Glob(assets.Agreements, "agreements/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []agreement.Agreement
	for _, name := range names {
		b, err := assets.Agreements.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a, err := agreement.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	if w.agreements, err = agreement.NewSet(all...); err != nil {
		t.Fatal(err)
	}
	for _, s := range services {
		b, err := assets.Forms.ReadFile("forms/" + string(s) + ".xlsx")
		if err != nil {
			t.Fatal(err)
		}
		f, err := form.Load(b)
		if err != nil {
			t.Fatal(err)
		}
		w.forms[s] = f
	}
	return w
}

// who is one of the family.
type who string

// subjects says whom each service's form speaks of when this family comes.
var subjects = map[civic.ServiceID]map[string]who{
	"birth":    {"": "baby", "mother": "mother", "father": "father", "siblings[1]": "son"},
	"identity": {"": "mother"},
	"cash":     {"": "mother", "members[1]": "father", "members[2]": "son", "members[3]": "baby"},
	"health":   {"": "mother", "contact": "father"},
	"school":   {"": "son", "mother": "mother", "father": "father"},
}

// truth is what each of the family answers; home is what all share.
var truth = map[who]map[civic.Attribute]string{
	"mother": {
		"given_name": "Rosalía", "surname": "Paz", "second_surname": "Núñez", "sex": "female", "birth_date": "1994-03-05",
		"birth_place": "San Juan", "nationality": "mex", "national_id": "PANR940305", "marital_status": "union", "language": "spa zap",
		"mother_name": "Elvira Núñez", "father_name": "Genaro Paz", "occupation": "teje", "literacy": "yes", "education_level": "secondary",
		"disability": "none", "phone": "951 123 4567", "other_id": "77001", "blood_group": "o_pos", "allergies": "ninguna", "chronic_illness": "none",
		"vaccinated": "yes", "pregnant": "yes", "last_period": "2026-10", "births_alive": "2", "pay_channel": "bank", "account_number": "0042",
	},
	"father": {
		"given_name": "Isidro", "surname": "Luna", "second_surname": "Canul", "sex": "male", "birth_date": "1991-11-20", "national_id": "LUCI911120",
		"marital_status": "union", "occupation": "campo", "education_level": "primary", "disability": "none", "full_name": "Isidro Luna Canul",
		"phone": "951 765 4321", "relation_to_head": "partner",
	},
	"son": {
		"given_name": "Mateo", "surname": "Luna", "second_surname": "Paz", "sex": "male", "birth_date": "2018-02-09", "birth_place": "San Juan",
		"nationality": "mex", "national_id": "LUPM180209", "language": "spa zap", "disability": "none", "vaccinated": "yes", "attends_school": "yes",
		"relation_to_head": "child", "occupation": "ninguna",
	},
	"baby": {
		"given_name": "Inés", "surname": "Luna", "second_surname": "Paz", "sex": "female", "birth_date": "2026-10-28", "birth_time": "06:10",
		"birth_place": "Oaxaca", "birth_setting": "clinic", "birth_attendant": "nurse", "birth_weight": "3150", "disability": "none",
		"national_id": "LUPI261028", "relation_to_head": "child", "attends_school": "no", "phone": "951 123 4567",
	},
	"home": {
		"address": "Camino al pozo 4", "locality": "Santa Ana", "municipality": "Tlacolula", "state": "Oaxaca", "dwelling_tenure": "own",
		"dwelling_walls": "adobe", "dwelling_roof": "sheet", "dwelling_rooms": "2", "water_source": "well", "toilet": "latrine", "cooking_fuel": "wood",
		"electricity": "yes", "income_source": "farm", "income_band": "b1", "land": "1.5", "animals": "hens",
	},
}

// own are answers to questions that only one service asks.
var own = map[string]string{
	"birth/home/siblings_alive": "1", "birth/father/father_named": "yes", "birth/proof/informant": "mother", "birth/proof/papers": "birth_notice",
	"birth/proof/late_reason": "estaba lejos", "birth/proof/late_proof": "notice",
	"identity/proof/evidence": "document", "identity/proof/paper": "birth_certificate",
	"cash/living/support": "no", "cash/living/meals": "3", "health/pregnancy/danger": "none",
	"school/home/minutes": "20", "school/father/father_named": "yes", "school/place/grade": "p2", "school/place/before": "ninguna",
	"school/place/signs": "mother", "school/place/meals": "yes",
}

// answerTo is what the family answers to a question.
func answerTo(t testing.TB, s civic.ServiceID, l Line) civic.Answer {
	t.Helper()
	switch l.Attribute {
	case "consent":
		return civic.Answer{Value: "yes"}
	case "photo", "signature":
		return civic.Answer{Value: string(l.Attribute) + ".jpg"}
	}
	if v, ok := own[string(s)+"/"+l.Path]; ok {
		return civic.Answer{Value: v}
	}
	for _, of := range []who{"home", subjects[s][l.Subject]} {
		if v, ok := truth[of][l.Attribute]; ok {
			return civic.Answer{Value: v}
		}
	}
	t.Fatalf("the family has no answer to %s %s (%s of %q)", s, l.Path, l.Attribute, l.Subject)
	return civic.Answer{}
}

// kept is a keeper that keeps the last draft.
type kept struct{ draft Draft }

func (k *kept) Keep(_ context.Context, d Draft) error { k.draft = d; return nil }

// officer drives interviews and seals them, on a clock of its own.
type officer struct {
	t       testing.TB
	world   world
	now     time.Time
	sources []Source
	refuse  map[civic.ServiceID]bool // reuse by this service is refused
	deny    map[civic.ServiceID]bool // reuse of this service's answers by others is refused
}

func newOfficer(t testing.TB, w world) *officer {
	return &officer{t: t, world: w, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), refuse: map[civic.ServiceID]bool{}, deny: map[civic.ServiceID]bool{}}
}

func (o *officer) stamp() civic.Stamp { return civic.Stamp{Wall: o.now.Unix()} }

func (o *officer) env() form.Env {
	return form.Env{Now: func() time.Time { return o.now }, Zone: time.UTC}
}

func (o *officer) planner() *Planner {
	return &Planner{Dictionary: o.world.dictionary, Agreements: o.world.agreements, Known: Know(o.sources)}
}

// find picks the family's people among those the kit knows, by name, as an
// officer does from a list.
func (o *officer) find(p *Planner, s civic.ServiceID) map[string]Ref {
	people := map[string]Ref{}
	for subject, of := range subjects[s] {
		want := truth[of]
		name := strings.Join([]string{want["given_name"], want["surname"], want["second_surname"]}, " ")
		var found []*Someone
		for _, someone := range p.Known.All() {
			if strings.HasPrefix(name, someone.Name()) {
				found = append(found, someone)
			}
		}
		best := 0
		for _, f := range found { // the entry of which most was told
			told := map[civic.Attribute]bool{}
			for _, x := range f.facets {
				for a := range x.said {
					told[a] = true
				}
			}
			if len(told) > best {
				best, people[subject] = len(told), f.Refs()[0]
			}
		}
	}
	return people
}

// visit holds one whole interview and seals it. It gives how every question was
// dealt with, and the meter.
func (o *officer) visit(s civic.ServiceID) ([]Line, Meter) {
	o.t.Helper()
	ctx := context.Background()
	p := o.planner()
	iv := New(o.world.forms[s], o.env(), Draft{ID: DraftID{1}, Services: []civic.ServiceID{s}, Started: o.stamp()}, &kept{}, o.stamp)
	must := func(err error) {
		o.t.Helper()
		if err != nil {
			o.t.Fatal(err)
		}
	}
	must(iv.Reuse(ctx, p, o.find(p, s)))
	if o.refuse[s] {
		must(iv.RefuseReuse(ctx, true))
	}
	for subject := range subjects[s] { // those the kit does not know yet
		name, n := numbered(subject)
		repeat := map[string]string{"members": "members", "siblings": "home/siblings"}[name]
		for n > 0 && iv.State(fmt.Sprintf("%s[%d]/given_name", repeat, n)).Answer.Path == "" {
			_, err := iv.AddInstance(ctx, repeat)
			must(err)
		}
	}
	for round := 0; ; round++ {
		must(iv.Confirm(ctx))
		asked := 0
		for _, l := range iv.Plan("es").Ask {
			if st := iv.State(l.Path); st.Relevant && !answered(st.Answer) {
				must(iv.Set(ctx, l.Path, answerTo(o.t, s, l)))
				asked++
			}
		}
		if asked == 0 && len(iv.StillSo("es")) == 0 {
			break
		}
		if round > 20 {
			o.t.Fatalf("%s: the interview does not end", s)
		}
	}
	if wrong := iv.CheckAll(); len(wrong) > 0 {
		o.t.Fatalf("%s: %v", s, wrong)
	}
	must(iv.SetConsent(ctx, civic.Consent{Service: s, Given: !o.deny[s]}))
	plan := iv.Plan("es")
	lines := append(append(append([]Line(nil), plan.Ask...), plan.Confirm...), plan.Reuse...)
	m := iv.Meter()
	d := iv.Draft()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", s, len(o.sources)))
	r := &civic.Registration{ID: civic.RegistrationID(sum[:16]), Form: iv.Form().Ref(), Area: "mx-20-067", Sealed: o.stamp(), Answers: d.Answers, Consents: d.Consents}
	if wrong := iv.Form().Validate(r, o.env()); len(wrong) > 0 {
		o.t.Fatalf("%s: the centre would send it back: %v", s, wrong)
	}
	if again := p.Recount(iv.Form(), o.env(), r, o.sources); again != m {
		o.t.Errorf("%s: recounted %+v, counted %+v", s, again, m)
	}
	o.sources = append(o.sources, SourceOf(iv.Form(), r, nil))
	return lines, m
}
