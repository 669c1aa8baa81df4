package spdci

import (
	"strings"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// Bounds of what is taken from a record.
const maxValue = 500 // bytes of one value

func (r *Registry) idType(a civic.Attribute) string {
	if t := r.Types[a]; t != "" {
		return t
	}
	if a == "national_id" {
		return "UIN"
	}
	return "OTHER"
}

// number is what a record is called: our own number first, then the first of
// its identifiers, then its name in the document.
func (r *record) number() string {
	for _, i := range r.Identifier {
		if i.Value != "" && i.Type != personType {
			return i.Type + ":" + i.Value
		}
	}
	return r.ID
}

func (r *record) ours() (id civic.PersonID) {
	for _, i := range r.Identifier {
		if i.Type == personType {
			if found, err := civic.ParsePersonID(i.Value); err == nil {
				return found
			}
		}
	}
	return id
}

// claims reads a record: a paper of an office, undated.
func (r *Registry) claims(v *record) []civic.Claim {
	var out []civic.Claim
	say := func(a civic.Attribute, value string) {
		if value = strings.TrimSpace(value); value != "" && len(value) <= maxValue {
			out = append(out, civic.Claim{Attribute: a, Value: value, Evidence: civic.Document})
		}
	}
	say("given_name", v.Name.GivenName)
	say("surname", v.Name.Surname)
	say("second_surname", v.Name.SecondName)
	for _, a := range numbered {
		for _, i := range v.Identifier {
			if i.Type == r.idType(a) {
				say(a, i.Value)
				break
			}
		}
	}
	switch s := strings.ToLower(v.Sex); {
	case strings.HasPrefix(s, "f"):
		say("sex", "F")
	case strings.HasPrefix(s, "m"):
		say("sex", "M")
	case s != "":
		say("sex", "X")
	}
	birth, _, _ := strings.Cut(v.BirthDate, "T")
	say("birth_date", birth)
	for i, p := range v.Phone {
		if i < 3 {
			say("phone", p)
		}
	}
	if len(v.Email) > 0 {
		say("email", v.Email[0])
	}
	say("address", v.Address.Line1)
	say("address_more", v.Address.Line2)
	say("locality", v.Address.Locality)
	say("municipality", v.Address.Sub)
	say("state", v.Address.Region)
	say("postcode", v.Address.Postal)
	say("marital_status", v.Marital)
	return out
}

// person writes what is held true as a CRVS_Person.
func (r *Registry) person(id civic.PersonID, attributes []registry.Attribute) map[string]any {
	v := map[civic.Attribute]string{}
	for _, a := range attributes {
		if a.Holds.Absent == civic.Present {
			v[a.Name] = a.Holds.Value
		}
	}
	ids := []identifier{{personType, id.String()}}
	for _, a := range numbered {
		if v[a] != "" {
			ids = append(ids, identifier{r.idType(a), v[a]})
		}
	}
	out := map[string]any{
		"@type": "CRVS_Person", "@id": "urn:askonce:person:" + id.String(), "identifier": ids,
		"name": map[string]any{"@type": "Name", "given_name": v["given_name"], "surname": v["surname"], "second_name": v["second_surname"]},
	}
	set := func(into map[string]any, name string, a civic.Attribute) {
		if v[a] != "" {
			into[name] = v[a]
		}
	}
	set(out, "marital_status", "marital_status")
	switch strings.ToLower(v["sex"]) {
	case "":
	case "f", "female":
		out["sex"] = "female"
	case "m", "male":
		out["sex"] = "male"
	default:
		out["sex"] = "other"
	}
	if d, err := civic.ParseDate(v["birth_date"]); err == nil {
		d.Estimated = false
		out["birth_date"] = d.String()
	}
	for name, a := range map[string]civic.Attribute{"phone_number": "phone", "email": "email"} {
		if v[a] != "" {
			out[name] = []string{v[a]}
		}
	}
	home := map[string]any{}
	for name, a := range map[string]civic.Attribute{
		"address_line1": "address", "address_line2": "address_more", "locality": "locality", "sub_region_code": "municipality",
		"region_code": "state", "postal_code": "postcode",
	} {
		set(home, name, a)
	}
	if len(home) > 0 {
		home["@type"] = "Address"
		out["address"] = home
	}
	return out
}
