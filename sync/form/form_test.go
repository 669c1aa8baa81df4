package form_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

func load(t testing.TB, name string) *form.Form {
	t.Helper()
	b, err := assets.Forms.ReadFile("forms/" + name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(b)
	if err != nil {
		var r *form.Refusal
		if errors.As(err, &r) {
			for _, x := range r.Findings {
				t.Log(x.At(), x.Message)
			}
		}
		t.Fatal(err)
	}
	return f
}

func env() form.Env {
	return form.Env{Now: func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }, Device: "kit", Officer: "officer"}
}

func set(t *testing.T, s *form.Session, path, value string) {
	t.Helper()
	if err := s.Set(path, civic.Answer{Value: value}); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestBirthInterview(t *testing.T) {
	f := load(t, "birth.xlsx")
	if f.ID != "birth" || f.Title("en") != "Birth registration" || f.Title("es-MX") != "Registro de nacimiento" {
		t.Errorf("%s %q %q", f.ID, f.Title("en"), f.Title("es-MX"))
	}
	if !slices.Equal(f.Languages(), []string{"es", "en"}) {
		t.Error(f.Languages())
	}
	if n := len(f.Words("mother/given_name")); n < 200 {
		t.Errorf("%d words for names", n)
	}
	s := form.Start(f, env())
	titles := []string{}
	for _, sec := range s.Sections("en") {
		titles = append(titles, sec.Title)
	}
	if !slices.Equal(titles, []string{"The child", "The mother", "The father", "The home", "Who informs, and with which papers"}) {
		t.Error(titles)
	}
	if found := s.Check("child"); len(found) != 3 || found[0].Code != civic.AnswerRequired || found[0].Path != "child/given_name" {
		t.Errorf("%+v", found)
	}
	set(t, s, "child/given_name", "Lucía")
	set(t, s, "child/sex", "female")
	set(t, s, "child/birth_date", "2027-01-01")
	if found := s.Check("child"); len(found) != 1 || found[0].Message != "This day has not come yet." {
		t.Errorf("%+v", found)
	}
	set(t, s, "child/birth_date", "2026")
	if found := s.Check("child"); len(found) != 0 {
		t.Errorf("a year that has begun: %+v", found)
	}
	if st := s.State("proof/late_reason"); !st.Relevant {
		t.Error("a birth in the middle of the year is late in November")
	}
	set(t, s, "child/birth_date", "2026-11-01")
	if st := s.State("proof/late_reason"); st.Relevant {
		t.Error("three weeks are not late")
	}
	if s.State("child/weight").Relevant {
		t.Error("nobody weighed the child yet")
	}
	set(t, s, "child/born_at", "hospital")
	set(t, s, "child/weight", "3.2")
	if found := s.Check("child"); len(found) != 1 || found[0].Code != civic.AnswerInteger {
		t.Errorf("%+v", found)
	}
	set(t, s, "child/weight", "3200")
	if err := s.Set("mother/given_name", civic.Answer{Absent: civic.Unknown}); err != nil {
		t.Fatal(err)
	}
	set(t, s, "father/father_named", "no")
	set(t, s, "home/siblings_alive", "2")
	path, err := s.AddInstance("home/siblings")
	if err != nil || path != "home/siblings[1]" {
		t.Fatal(path, err)
	}
	if _, err := s.AddInstance("home/siblings"); err != nil {
		t.Fatal(err)
	}
	set(t, s, "home/siblings[2]/given_name", "Iván")
	if err := s.RemoveInstance("home/siblings[1]"); err != nil {
		t.Fatal(err)
	}
	set(t, s, "proof/informant", "mother")
	set(t, s, "proof/papers", "mother_id none")
	if found := s.CheckAll(); len(found) != 1 || found[0].Path != "proof/papers" {
		t.Errorf("%+v", found)
	}
	set(t, s, "proof/papers", "mother_id birth_notice")
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	last := s.Sections("es")[4].Items
	if got := last[len(last)-1].Label; got != "Gracias. Lucía quedará en el registro." {
		t.Error(got)
	}

	answers := s.Answers()
	again := form.Resume(f, env(), answers)
	if got := again.Answers(); !slices.Equal(got, answers) {
		t.Errorf("resumed: %v\nwant %v", got, answers)
	}
	r := &civic.Registration{Answers: answers, Sealed: civic.Stamp{Wall: env().Now().Unix()}, Language: "es"}
	if found := f.Validate(r, form.Env{}); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	claims := f.Claims(r)
	want := map[string]string{"/given_name": "Lucía", "/birth_date": "2026-11-01", "siblings[1]/given_name": "Iván", "mother/given_name": ""}
	for _, c := range claims {
		if v, ok := want[c.Subject+"/"+string(c.Attribute)]; ok {
			if v != c.Value {
				t.Errorf("%s %s: %q", c.Subject, c.Attribute, c.Value)
			}
			delete(want, c.Subject+"/"+string(c.Attribute))
		}
	}
	if len(want) > 0 {
		t.Errorf("no claims for %v in %v", want, claims)
	}
}

func TestListForm(t *testing.T) {
	f := load(t, "febrl.xlsx")
	s := form.Start(f, env())
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("an empty row is no fault: %+v", found)
	}
	for _, name := range []string{"given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth", "soc_sec_id"} {
		if !slices.ContainsFunc(f.Questions(), func(q *form.Question) bool { return q.Name == name }) {
			t.Errorf("no question %s", name)
		}
	}
}

func TestCatalogue(t *testing.T) {
	b, err := assets.Forms.ReadFile("forms/birth.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	c := form.NewCatalogue()
	first, err := c.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Add(b); err != nil || again != first {
		t.Errorf("the same workbook again: %v", err)
	}
	if f, ok := c.Form(first.Ref()); !ok || f != first {
		t.Error("the form is not found by its version")
	}
	if f, ok := c.Latest("birth"); !ok || f != first {
		t.Error("the form is not found by its id")
	}
	if _, err := c.Add([]byte("no workbook")); civic.CodeOf(err) != civic.FormRefused {
		t.Errorf("%v", err)
	}
}
