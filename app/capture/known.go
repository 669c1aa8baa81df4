package capture

import (
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Known is everyone some sources speak of, the same person joined over them.
//
// Joining is careful, because what is joined is shown to an officer: the centre
// said so, or the same identity number, or the same name and exact day of birth,
// or the same name as mother or father of a person joined already, or the same
// given name and day of birth beside the same relative. Nothing
// joins two people of one registration, or people of different sex, day of
// birth or number. Whoever cannot be joined is asked again.
type Known struct {
	people  []*Someone
	byRef   map[Ref]*Someone
	visitor map[civic.RegistrationID][]Ref // who stands in each registration
}

// Someone is one person as far as the sources know.
type Someone struct {
	facets []*facet
}

// Know joins the sources. Order does not matter.
func Know(sources []Source) *Known {
	sources = slices.Clone(sources)
	slices.SortFunc(sources, func(a, b Source) int {
		return strings.Compare(string(a.Registration[:]), string(b.Registration[:]))
	})
	corrected := map[civic.RegistrationID]bool{}
	for _, s := range sources {
		if !s.Corrects.IsZero() {
			corrected[s.Corrects] = true
		}
	}
	k := &Known{byRef: map[Ref]*Someone{}, visitor: map[civic.RegistrationID][]Ref{}}
	for i := range sources {
		if corrected[sources[i].Registration] {
			continue
		}
		for _, f := range sources[i].facets() {
			p := &Someone{facets: []*facet{f}}
			k.people = append(k.people, p)
			k.byRef[f.ref] = p
			k.visitor[f.ref.Registration] = append(k.visitor[f.ref.Registration], f.ref)
		}
	}
	always := func(*Someone, *Someone) bool { return true }
	k.joinBy(always, func(f *facet) string {
		if f.person.IsZero() {
			return ""
		}
		return f.person.String()
	})
	k.joinBy(always, func(f *facet) string { return f.text("national_id") })
	k.joinBy(always, func(f *facet) string {
		if name, day := f.name(), f.born(); name != "" && day != "" {
			return name + "\x00" + day
		}
		return ""
	})
	k.joinBy(always, func(f *facet) string {
		child := k.byRef[Ref{f.ref.Registration, ""}]
		if name := f.name(); child != nil && name != "" && (f.ref.Subject == "mother" || f.ref.Subject == "father") {
			first := child.facets[0].ref
			return f.ref.Subject + "\x00" + name + "\x00" + string(first.Registration[:]) + first.Subject
		}
		return ""
	})
	k.joinBy(k.near, func(f *facet) string { // a brother of whom only the first name was told
		if given, day := f.text("given_name"), f.born(); given != "" && day != "" {
			return given + "\x00" + day
		}
		return ""
	})
	return k
}

// near tells whether two people stand beside the same third one.
func (k *Known) near(a, b *Someone) bool {
	beside := map[*Someone]bool{}
	k.beside(a, func(_, _ *facet, p *Someone) { beside[p] = true })
	found := false
	k.beside(b, func(_, _ *facet, p *Someone) { found = found || beside[p] && p != a && p != b })
	return found
}

// beside visits everyone who stands in a registration together with a person.
func (k *Known) beside(of *Someone, visit func(f, g *facet, p *Someone)) {
	for _, f := range of.facets {
		for _, r := range k.visitor[f.ref.Registration] {
			if r == f.ref {
				continue
			}
			p := k.byRef[r]
			for _, g := range p.facets {
				if g.ref == r {
					visit(f, g, p)
				}
			}
		}
	}
}

// joinBy joins people whose facets give the same key, if the pair may be joined
// otherwise; the empty key joins nobody.
func (k *Known) joinBy(may func(a, b *Someone) bool, key func(*facet) string) {
	met := map[string][]*Someone{}
	for _, p := range slices.Clone(k.people) {
		for _, f := range slices.Clone(p.facets) {
			id := key(f)
			if id == "" {
				continue
			}
			joined := false
			for _, other := range met[id] {
				other, owner := k.byRef[other.facets[0].ref], k.byRef[f.ref]
				if joined = other == owner || may(other, owner) && k.join(other, owner); joined {
					break
				}
			}
			if !joined {
				met[id] = append(met[id], k.byRef[f.ref])
			}
		}
	}
	k.people = slices.DeleteFunc(k.people, func(p *Someone) bool { return k.byRef[p.facets[0].ref] != p })
}

// join makes one person of two, unless something told of them speaks against it.
func (k *Known) join(a, b *Someone) bool {
	for _, f := range a.facets {
		for _, g := range b.facets {
			if f.differs(g) {
				return false
			}
		}
	}
	a.facets = append(a.facets, b.facets...)
	for _, f := range b.facets {
		k.byRef[f.ref] = a
	}
	return true
}

// Someone finds a person by anything said of it.
func (k *Known) Someone(r Ref) (*Someone, bool) {
	p, ok := k.byRef[r]
	return p, ok
}

// All lists everyone, in a fixed order.
func (k *Known) All() []*Someone { return slices.Clone(k.people) }

// Refs are all places that speak of the person, the first one names it.
func (p *Someone) Refs() []Ref {
	out := make([]Ref, len(p.facets))
	for i, f := range p.facets {
		out[i] = f.ref
	}
	return out
}

// Best is the best claim of an attribute, whoever may see it: for a list of
// people on the kit, never for an answer (that is the planner's).
func (p *Someone) Best(a civic.Attribute) civic.Claim {
	var best civic.Claim
	found := false
	for _, f := range p.facets {
		if c, ok := f.said[a]; ok && (!found || civic.Better(c, best)) {
			best, found = c, true
		}
	}
	return best
}

// Name puts the person's name together as it is spoken.
func (p *Someone) Name() string {
	var parts []string
	for _, a := range []civic.Attribute{"given_name", "surname", "second_surname"} {
		if v := p.Best(a).Value; v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return p.Best("full_name").Value
	}
	return strings.Join(parts, " ")
}

// Relative is someone who stands in a registration together with a person.
type Relative struct {
	*Someone
	// Kin is what the person is to the one asked about, as far as forms say so:
	// mother, father, child; household for others who live there; else other,
	// such as a witness or somebody to call.
	Kin string
}

// Family lists who stands in registrations together with a person.
func (k *Known) Family(of *Someone) []Relative {
	var out []Relative
	k.beside(of, func(f, g *facet, p *Someone) {
		kin := kinOf(f.ref.Subject, g.ref.Subject)
		switch i := slices.IndexFunc(out, func(r Relative) bool { return r.Someone == p }); {
		case p == of:
		case i < 0:
			out = append(out, Relative{p, kin})
		case closeness[kin] > closeness[out[i].Kin]:
			out[i].Kin = kin
		}
	})
	return out
}

// closeness orders what two registrations may say of one pair.
var closeness = map[string]int{"household": 1, "child": 2, "mother": 2, "father": 2}

func kinOf(of, other string) string {
	switch {
	case of == "" && (other == "mother" || other == "father"):
		return other
	case (of == "mother" || of == "father") && other == "":
		return "child"
	case ofFamily(of) && ofFamily(other):
		return "household"
	}
	return "other"
}

// ofFamily tells whether a subject of a form is one of the family.
func ofFamily(subject string) bool {
	switch name, _ := numbered(subject); name {
	case "", "mother", "father", "members", "siblings":
		return true
	}
	return false
}
