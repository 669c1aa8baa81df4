package share

import (
	"context"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/civic"
)

// Explanation says why an agency may or may not read fields. It holds no value.
type Explanation struct {
	Agency    string  `json:"agency"`
	Purpose   string  `json:"purpose"`
	Person    string  `json:"person,omitempty"`
	Agreement string  `json:"agreement,omitempty"`
	Revision  int     `json:"revision,omitempty"`
	Basis     string  `json:"lawful_basis,omitempty"`
	Consent   string  `json:"consent,omitempty"`
	Policy    string  `json:"policy"`
	Allowed   bool    `json:"allowed"` // at least one field
	Fields    []Field `json:"fields"`
	Sentence  string  `json:"sentence"`
}

// Field is the answer for one field.
type Field struct {
	Name    string `json:"name"`
	Allowed bool   `json:"allowed"`
	Why     []Why  `json:"why,omitempty"`
}

// Why is one reason, for programs and for people.
type Why struct {
	Code     string `json:"code"`
	Sentence string `json:"sentence"`
}

// Explain asks the policies what a read of a person would answer now; person is
// nil to ask about anybody whom the agreement concerns and who said yes.
func (s *Share) Explain(ctx context.Context, tx ledger.Tx, ask Ask, person *registry.Person) (Explanation, error) {
	out := Explanation{Agency: string(ask.Agency.ID), Purpose: string(ask.Purpose), Policy: s.policies.Version(), Fields: []Field{}}
	r, err := s.Open(ctx, tx, ask)
	if err != nil {
		return out, err
	}
	a := r.Agreement()
	if a != nil {
		out.Agreement, out.Revision, out.Basis = a.ID, a.Version, string(a.Basis)
	}
	if person == nil {
		names := ask.Fields
		if len(names) == 0 && a != nil {
			for _, c := range a.Attributes {
				names = append(names, c.Name)
			}
		}
		for _, name := range names {
			reasons := r.Refused([]civic.Attribute{name})
			out.add(name, len(reasons) == 0, reasons)
		}
		if len(names) == 0 {
			out.add("", false, r.Refused(nil))
		}
	} else {
		out.Person = person.Person.String()
		looks, err := r.Look(ctx, []*registry.Person{person})
		if err != nil {
			return out, err
		}
		seen := looks[0].Seen
		out.Consent = string(seen.Consent)
		for name, d := range seen.Fields {
			out.add(name, d.Allowed, d.Reasons)
		}
		if len(seen.Fields) == 0 {
			out.add("", false, r.Refused(ask.Fields))
		}
	}
	slices.SortFunc(out.Fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	out.Sentence = out.sentence()
	return out, nil
}

func (e *Explanation) add(name civic.Attribute, allowed bool, reasons []policy.Reason) {
	f := Field{Name: string(name), Allowed: allowed}
	for _, r := range reasons {
		f.Why = append(f.Why, Why{string(r), r.Sentence()})
	}
	e.Allowed = e.Allowed || allowed
	e.Fields = append(e.Fields, f)
}

func (e *Explanation) sentence() string {
	var may, not []string
	var why []string
	for _, f := range e.Fields {
		if f.Allowed {
			may = append(may, f.Name)
			continue
		}
		if f.Name != "" {
			not = append(not, f.Name)
		}
		for _, w := range f.Why {
			if !slices.Contains(why, w.Sentence) {
				why = append(why, w.Sentence)
			}
		}
	}
	s := e.Agency + " may read nothing for " + e.Purpose + "."
	if len(may) > 0 {
		s = e.Agency + " may read " + strings.Join(may, ", ") + " for " + e.Purpose + ", under " + e.Agreement + " (" + e.Basis + ")."
	}
	if len(may) > 0 && len(not) > 0 {
		s += " Not: " + strings.Join(not, ", ") + "."
	}
	if len(why) > 0 {
		s += " " + strings.Join(why, " ")
	}
	return s
}
