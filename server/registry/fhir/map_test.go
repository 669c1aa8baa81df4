package fhir

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// The dictionary says where each attribute stands in a Patient: there it is
// written, and from there it is read again. What has no place in a Patient is
// not sent.
func TestDictionaryIsWhatIsWritten(t *testing.T) {
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	sample := map[civic.Attribute]string{
		"sex": "F", "birth_date": "1990-05-17", "birth_time": "04:30", "marital_status": "married", "language": "es", "full_name": "Juana Ixtlahuaca",
	}
	never := map[civic.Attribute]bool{"photo": true} // pictures are taken anew at each visit, and stay
	for _, a := range d.All() {
		value := sample[a.Name]
		if value == "" {
			value = "Zq" + strings.ReplaceAll(string(a.Name), "_", "")
		}
		claims := registrytest.Claims(string(a.Name), value)
		if a.Name == "birth_time" {
			claims = append(claims, registrytest.Claims("birth_date", "1990-05-17")...)
		}
		p := toPatient(civic.PersonID{1}, true, attributesOf(claims), nil)
		empty := toPatient(civic.PersonID{1}, true, nil, nil)
		if a.Name == "birth_time" {
			empty = toPatient(civic.PersonID{1}, true, attributesOf(registrytest.Claims("birth_date", "1990-05-17")), nil)
		}
		was, err := json.Marshal(empty)
		if err != nil {
			t.Fatal(err)
		}
		is, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		mapped := strings.HasPrefix(a.FHIR, "Patient.") && !never[a.Name]
		if mapped == sameJSON(was, is) {
			t.Errorf("%s stands at %q, and is written %s", a.Name, a.FHIR, is)
			continue
		}
		if !mapped {
			continue
		}
		// The element of the dictionary's path is the one that changed.
		element := strings.Split(strings.TrimPrefix(a.FHIR, "Patient."), ".")[0]
		if name, special, ok := strings.Cut(element, ":"); ok {
			element = name
			if !strings.Contains(string(is), "patient-"+special) {
				t.Errorf("%s: no %s in %s", a.Name, special, is)
			}
			if special == "birthTime" {
				element = "_birthDate"
			}
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(was, &before) != nil || json.Unmarshal(is, &after) != nil || string(before[element]) == string(after[element]) {
			t.Errorf("%s: %s is not in %s", a.Name, element, is)
		}
		var back Patient
		if err := json.Unmarshal(is, &back); err != nil {
			t.Fatal(err)
		}
		want, got := value, ""
		name := a.Name
		if name == "house_number" || name == "address_more" {
			name = "address" // lines have no role of their own: the first is the address
		}
		for _, c := range fromPatient(&back, nil) {
			if c.Attribute == name {
				got = c.Value
			}
		}
		if got != want {
			t.Errorf("%s: %q comes back as %q", a.Name, want, got)
		}
	}
}

func TestDatesAsFarAsTheyAreKnown(t *testing.T) {
	for _, date := range []string{"1990", "1990-05", "1990-05-17", "1990~"} {
		p := toPatient(civic.PersonID{1}, true, attributesOf(registrytest.Claims("birth_date", date)), nil)
		if strings.Contains(p.BirthDate, "~") {
			t.Errorf("%s is no FHIR date", p.BirthDate)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back Patient
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if c := fromPatient(&back, nil); len(c) != 1 || c[0].Value != date {
			t.Errorf("%s: %+v", date, c)
		}
	}
}

// What others wrote into a Patient outlives our reading and writing.
func TestUnknownPartsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := map[string]any{"resourceType": "Patient", "id": "x"}
		for _, name := range rapid.SliceOfN(rapid.StringMatching(`[a-z]{3,8}`), 0, 4).Draw(t, "names") {
			all["x"+name] = rapid.SliceOfN(rapid.Int(), 1, 3).Draw(t, "value")
		}
		all["extension"] = []any{map[string]any{"url": "http://else.example", "valueDecimal": 1.5}}
		b, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		var p Patient
		if err := json.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(p)
		if err != nil || !sameJSON(b, again) {
			t.Errorf("%s\n%s %v", b, again, err)
		}
	})
}

func FuzzPatient(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Patient","name":[{"family":"A","given":["B"]}],"birthDate":"1990-05","extension":[{"url":"x","valueInteger":1}]}`))
	f.Add([]byte(`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"urn:askonce:estimated","valueBoolean":true}]},"birthDate":"1990"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Patient
		if json.Unmarshal(b, &p) != nil {
			return
		}
		if claims := fromPatient(&p, nil); len(claims) > maxClaims {
			t.Errorf("%d claims", len(claims))
		}
		c := registrytest.Juana()
		merge(&p, toPatient(c.Person, true, c.Attributes, nil), &c)
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		var q Patient
		if err := json.Unmarshal(again, &q); err != nil {
			t.Errorf("what was written does not read: %v", err)
		}
		if merge(&q, toPatient(c.Person, true, c.Attributes, nil), &c) {
			t.Errorf("merging twice changes again:\n%s", again)
		}
	})
}
