package fhir

import (
	"encoding/json"
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

// fromPatient reads a Patient as claims: a paper of an office, dated by its
// last change.
func fromPatient(p *Patient, systems map[civic.Attribute]string) []civic.Claim {
	var out []civic.Claim
	at := civic.Stamp{}
	if p.Meta != nil {
		if t, err := time.Parse(time.RFC3339Nano, p.Meta.LastUpdated); err == nil {
			at.Wall = t.Unix()
		}
	}
	say := func(a civic.Attribute, value string) {
		if value = strings.TrimSpace(value); value != "" && len(value) <= maxValue && len(out) < maxClaims {
			out = append(out, civic.Claim{Attribute: a, Value: value, Evidence: civic.Document, At: at})
		}
	}
	if len(p.Name) > 0 {
		n := p.Name[0]
		for _, other := range p.Name {
			if other.Use == "official" {
				n = other
				break
			}
		}
		say("given_name", strings.Join(n.Given, " "))
		first, second := n.Family, ""
		if n.FamilyMore != nil {
			for _, e := range n.FamilyMore.Extension {
				switch e.URL {
				case fathersFamily:
					first = e.ValueString
				case mothersFamily:
					second = e.ValueString
				}
			}
			if second != "" && first == n.Family {
				first = strings.TrimSpace(strings.TrimSuffix(first, second))
			}
		}
		say("surname", first)
		say("second_surname", second)
		if len(n.Given) == 0 && n.Family == "" {
			say("full_name", n.Text)
		}
	}
	for _, a := range numbered {
		for _, id := range p.Identifier {
			if id.System == identifierSystem(systems, a) {
				say(a, id.Value)
				break
			}
		}
	}
	switch p.Gender {
	case "female":
		say("sex", "F")
	case "male":
		say("sex", "M")
	case "other":
		say("sex", "X")
	}
	birth, _, _ := strings.Cut(p.BirthDate, "T")
	if p.BirthDateMore != nil {
		for _, e := range p.BirthDateMore.Extension {
			if e.URL == circa && e.ValueBoolean != nil && *e.ValueBoolean && birth != "" {
				birth += "~"
			}
			if _, clock, ok := strings.Cut(e.ValueDateTime, "T"); ok && e.URL == birthTime && len(clock) >= 5 {
				say("birth_time", clock[:5])
			}
		}
	}
	say("birth_date", birth)
	for _, t := range p.Telecom {
		switch t.System {
		case "phone", "sms":
			say("phone", t.Value)
		case "email":
			say("email", t.Value)
		}
	}
	if len(p.Address) > 0 {
		a := p.Address[0]
		for i, line := range a.Line {
			if i == 0 {
				say("address", line)
			} else {
				say("address_more", line)
			}
		}
		say("locality", a.City)
		say("municipality", a.District)
		say("state", a.State)
		say("postcode", a.PostalCode)
	}
	if p.MaritalStatus != nil {
		say("marital_status", word(*p.MaritalStatus))
	}
	var spoken []string
	for _, c := range p.Communication {
		spoken = append(spoken, word(c.Language))
	}
	say("language", strings.Join(spoken, " "))
	for _, e := range p.Extension {
		switch {
		case e.URL == birthPlace && e.ValueAddress != nil:
			say("birth_place", joined(e.ValueAddress.Text, e.ValueAddress.City, e.ValueAddress.District, e.ValueAddress.State))
		case e.URL == nationality:
			for _, x := range e.Extension {
				if x.URL == "code" && x.ValueCodeableConcept != nil {
					say("nationality", word(*x.ValueCodeableConcept))
				}
			}
		}
	}
	return out
}

// Bounds of what is taken from a Patient.
const (
	maxValue  = 500 // bytes of one value
	maxClaims = 64
)

// word is what a concept says: our own word where it has it, else its code.
func word(c CodeableConcept) string {
	for _, k := range c.Coding {
		if k.System == maritalSystem {
			for _, name := range []string{"single", "married", "divorced", "widowed", "separated", "union", "annulled", "unmarried"} {
				if c.Text == "" && marital[name] == k.Code {
					return name
				}
			}
		}
	}
	if c.Text != "" || len(c.Coding) == 0 {
		return c.Text
	}
	return c.Coding[0].Code
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// ours tells which person of ours a Patient is.
func ours(p *Patient) (id civic.PersonID) {
	for _, i := range p.Identifier {
		if i.System == System {
			if found, err := civic.ParsePersonID(i.Value); err == nil {
				return found
			}
		}
	}
	return id
}

// merge brings a Patient of the other side up to ours and tells whether that
// changed anything. Of one that was there before us nothing is taken away.
func merge(theirs *Patient, mine Patient, c *registry.Copy) bool {
	before, _ := json.Marshal(theirs) // it came as JSON
	theirs.Identifier = joinIdentifiers(theirs.Identifier, mine.Identifier, c.Adopted)
	if c.Adopted {
		adopt(theirs, &mine)
	} else {
		theirs.Active, theirs.Name, theirs.Telecom, theirs.Gender = mine.Active, mine.Name, mine.Telecom, mine.Gender
		theirs.BirthDate, theirs.BirthDateMore, theirs.Address = mine.BirthDate, mine.BirthDateMore, mine.Address
		theirs.MaritalStatus, theirs.Communication = mine.MaritalStatus, mine.Communication
		theirs.Extension = slices.DeleteFunc(theirs.Extension, func(e Extension) bool { return e.URL == birthPlace || e.URL == nationality })
		theirs.Extension = append(theirs.Extension, mine.Extension...)
	}
	theirs.Link = slices.DeleteFunc(theirs.Link, func(l PatientLink) bool { return !c.Adopted && l.Type == "replaced-by" })
	if c.ReplacedBy != "" {
		link := PatientLink{Other: Reference{Reference: "Patient/" + c.ReplacedBy}, Type: "replaced-by"}
		if c.Adopted {
			link.Type = "seealso" // whether theirs is over is theirs to say
		}
		if !slices.Contains(theirs.Link, link) {
			theirs.Link = append(theirs.Link, link)
		}
	}
	after, _ := json.Marshal(theirs)
	return !sameJSON(before, after)
}

func adopt(theirs, mine *Patient) {
	for _, n := range mine.Name {
		if !slices.ContainsFunc(theirs.Name, func(t HumanName) bool {
			return t.Family == n.Family && slices.Equal(t.Given, n.Given) && t.Text == n.Text
		}) {
			if len(theirs.Name) > 0 {
				n.Use = "usual"
			}
			// A name of ours from before is replaced, so that they do not pile up.
			theirs.Name = slices.DeleteFunc(theirs.Name, func(t HumanName) bool { return t.Use == "usual" && n.Use == "usual" })
			theirs.Name = append(theirs.Name, n)
		}
	}
	for _, t := range mine.Telecom {
		if !slices.ContainsFunc(theirs.Telecom, func(x ContactPoint) bool { return x.System == t.System && x.Value == t.Value }) {
			theirs.Telecom = append(theirs.Telecom, t)
		}
	}
	if len(theirs.Address) == 0 {
		theirs.Address = mine.Address
	}
	if theirs.Gender == "" || theirs.Gender == "unknown" {
		theirs.Gender = mine.Gender
	}
	if theirs.BirthDate == "" {
		theirs.BirthDate, theirs.BirthDateMore = mine.BirthDate, mine.BirthDateMore
	}
	if theirs.MaritalStatus == nil {
		theirs.MaritalStatus = mine.MaritalStatus
	}
	if len(theirs.Communication) == 0 {
		theirs.Communication = mine.Communication
	}
	for _, e := range mine.Extension {
		if !slices.ContainsFunc(theirs.Extension, func(x Extension) bool { return x.URL == e.URL }) {
			theirs.Extension = append(theirs.Extension, e)
		}
	}
}

// joinIdentifiers puts ours among theirs. Numbers under other systems stay.
func joinIdentifiers(theirs, mine []Identifier, adopted bool) []Identifier {
	for _, m := range mine {
		at := slices.IndexFunc(theirs, func(t Identifier) bool { return t.System == m.System })
		switch {
		case at < 0:
			theirs = append(theirs, m)
		case !adopted || m.System == System:
			theirs[at].Value = m.Value
		}
	}
	return theirs
}

// sameJSON compares two values whatever the order of their members.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, err := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err == nil && err2 == nil && string(p) == string(q)
}
