package kit

import (
	"strings"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/receipt"
)

// facts are what a registration says of its subjects, by attribute; the first
// claim of an attribute stands.
type facts map[string]map[civic.Attribute]civic.Claim

func factsOf(f *form.Form, r *civic.Registration) facts {
	out := facts{}
	for _, c := range f.Claims(r) {
		if c.Absent != civic.Present || c.Value == "" {
			continue
		}
		of := out[c.Subject]
		if of == nil {
			of = map[civic.Attribute]civic.Claim{}
			out[c.Subject] = of
		}
		if _, twice := of[c.Attribute]; !twice {
			of[c.Attribute] = c
		}
	}
	return out
}

// text gives the first of some attributes that was said of a subject.
func (f facts) text(subject string, attributes ...civic.Attribute) string {
	for _, a := range attributes {
		if c, ok := f[subject][a]; ok {
			return c.Value
		}
	}
	return ""
}

// name puts a subject's name together as it is spoken.
func (f facts) name(subject string) string {
	if whole := f.text(subject, "full_name"); whole != "" {
		return whole
	}
	var parts []string
	for _, a := range []civic.Attribute{"given_name", "surname", "second_surname"} {
		if s := f.text(subject, a); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

func (f facts) birth(subject string) civic.Date {
	d, err := civic.ParseDate(f.text(subject, "birth_date"))
	if err != nil {
		return civic.Date{}
	}
	return d
}

func (f facts) place(subject string) string {
	return f.text(subject, "locality", "municipality", "birth_place", "address")
}

// sex reads the words forms use in the languages they are written in.
func (f facts) sex(subject string) receipt.Sex {
	switch strings.ToLower(f.text(subject, "sex")) {
	case "1", "m", "male", "man", "boy", "masculino", "hombre", "niño":
		return receipt.Male
	case "2", "f", "female", "woman", "girl", "femenino", "mujer", "niña":
		return receipt.Female
	case "3", "x", "other", "otro", "intersex":
		return receipt.Other
	}
	return 0
}

// heads tells the store what a search shall find of a registration.
func (k *Kit) heads(r *civic.Registration) []store.Person {
	f, ok := k.forms.Form(r.Form)
	if !ok {
		return nil
	}
	all := factsOf(f, r)
	var out []store.Person
	for subject := range all {
		name := all.name(subject)
		if name == "" {
			continue
		}
		out = append(out, store.Person{
			Registration: r.ID, Subject: subject, Name: name,
			BirthYear: all.birth(subject).Year, Place: all.place(subject),
		})
	}
	return out
}

// nameOf is whom a registration is about; when nothing was said of the
// principal, somebody else it names.
func nameOf(f *form.Form, r *civic.Registration) string {
	all := factsOf(f, r)
	for _, subject := range []string{"", "members[1]", "mother", "informant"} {
		if name := all.name(subject); name != "" {
			return name
		}
	}
	return ""
}
