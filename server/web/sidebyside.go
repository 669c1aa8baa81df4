package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// column is one person of a comparison side by side.
type column struct {
	registry.Ref
	New      bool
	Visits   int
	Since    time.Time
	Pictures []picture
}

// cell is what one person's claim is for an attribute.
type cell struct {
	New   bool
	Has   bool
	Claim civic.Claim
	Also  []civic.Claim // what else was said of it
}

// line is one attribute of all of them.
type line struct {
	Name    civic.Attribute
	Differs bool
	Cells   []cell
}

// unshown are attributes that one service asks and nobody else looks at, staff
// at the console included.
var unshown = map[civic.Attribute]bool{
	"pregnant": true, "last_period": true, "births_alive": true, "consent": true, "signature": true, "fingerprint": true, "evidence": true,
}

// known is what is held true of a person and may be looked at.
func known(p *registry.Person) []registry.Attribute {
	return slices.DeleteFunc(registry.Fold(p), func(a registry.Attribute) bool { return unshown[a.Name] })
}

// sideBySide lines up what is held true of several people.
func sideBySide(people []*registry.Person, own registry.Ref) []line {
	by := map[civic.Attribute][]cell{}
	for i, p := range people {
		for _, a := range known(p) {
			if a.Name == "photo" {
				continue // pictures are shown, not their names
			}
			if by[a.Name] == nil {
				by[a.Name] = make([]cell, len(people))
			}
			c := cell{Has: true, Claim: a.Holds}
			for _, o := range a.Others {
				if o.Value != a.Holds.Value && o.Absent == civic.Present && len(c.Also) < maxAlso {
					c.Also = append(c.Also, o)
				}
			}
			by[a.Name][i] = c
		}
	}
	var out []line
	for name, cells := range by {
		l := line{Name: name, Cells: cells}
		for i := range cells {
			cells[i].New = people[i].Ref == own
			for j := range i {
				l.Differs = l.Differs || cells[i].Has && cells[j].Has && cells[i].Claim.Value != cells[j].Claim.Value
			}
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b line) int {
		return cmp.Or(cmp.Compare(place(a.Name), place(b.Name)), strings.Compare(string(a.Name), string(b.Name)))
	})
	return out
}

// inFront are the attributes that tell most, in the order they are compared.
var inFront = []civic.Attribute{
	"full_name", "given_name", "surname", "second_surname", "birth_date", "sex", "national_id", "other_id", "mother_name", "father_name", "phone",
	"email", "address", "address_more", "locality", "municipality", "state", "postcode", "birth_place",
}

func place(a civic.Attribute) int {
	if i := slices.Index(inFront, a); i >= 0 {
		return i
	}
	return len(inFront)
}

// maxAlso is how many other values of an attribute stand in a cell.
const maxAlso = 3
