package capture

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Source is what one earlier registration said, of whom, and whether the
// citizen lets others use it.
type Source struct {
	Registration civic.RegistrationID
	Corrects     civic.RegistrationID // what it corrects no longer counts
	Service      civic.ServiceID
	Claims       []civic.Claim
	Persons      []civic.PersonOf // as the centre decided, if it did
	Consents     []civic.Consent
}

// SourceOf takes a registration apart.
func SourceOf(f *form.Form, r *civic.Registration, persons []civic.PersonOf) Source {
	return Source{
		Registration: r.ID, Corrects: r.Corrects, Service: f.Service(),
		Claims: f.Claims(r), Persons: persons, Consents: r.Consents,
	}
}

// consent is what the citizen chose about reuse by others, for an agency where
// one is named before what was said for all; asked is false when nobody asked,
// as for a list that was imported.
func (s *Source) consent(agency string) (given, asked bool) {
	for _, of := range []string{"", agency} {
		for _, c := range s.Consents {
			if c.Service == s.Service && c.Purpose == ReusePurpose && c.Agency == of {
				given, asked = c.Given, true
			}
		}
	}
	return given, asked
}

// sealed is when the registration was sealed, by its kit's clock.
func (s *Source) sealed() int64 {
	if len(s.Claims) == 0 {
		return 0
	}
	return s.Claims[0].At.Wall
}

// Ref names somebody a registration speaks of: the one it is about (empty
// Subject), "mother", "members[2]".
type Ref struct {
	Registration civic.RegistrationID
	Subject      string
}

// facet is one person as one registration tells of it, the best claim of each
// attribute.
type facet struct {
	ref    Ref
	source *Source
	said   map[civic.Attribute]civic.Claim
	person civic.PersonID // as the centre decided, zero if it has not
}

// facets lists whom a source speaks of, in the order of the form.
func (s *Source) facets() []*facet {
	var out []*facet
	by := map[string]*facet{}
	for _, c := range s.Claims {
		f := by[c.Subject]
		if f == nil {
			f = &facet{ref: Ref{s.Registration, c.Subject}, source: s, said: map[civic.Attribute]civic.Claim{}}
			by[c.Subject] = f
			out = append(out, f)
		}
		if have, twice := f.said[c.Attribute]; !twice || civic.Better(c, have) {
			f.said[c.Attribute] = c
		}
	}
	for _, p := range s.Persons {
		if f := by[p.Subject]; f != nil {
			f.person = p.Person
		}
	}
	return out
}

// text is a value as it compares: small letters, no accents, single spaces.
func (f *facet) text(a civic.Attribute) string {
	c := f.said[a]
	if c.Absent != civic.Present {
		return ""
	}
	return fold(c.Value)
}

// name is the folded name that identity rests on, empty if too little was said.
func (f *facet) name() string {
	given, surname := f.text("given_name"), f.text("surname")
	if given == "" {
		return f.text("full_name")
	}
	return given + " " + surname
}

// born is the exact day of birth, empty if it is not known to the day.
func (f *facet) born() string {
	d, err := civic.ParseDate(f.said["birth_date"].Value)
	if err != nil || d.Precision() != civic.Exact {
		return ""
	}
	return d.String()
}

// differs tells whether two facets cannot be one person.
func (f *facet) differs(g *facet) bool {
	if f.ref.Registration == g.ref.Registration {
		return true
	}
	if !f.person.IsZero() && !g.person.IsZero() {
		return f.person != g.person
	}
	for _, a := range []civic.Attribute{"sex", "national_id", "birth_date"} {
		if x, y := f.text(a), g.text(a); x != "" && y != "" && x != y {
			return true
		}
	}
	return false
}

func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
