package fhir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
)

func clock() time.Time { return time.Unix(1_790_000_000, 0) }

func open(t *testing.T, f *registrytest.FHIR) *Registry {
	t.Helper()
	t.Cleanup(f.CloseClientConnections)
	r, err := New(Config{Name: "national", URL: f.URL, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func house(without ...string) func(t *testing.T) registrytest.House {
	return func(t *testing.T) registrytest.House {
		f := registrytest.NewFHIR(without...)
		t.Cleanup(f.Close)
		can := registry.CanSearch | registry.CanCreate | registry.CanUpdate
		if !slices.Contains(without, "match") {
			can |= registry.CanMatch
		}
		finds := "POST /Patient/$match"
		if slices.Contains(without, "match") {
			finds = "POST /Patient/_search"
		}
		return registrytest.House{
			Outside: open(t, f), Can: can, Trouble: f.Trouble, Writes: "POST /Patient", Finds: finds,
			Add: func(t *testing.T, claims []civic.Claim) {
				p := toPatient(civic.PersonID{}, true, attributesOf(claims), nil)
				p.Identifier = p.Identifier[1:]
				b, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				f.Add(string(b))
			},
			Holders: func(_ *testing.T, id civic.PersonID) int { return len(f.Holders(System, id.String())) },
			Value: func(t *testing.T, id civic.PersonID, a civic.Attribute) string {
				for _, s := range f.Holders(System, id.String()) {
					var p Patient
					if err := json.Unmarshal([]byte(s), &p); err != nil {
						t.Fatal(err)
					}
					for _, c := range fromPatient(&p, nil) {
						if c.Attribute == a {
							return c.Value
						}
					}
				}
				return ""
			},
		}
	}
}

func attributesOf(claims []civic.Claim) []registry.Attribute {
	var out []registry.Attribute
	for _, c := range claims {
		out = append(out, registry.Attribute{Name: c.Attribute, Holds: c})
	}
	return out
}

func TestSuite(t *testing.T) {
	t.Run("all parts", func(t *testing.T) { registrytest.Suite(t, house()) })
	t.Run("no match", func(t *testing.T) { registrytest.Suite(t, house("match")) })
}

// A service that ignores If-None-Exist: what was lost on the way is looked for
// before it is created again, and what a box delivered twice is reported.
func TestWithoutConditionalCreate(t *testing.T) {
	f := registrytest.NewFHIR("conditional")
	defer f.Close()
	r := open(t, f)
	c := registrytest.Juana()
	f.Only("POST /Patient")
	f.Next(registrytest.Nothing, registrytest.LostReply) // the search, then the create
	if _, err := r.Put(t.Context(), c); civic.CodeOf(err) != civic.RegistryDown {
		t.Fatal(err)
	}
	c.Doubt = true
	kept, err := r.Put(t.Context(), c)
	if err != nil || kept.ID != "p1" || f.Count() != 1 {
		t.Fatalf("%+v %v, %d there", kept, err, f.Count())
	}
	other := registrytest.Juana()
	other.Person = civic.PersonID{5}
	f.Next(registrytest.Nothing, registrytest.Twice)
	if _, err := r.Put(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	other.Doubt = true
	if kept, err = r.Put(t.Context(), other); err != nil || kept.Duplicates != 1 || kept.ID != "p2" {
		t.Errorf("%+v %v", kept, err)
	}
}

// A Patient that was there before us keeps what it has.
func TestAdoptedPatientIsAddedTo(t *testing.T) {
	f := registrytest.NewFHIR()
	defer f.Close()
	r := open(t, f)
	id := f.Add(`{"resourceType":"Patient","active":true,"identifier":[{"system":"http://hospital.example","value":"17"}],
 "name":[{"use":"official","family":"Ixtlahuaca","given":["Juana"]}],"birthDate":"1990-05-17","gender":"female",
 "contact":[{"name":{"text":"Pedro"}}],"generalPractitioner":[{"reference":"Practitioner/4"}],
 "extension":[{"url":"http://else.example/x","valueInteger":3}],"telecom":[{"system":"phone","value":"951 000 0000"}]}`)
	c := registrytest.Juana("birth_date", "1990-05-18", "birth_place", "Etla")
	c.ID, c.Adopted = id, true
	for range 2 {
		if _, err := r.Put(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	held := f.Patient(id)
	for _, want := range []string{
		`"http://hospital.example"`, `"Practitioner/4"`, `"valueInteger":3`, `"Pedro"`, `"951 000 0000"`, `"951 123 4567"`, `"birthDate":"1990-05-17"`,
		c.Person.String(), `"patient-birthPlace`, `"versionId":"2"`,
	} {
		if !strings.Contains(held, want) && !strings.Contains(held, strings.TrimPrefix(want, `"`)) {
			t.Errorf("%s is not in %s", want, held)
		}
	}
	if f.Count() != 1 {
		t.Errorf("%d Patients", f.Count())
	}
	// Deleted on purpose: people have to look.
	f.Lose(id, true)
	if _, err := r.Put(t.Context(), c); civic.CodeOf(err) != civic.RegistryRefused {
		t.Error(err)
	}
}

// withJuana is a registry that keeps Juana.
func withJuana(t *testing.T) (*registrytest.FHIR, *Registry, registry.Copy, registry.Kept) {
	t.Helper()
	f := registrytest.NewFHIR()
	t.Cleanup(f.Close)
	r := open(t, f)
	c := registrytest.Juana()
	kept, err := r.Put(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return f, r, c, kept
}

// One of ours that the other side lost is made again; one that belongs to
// somebody else is left alone.
func TestLostAndForeign(t *testing.T) {
	f, r, c, kept := withJuana(t)
	f.Lose(kept.ID, false)
	c.ID = kept.ID
	again, err := r.Put(t.Context(), c)
	if err != nil || again.ID == kept.ID || f.Count() != 1 {
		t.Fatalf("%+v %v", again, err)
	}
	other := registrytest.Juana()
	other.Person, other.ID = civic.PersonID{9}, again.ID
	if _, err := r.Put(t.Context(), other); civic.CodeOf(err) != civic.RegistryRefused {
		t.Error(err)
	}
}

// Somebody else writes between our reading and our writing: nothing of theirs
// is lost.
func TestRaceWithOthers(t *testing.T) {
	f, r, c, kept := withJuana(t)
	c.ID, c.Key = kept.ID, [16]byte{2}
	c.Attributes[6].Holds.Value = "951 999 0000"
	f.Only("PUT ")
	f.Next(registrytest.Twice) // the second of the two comes with an old version
	if _, err := r.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.Patient(kept.ID), "951 999 0000") {
		t.Error(f.Patient(kept.ID))
	}
}

func TestTokenAndVersion(t *testing.T) {
	f := registrytest.NewFHIR()
	defer f.Close()
	f.Token = "let me in"
	if _, err := open(t, f).Put(t.Context(), registrytest.Juana()); civic.CodeOf(err) != civic.RegistryDown {
		t.Error(err)
	}
	r, err := New(Config{Name: "n", URL: f.URL + "/", Clock: clock, Token: func(context.Context) (string, error) { return "let me in", nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Put(t.Context(), registrytest.Juana()); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "ftp://x.example", "https://", "https://user:secret@x.example/fhir", "::"} {
		if _, err := New(Config{URL: bad}); civic.CodeOf(err) != civic.WrongUse || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// No problem and no address carries what is known of a person: they end in
// logs, here and over there.
func TestNothingOfThePersonInProblemsAndAddresses(t *testing.T) {
	f := registrytest.NewFHIR("create")
	defer f.Close()
	r := open(t, f)
	claims := registrytest.Claims("given_name", "Juana", "surname", "Ixtlahuaca", "birth_date", "1990-05-17", "national_id", "IXCJ900517")
	if _, err := r.Find(t.Context(), claims); err != nil {
		t.Fatal(err)
	}
	for _, m := range registrytest.All() {
		if m == registrytest.Hang {
			continue
		}
		f.Always(m)
		_, err := r.Find(t.Context(), claims)
		var p *civic.Problem
		if err == nil {
			t.Errorf("%d", m)
		} else if s := fmt.Sprint(err, errors.As(err, &p), p.Err); strings.Contains(s, "Juana") || strings.Contains(s, "1990") {
			t.Errorf("%s", s)
		}
	}
	f.Always(registrytest.Nothing)
	var p *civic.Problem
	if _, err := r.Put(t.Context(), registrytest.Juana()); civic.CodeOf(err) != civic.RegistryRefused || !errors.As(err, &p) || strings.Contains(fmt.Sprint(p, p.Words, p.Err), "Juana") {
		t.Error(err)
	}
	for _, s := range f.Requests() {
		if strings.Contains(s, "Juana") || strings.Contains(s, "1990") || strings.Contains(s, "?") {
			t.Errorf("asked for %s", s)
		}
	}
}
