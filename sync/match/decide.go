package match

import (
	"math"

	"github.com/askonce/fieldkit/sync/civic"
)

// Decide weighs a record against the persons that share a key with it. A person
// is as likely as its best record says, unless another of its records speaks
// against it. The verdict is auto only when one person is likely enough, well
// ahead of the next, the same human being by personal evidence, and nothing
// leaves room for a twin or a parent.
func (m *Model) Decide(r *Prepared, among []Person) Decision {
	d := Decision{Verdict: New, Person: -1, Runner: -1, Model: m.Version}
	var best, next entity
	namesakes := 0
	best.weight, next.weight = math.Inf(-1), math.Inf(-1)
	for i := range among {
		e := m.weigh(r, &among[i])
		if e.namesake {
			namesakes++
		}
		switch {
		case among[i].Aside:
		case e.rank() > best.rank() || d.Person < 0:
			d.Runner, next = d.Person, best
			d.Person, best = i, e
		case e.rank() > next.rank() || d.Runner < 0:
			d.Runner, next = i, e
		}
	}
	if d.Person < 0 {
		d.Reasons = []civic.Code{ReasonNoneAlike}
		return d
	}
	// Every namesake with another birth date makes it likelier that this is one
	// more of them: how common the name is, counted on the spot.
	if best.namesake {
		namesakes--
	}
	best.weight -= math.Log2(float64(1 + namesakes))
	d.Comparison = m.Compare(r, among[d.Person].Records[best.record], true)
	d.Comparison.Weight, d.Comparison.Probability = best.weight, m.probability(best.weight)
	d.Comparison.Relation, d.Comparison.Ambiguous = best.relation, best.ambiguous
	d.Margin = math.Inf(1)
	if d.Runner >= 0 && next.relation == Same {
		d.Margin = best.weight + math.Log2(float64(1+namesakes)) - next.weight
	}
	p := d.Comparison.Probability
	switch {
	case p < m.Review:
		d.Reasons = []civic.Code{ReasonNoneAlike}
	case best.relation == Sibling, best.relation == Stranger:
		d.Reasons = []civic.Code{ReasonTwin}
		if best.relation == Stranger {
			d.Reasons[0] = ReasonNoneAlike
		}
	case best.relation == Parent:
		d.Reasons = []civic.Code{ReasonParent}
	case best.relation == Namesake:
		d.Reasons = []civic.Code{ReasonNamesake}
	case best.relation == Unknown:
		d.Verdict, d.Reasons = Review, []civic.Code{ReasonFamilyOnly}
	case best.ambiguous:
		d.Verdict, d.Reasons = Review, []civic.Code{ReasonTwin}
		if slipped(&d.Comparison) {
			d.Reasons[0] = ReasonNamesake
		}
	case d.Margin < m.Margin:
		d.Verdict, d.Reasons = Review, []civic.Code{ReasonTwoCandidates}
	case p < m.Auto:
		d.Verdict, d.Reasons = Review, []civic.Code{ReasonLikely}
	default:
		d.Verdict, d.Reasons = Auto, []civic.Code{ReasonSamePerson}
	}
	return d
}

// slipped tells whether the birth dates differ as by a slip of the pen.
func slipped(c *Comparison) bool {
	for _, e := range c.Evidence {
		if e.Field == "birth" && (e.Level == levelNames[kindBirth][birthTypo] || e.Level == levelNames[kindBirth][birthTwoParts]) {
			return true
		}
	}
	return false
}

// entity is how a record stands to a whole person.
type entity struct {
	weight    float64
	record    int
	relation  Relation
	ambiguous bool
	namesake  bool
}

// rank puts the same person before relatives, then by weight.
func (e entity) rank() float64 {
	if e.relation == Same {
		return e.weight
	}
	return e.weight - 1000
}

func (m *Model) weigh(r *Prepared, p *Person) entity {
	e := entity{weight: math.Inf(-1)}
	for i, known := range p.Records {
		c := m.Compare(r, known, false)
		x := entity{weight: c.Weight, record: i, relation: c.Relation, ambiguous: c.Ambiguous, namesake: c.namesake}
		if x.rank() > e.rank() || i == 0 {
			e = x
		}
	}
	e.ambiguous = e.ambiguous || manyDates(r, p.Records)
	return e
}

// manyDates tells whether a person has two birth dates already and this would
// be a third: one slip is a slip, two are perhaps other people.
func manyDates(r *Prepared, known []*Prepared) bool {
	if r.birth.digits == "" || r.birth.estimated {
		return false
	}
	first, second := "", false
	for _, k := range known {
		switch d := k.birth.digits; {
		case d == "" || k.birth.estimated:
		case d == r.birth.digits:
			return false
		case first == "":
			first = d
		case d != first:
			second = true
		}
	}
	return second
}
