package fhir

import (
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

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
