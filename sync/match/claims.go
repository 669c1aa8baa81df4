package match

import (
	"github.com/askonce/fieldkit/sync/civic"
)

// Where the attributes of claims stand in a record; the default model's fields
// are numbered by these.
var (
	placeAttributes = []civic.Attribute{"locality", "municipality", "state", "postcode", "address", "birth_place"}
	idAttributes    = []civic.Attribute{"national_id", "other_id"}
)

// FromClaims makes a record of what one registration said of one subject. Where
// an attribute was stated more than once, as an address in several lines, the
// parts are joined in their order.
func FromClaims(claims []civic.Claim) Record {
	r := Record{Places: make([]string, len(placeAttributes)), Identifiers: make([]string, len(idAttributes))}
	var first, second string
	for _, c := range claims {
		if c.Absent != civic.Present {
			continue
		}
		switch c.Attribute {
		case "given_name":
			r.Given = append(r.Given, c.Value)
		case "surname":
			first = join(first, c.Value)
		case "second_surname":
			second = join(second, c.Value)
		case "full_name":
			r.Full = join(r.Full, c.Value)
		case "birth_date":
			d, err := civic.ParseDate(c.Value)
			if err != nil {
				r.BirthStated = join(c.Value, c.Stated)
				break
			}
			r.Birth = d
		case "sex":
			r.Sex = c.Value
		case "phone", "email":
			r.Phones = append(r.Phones, c.Value)
		default:
			into(r.Places, placeAttributes, c)
			into(r.Identifiers, idAttributes, c)
		}
	}
	if first != "" || second != "" {
		r.Surnames = []string{first, second}
	}
	return r
}

func into(column []string, attributes []civic.Attribute, c civic.Claim) {
	name := c.Attribute
	if name == "house_number" || name == "address_more" {
		name = "address"
	}
	for i, a := range attributes {
		if a == name {
			column[i] = join(column[i], c.Value)
		}
	}
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + " " + b
}

// Enough tells whether a record says enough of a person to be looked for at
// all: a name with a date, a phone or an identifier beside it, or an
// identifier.
func (p *Prepared) Enough() bool {
	named := len(p.given) > 0 || !only(&p.surname).none() || len(p.full) > 1
	for _, id := range p.ids {
		if id != "" {
			return true
		}
	}
	if !named {
		return false
	}
	if !p.birth.none() || len(p.phones) > 0 {
		return true
	}
	for _, s := range p.places {
		if s != "" {
			return true
		}
	}
	return false
}
