package match

import (
	"math"
)

// Compare weighs two records. The evidence is listed only when explain is true,
// which costs an allocation.
func (m *Model) Compare(a, b *Prepared, explain bool) Comparison {
	p := compare(m.fields, a, b)
	var c Comparison
	c.Weight, c.Evidence = m.sum(p, a, b, explain)
	c.Probability = m.probability(c.Weight)
	given, surname, birth := m.identity(p)
	families := surname == other || (surname == surnameOne || surname == surnameAlike || surname == surnameBothAlike) && contradict(&a.surname, &b.surname)
	c.Relation, c.Ambiguous, c.thin = relate(m.fields, p, a, b, families && surname != other)
	dates := birth != missing && birth < birthPartial
	c.levels, c.another = p, given > other && (dates || families)
	c.namesake = (given == givenAlike || given == givenEqual) && surname >= surnameFirst && surname != surnameCrossed && dates
	return c
}

// kin tells whether two records are of relatives or namesakes rather than of one
// person.
func (m *Model) kin(p pattern, a, b *Prepared) bool {
	_, surname, _ := m.identity(p)
	families := (surname == surnameOne || surname == surnameAlike || surname == surnameBothAlike) && contradict(&a.surname, &b.surname)
	switch rel, _, _ := relate(m.fields, p, a, b, families); rel {
	case Sibling, Parent, Namesake:
		return true
	}
	return false
}

// identity gives the levels of given names, surnames and birth dates; of whole
// names as if their parts were known.
func (m *Model) identity(p pattern) (given, surname, birth int) {
	full := missing
	for i := range m.fields {
		switch m.fields[i].kind {
		case kindGiven:
			given = p.level(i)
		case kindSurname:
			surname = p.level(i)
		case kindFull:
			full = p.level(i)
		case kindBirth:
			birth = p.level(i)
		}
	}
	if given == missing && surname == missing {
		given, surname = ofWhole(full)
	}
	return given, surname, birth
}

// ofWhole says what levels of whole names mean for their parts.
func ofWhole(full int) (given, surname int) {
	switch full {
	case missing:
		return missing, missing
	case fullEqual:
		return givenEqual, surnameSingle
	case fullAlike:
		return givenAlike, surnameSingle
	case fullPart:
		return givenPart, surnameFirst
	case fullWeak:
		return other, surnameOne
	}
	return other, other
}

// sum adds up the evidence of a pattern, in bits, and lists it when asked to.
func (m *Model) sum(p pattern, a, b *Prepared, explain bool) (sum float64, evidence []Evidence) {
	moved := 0.0 // the weightiest of places that differ
	for i := range m.fields {
		f := &m.fields[i]
		level := p.level(i)
		if level == missing {
			continue
		}
		w := f.weight(level, a, b)
		if m.Movers && f.kind == kindPlace && w < 0 {
			moved, w = min(moved, w), min(0, w-moved)
		}
		sum += w
		if explain {
			evidence = append(evidence, Evidence{Field: m.Fields[i].Name, Level: levelNames[f.kind][level], Weight: math.Round(w*100) / 100})
		}
	}
	return sum, evidence
}

// weight of a level, corrected for how common the value is where both agree.
func (f *plan) weight(level int, a, b *Prepared) float64 {
	w := f.weights[level]
	if f.terms == nil {
		return w
	}
	return w + f.terms.correction(f.kind, f.index, level, a, b)
}
