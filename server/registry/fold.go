package registry

import (
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// Attribute is one attribute of a person: the claim that holds, and the others.
type Attribute struct {
	Name   civic.Attribute
	Holds  civic.Claim
	Others []civic.Claim // best first; those that say the same as Holds included
	// Conflict tells that another claim says something else.
	Conflict bool
}

// Fold makes of all claims about a person what is held true, by name of the
// attribute. The result is the same in whatever order claims arrive.
func Fold(p *Person) []Attribute {
	by := map[civic.Attribute][]civic.Claim{}
	for _, s := range p.Said {
		if s.Withdrawn != 0 {
			continue
		}
		for _, c := range s.Claims {
			if c.Attribute != "" {
				by[c.Attribute] = append(by[c.Attribute], c)
			}
		}
	}
	out := make([]Attribute, 0, len(by))
	for name, claims := range by {
		slices.SortFunc(claims, func(a, b civic.Claim) int {
			switch {
			case civic.Better(a, b):
				return -1
			case civic.Better(b, a):
				return 1
			}
			return compareText(a, b) // two lines of one address, in a fixed order
		})
		a := Attribute{Name: name, Holds: claims[0], Others: claims[1:]}
		for _, c := range a.Others {
			if c.Registration != a.Holds.Registration && c.Absent == civic.Present && c.Value != a.Holds.Value {
				a.Conflict = true
			}
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Attribute) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}

func compareText(a, b civic.Claim) int {
	switch {
	case a.Value < b.Value:
		return -1
	case a.Value > b.Value:
		return 1
	}
	return 0
}
