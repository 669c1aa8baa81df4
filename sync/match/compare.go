package match

import (
	"math"
)

// Compare weighs two records. The evidence is listed only when explain is true,
// which costs an allocation.
func (m *Model) Compare(a, b *Prepared, explain bool) Comparison {
	p := compare(m.fields, a, b)
	var c Comparison
	for i := range m.fields {
		f := &m.fields[i]
		level := p.level(i)
		if level == missing {
			continue
		}
		w := f.weight(level, a, b)
		c.Weight += w
		if explain {
			c.Evidence = append(c.Evidence, Evidence{Field: m.Fields[i].Name, Level: levelNames[f.kind][level], Weight: math.Round(w*100) / 100})
		}
	}
	c.Probability = m.probability(c.Weight)
	c.Relation, c.Ambiguous = relate(m.fields, p, a, b)
	return c
}

// weight of a level, corrected for how common the value is where both agree.
func (f *plan) weight(level int, a, b *Prepared) float64 {
	w := f.weights[level]
	if f.terms == nil {
		return w
	}
	return w + f.terms.correction(f.kind, f.index, level, a, b)
}
