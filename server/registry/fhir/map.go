package fhir

import (
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// System is under what the centre's numbers of persons stand in a Patient.
const System = "urn:askonce:person"

// The extensions R4 names for what the base has no place for, and two of ours.
const (
	fathersFamily = "http://hl7.org/fhir/StructureDefinition/humanname-fathers-family"
	mothersFamily = "http://hl7.org/fhir/StructureDefinition/humanname-mothers-family"
	birthTime     = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
	birthPlace    = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
	nationality   = "http://hl7.org/fhir/StructureDefinition/patient-nationality"
	circa         = "urn:askonce:estimated" // on birthDate: it is estimated

	maritalSystem  = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"
	languageSystem = "urn:ietf:bcp:47"
)

// identifierSystem is under what an attribute's numbers stand when the
// configuration names nothing else.
func identifierSystem(systems map[civic.Attribute]string, a civic.Attribute) string {
	if s := systems[a]; s != "" {
		return s
	}
	return "urn:askonce:attribute:" + string(a)
}

// numbered are the attributes that stand as identifiers.
var numbered = []civic.Attribute{"national_id", "other_id"}

// marital gives v3-MaritalStatus its codes; forms write the words.
var marital = map[string]string{
	"single": "S", "never_married": "S", "married": "M", "divorced": "D", "widowed": "W", "separated": "L", "union": "T", "free_union": "T",
	"domestic_partner": "T", "annulled": "A", "unmarried": "U",
}

// toPatient writes what is held true of a person as a Patient.
func toPatient(person civic.PersonID, active bool, attributes []registry.Attribute, systems map[civic.Attribute]string) Patient {
	v := map[civic.Attribute]string{}
	all := map[civic.Attribute][]string{}
	for _, a := range attributes {
		if a.Holds.Absent != civic.Present || a.Holds.Value == "" {
			continue
		}
		// An address may be said in several lines of one visit.
		for _, c := range append([]civic.Claim{a.Holds}, a.Others...) {
			if c.Registration == a.Holds.Registration && c.Absent == civic.Present && !slices.Contains(all[a.Name], c.Value) {
				all[a.Name] = append(all[a.Name], c.Value)
			}
		}
		v[a.Name] = a.Holds.Value
	}
	p := Patient{ResourceType: "Patient", Active: &active, Identifier: []Identifier{{Use: "secondary", System: System, Value: person.String()}}}
	for _, a := range numbered {
		if v[a] != "" {
			p.Identifier = append(p.Identifier, Identifier{Use: "official", System: identifierSystem(systems, a), Value: v[a]})
		}
	}
	if n, ok := toName(v); ok {
		p.Name = []HumanName{n}
	}
	for _, t := range []struct {
		system    string
		attribute civic.Attribute
	}{{"phone", "phone"}, {"email", "email"}} {
		if v[t.attribute] != "" {
			p.Telecom = append(p.Telecom, ContactPoint{System: t.system, Value: v[t.attribute]})
		}
	}
	p.Gender = gender(v["sex"])
	p.birth(v["birth_date"], v["birth_time"])
	home := Address{Use: "home", City: v["locality"], District: v["municipality"], State: v["state"], PostalCode: v["postcode"]}
	first := strings.TrimSpace(strings.Join(all["address"], ", ") + " " + v["house_number"])
	for _, line := range []string{first, strings.Join(all["address_more"], ", ")} {
		if line != "" {
			home.Line = append(home.Line, line)
		}
	}
	if len(home.Line) > 0 || home.City+home.District+home.State+home.PostalCode != "" {
		p.Address = []Address{home}
	}
	if s := v["marital_status"]; s != "" {
		c := CodeableConcept{Text: s}
		if code := marital[s]; code != "" {
			c.Coding = []Coding{{System: maritalSystem, Code: code}}
		}
		p.MaritalStatus = &c
	}
	for _, tag := range strings.Fields(v["language"]) {
		p.Communication = append(p.Communication, Communication{Language: CodeableConcept{Coding: []Coding{{System: languageSystem, Code: tag}}}})
	}
	if s := v["birth_place"]; s != "" {
		p.Extension = append(p.Extension, Extension{URL: birthPlace, ValueAddress: &Address{Text: s}})
	}
	if s := v["nationality"]; s != "" {
		p.Extension = append(p.Extension, Extension{URL: nationality, Extension: []Extension{{URL: "code", ValueCodeableConcept: &CodeableConcept{Text: s}}}})
	}
	return p
}

func toName(v map[civic.Attribute]string) (HumanName, bool) {
	n := HumanName{Use: "official", Text: v["full_name"], Given: strings.Fields(v["given_name"])}
	n.Family = strings.TrimSpace(v["surname"] + " " + v["second_surname"])
	if v["second_surname"] != "" {
		n.FamilyMore = &Element{}
		if v["surname"] != "" {
			n.FamilyMore.Extension = append(n.FamilyMore.Extension, Extension{URL: fathersFamily, ValueString: v["surname"]})
		}
		n.FamilyMore.Extension = append(n.FamilyMore.Extension, Extension{URL: mothersFamily, ValueString: v["second_surname"]})
	}
	return n, n.Text != "" || n.Family != "" || len(n.Given) > 0
}

func gender(sex string) string {
	switch s := strings.ToLower(sex); {
	case s == "":
		return ""
	case s[0] == 'f' || s == "woman" || s == "mujer":
		return "female"
	case s[0] == 'm' || s == "hombre":
		return "male"
	case s == "unknown":
		return "unknown"
	}
	return "other"
}

// birth writes a date as far as it is known: R4 takes a year or a month as
// well, and has no word for "about".
func (p *Patient) birth(date, clock string) {
	d, err := civic.ParseDate(date)
	if date == "" || err != nil {
		return
	}
	estimated := d.Estimated
	d.Estimated = false
	p.BirthDate = d.String()
	var more []Extension
	if estimated {
		yes := true
		more = append(more, Extension{URL: circa, ValueBoolean: &yes})
	}
	if _, err := time.Parse("15:04", clock); err == nil && d.Day != 0 {
		more = append(more, Extension{URL: birthTime, ValueDateTime: p.BirthDate + "T" + clock + ":00-00:00"}) // RFC 3339: where that clock hung is not known
	}
	if more != nil {
		p.BirthDateMore = &Element{Extension: more}
	}
}
