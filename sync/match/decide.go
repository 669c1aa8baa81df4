package match

import (
	"math"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Decide weighs a record against the persons that share a key with it, of whose
// surroundings nothing is known, see [Model.DecideAmong].
func (m *Model) Decide(r *Prepared, among []Person) Decision {
	return m.DecideAmong(r, among, Around{})
}

// DecideAmong weighs a record against the persons that share a key with it. A
// person is as likely as its best record says, unless another of its records
// speaks against it; persons who fit alike share the likelihood. The verdict is
// auto only when one person is likely enough, well ahead of the next and of
// whoever was not seen, the same human being by personal evidence, and nothing
// leaves room for a twin, a parent or a namesake.
func (m *Model) DecideAmong(r *Prepared, among []Person, around Around) Decision {
	d := Decision{Verdict: New, Person: -1, Runner: -1, Model: m.Version}
	var best, next entity
	namesakes := 0
	best.weight, next.weight = math.Inf(-1), math.Inf(-1)
	all := make([]entity, len(among))
	for i := range among {
		all[i] = m.weigh(r, &among[i])
		all[i].person = i
		e := all[i]
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
	if best.namesake {
		namesakes--
	}
	d.Margin = math.Inf(1)
	if d.Runner >= 0 && next.relation == Same {
		d.Margin = best.weight - next.weight
	}
	rivals := 0.0 // how likely the others who fit are, the best counted as 1
	for i := range all {
		if e := &all[i]; i != d.Person && e.relation == Same && best.relation == Same && !among[i].Aside {
			rivals += math.Exp2(e.weight - best.weight)
		}
	}
	common := m.commonness(&best, all, namesakes)
	best.weight -= common
	p := m.probability(best.weight)
	odds := p / max(1-p, 1e-15)
	either := odds * (1 + rivals) / (1 + odds*(1+rivals)) // that it is one of them
	p = odds / (1 + odds*(1+rivals))
	d.Comparison = m.Compare(r, among[d.Person].Records[best.record], true)
	d.Comparison.Weight, d.Comparison.Probability = best.weight, p
	d.Comparison.Relation, d.Comparison.Ambiguous = best.relation, best.ambiguous
	if best.thin && around.People < Settled {
		d.Comparison.Ambiguous = true
	}
	d.Verdict, d.Reasons = m.verdict(&d, either, m.unseen(r, best.levels, around.Cut))
	if either < m.Review && best.relation == Same && m.probability(best.weight+common) >= m.Review {
		d.Reasons[0] = ReasonNamesake // alike, and so are many here
	}
	return d
}

// verdict says what is to be done with a record and why. Either is how likely it is
// that it is one of the persons it was compared with; unseen that somebody as
// like may not have been.
func (m *Model) verdict(d *Decision, either float64, unseen bool) (Verdict, []civic.Code) {
	c := &d.Comparison
	switch {
	case either < m.Review, c.Relation == Stranger:
		return New, []civic.Code{ReasonNoneAlike}
	case c.Relation == Sibling:
		return New, []civic.Code{ReasonTwin}
	case c.Relation == Parent:
		return New, []civic.Code{ReasonParent}
	case c.Relation == Namesake:
		return New, []civic.Code{ReasonNamesake}
	case c.Relation == Unknown:
		return Review, []civic.Code{ReasonFamilyOnly}
	case c.Ambiguous && namesakes(c):
		return Review, []civic.Code{ReasonNamesake}
	case c.Ambiguous:
		return Review, []civic.Code{ReasonTwin}
	case d.Margin < m.Margin:
		return Review, []civic.Code{ReasonTwoCandidates}
	case c.Probability < m.Auto:
		return Review, []civic.Code{ReasonLikely}
	case unseen:
		return Review, []civic.Code{ReasonTooCommon}
	}
	return Auto, []civic.Code{ReasonSamePerson}
}

// namesakes tells whether a namesake is what an ambiguous pair may be rather
// than a twin: the date is off or missing, the surnames are two families', or
// the numbers differ.
func namesakes(c *Comparison) bool {
	dated := false
	for _, e := range c.Evidence {
		switch {
		case e.Field == "birth":
			dated = e.Level == levelNames[kindBirth][birthEqual]
		case e.Field == "surname":
			if e.Level == levelNames[kindSurname][surnameOne] || e.Level == levelNames[kindSurname][surnameBothAlike] {
				return true
			}
		case strings.HasPrefix(e.Field, "id.") && e.Level != levelNames[kindID][textEqual]:
			return true
		}
	}
	return !dated
}

// entity is how a record stands to a whole person.
type entity struct {
	weight    float64
	record    int
	relation  Relation
	ambiguous bool
	thin      bool
	namesake  bool
	another   bool
	person    int // its place among the compared
	levels    pattern
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
		x := entity{weight: c.Weight, record: i, relation: c.Relation, ambiguous: c.Ambiguous, thin: c.thin, namesake: c.namesake, another: c.another, levels: c.levels}
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
