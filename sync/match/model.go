package match

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Model is how much each level of agreement weighs, and where the lines between
// auto, review and new are drawn. It is data: two models of the same version
// are equal, and a decision can be replayed with the model it names.
type Model struct {
	Version string `json:"version"`
	// Prior is the share of true pairs among all pairs of records.
	Prior  float64 `json:"prior"`
	Fields []Field `json:"fields"`
	// Auto and Review are probabilities; Margin is in bits.
	Auto   float64 `json:"auto"`
	Review float64 `json:"review"`
	Margin float64 `json:"margin"`
	// Movers counts only the weightiest of places that differ: who moves changes
	// locality, municipality and state at once.
	Movers bool `json:"movers,omitempty"`
	// Kin says that the relation of two people counts in lists too: relatives and
	// namesakes are not joined, however alike they are.
	Kin bool `json:"kin,omitempty"`
	// Terms says how common values are, by field and then by the value's hash:
	// sharing a rare surname says more than sharing a common one. A field that
	// is absent here is weighed without.
	Terms map[string]*Terms `json:"terms,omitempty"`
	// Calibration turns bits of evidence into a probability when it is there;
	// otherwise the prior and the weights do.
	Calibration []Knot `json:"calibration,omitempty"`

	fields []plan
}

// Field is one thing compared, with its levels from the least agreement up.
type Field struct {
	Name   string  `json:"name"` // given, surname, full, birth, sex, phone, place.0, id.0, other.0
	Levels []Level `json:"levels"`
}

// Level is one degree of agreement: how often it is seen among true pairs (M)
// and among strangers (U), where both records have the field.
type Level struct {
	Name string  `json:"name"`
	M    float64 `json:"m"`
	U    float64 `json:"u"`
}

// Knot is one point of the calibration curve, rising in both.
type Knot struct {
	Weight      float64 `json:"weight"`
	Probability float64 `json:"probability"`
}

// Terms says how common the values of one field are.
type Terms struct {
	Total  int            `json:"total"`
	Shared float64        `json:"shared"` // how often two strangers share a value
	Counts map[uint32]int `json:"counts"` // by the low half of the value's hash
}

// kind of a field decides how its values are compared.
type kind uint8

const (
	kindGiven kind = iota
	kindSurname
	kindFull
	kindBirth
	kindSex
	kindPhone
	kindPlace
	kindID
	kindOther
)

var kindNames = [...]string{"given", "surname", "full", "birth", "sex", "phone", "place", "id", "other"}

// plan is a field ready for use.
type plan struct {
	kind    kind
	index   int
	weights []float64 // by level, level 0 (missing) is 0
	reach   []float64 // how often strangers agree on this level or a higher one
	terms   *Terms
}

// The levels of each kind, from least to most agreement; a model's fields have
// these in this order. Level 0 is "one of the two has nothing" and weighs 0.
var levelNames = [...][]string{
	kindGiven:   {"missing", "other", "initial", "shared", "alike", "part", "equal", "crossed"},
	kindSurname: {"missing", "other", "one", "alike", "swapped", "first", "single", "both_alike", "equal", "crossed"},
	kindFull:    {"missing", "other", "weak", "alike", "part", "equal"},
	kindBirth:   {"missing", "other", "near", "year", "two_parts", "typo", "partial", "equal"},
	kindSex:     {"missing", "other", "equal"},
	kindPhone:   {"missing", "other", "alike", "equal"},
	kindPlace:   {"missing", "other", "alike", "equal"},
	kindID:      {"missing", "other", "alike", "equal"},
	kindOther:   {"missing", "other", "alike", "equal"},
}

// Limits of a model that is read.
const (
	maxModelBytes = 64 << 20
	maxFields     = 15 // four bits a level in one word
)

var errModel = errors.New("this is not a model for matching")

// LoadModel reads a model written by [Model.Marshal].
func LoadModel(b []byte) (*Model, error) {
	if len(b) > maxModelBytes {
		return nil, fmt.Errorf("%w: %d bytes are too many", errModel, len(b))
	}
	m := new(Model)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%w: %w", errModel, err)
	}
	return m, m.compile()
}

// Marshal writes the model as JSON.
func (m *Model) Marshal() ([]byte, error) { return json.MarshalIndent(m, "", " ") }

// compile checks the model and works out its weights.
func (m *Model) compile() error {
	switch {
	case len(m.Fields) == 0 || len(m.Fields) > maxFields:
		return fmt.Errorf("%w: it has %d fields", errModel, len(m.Fields))
	case !(m.Prior > 0 && m.Prior < 1) || !(m.Auto > 0 && m.Auto <= 1) || !(m.Review >= 0 && m.Review <= m.Auto):
		return fmt.Errorf("%w: its thresholds are out of order", errModel)
	}
	for i := 1; i < len(m.Calibration); i++ {
		if m.Calibration[i].Weight < m.Calibration[i-1].Weight || m.Calibration[i].Probability < m.Calibration[i-1].Probability {
			return fmt.Errorf("%w: its calibration falls", errModel)
		}
	}
	m.fields = make([]plan, len(m.Fields))
	for i, f := range m.Fields {
		k, index, err := kindOf(f.Name)
		if err != nil {
			return err
		}
		if len(f.Levels) != len(levelNames[k])-1 {
			return fmt.Errorf("%w: %s has %d levels", errModel, f.Name, len(f.Levels))
		}
		p := plan{kind: k, index: index, weights: make([]float64, len(levelNames[k])), terms: m.Terms[f.Name]}
		for j, l := range f.Levels {
			if l.Name != levelNames[k][j+1] || !(l.M > 0 && l.M <= 1 && l.U > 0 && l.U <= 1) {
				return fmt.Errorf("%w: level %d of %s", errModel, j, f.Name)
			}
			p.weights[j+1] = math.Log2(l.M / l.U)
		}
		p.reach = make([]float64, len(p.weights))
		for sum, j := 0.0, len(f.Levels); j > 0; j-- {
			sum += f.Levels[j-1].U
			p.reach[j] = min(sum, 1)
		}
		m.fields[i] = p
	}
	return nil
}

func kindOf(field string) (kind, int, error) {
	base, number, indexed := strings.Cut(field, ".")
	index := 0
	if indexed {
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= maxColumn {
			return 0, 0, fmt.Errorf("%w: no field is called %q", errModel, field)
		}
		index = n
	}
	for k, name := range kindNames {
		if name == base {
			return kind(k), index, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: no field is called %q", errModel, field)
}

// probability of being the same person, from bits of evidence.
func (m *Model) probability(weight float64) float64 {
	if n := len(m.Calibration); n > 0 {
		return interpolate(m.Calibration, weight)
	}
	return logistic(weight + math.Log2(m.Prior/(1-m.Prior)))
}

func logistic(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

func interpolate(k []Knot, x float64) float64 {
	if x <= k[0].Weight {
		return k[0].Probability
	}
	for i := 1; i < len(k); i++ {
		if x <= k[i].Weight {
			a, b := k[i-1], k[i]
			if b.Weight == a.Weight {
				return b.Probability
			}
			return a.Probability + (b.Probability-a.Probability)*(x-a.Weight)/(b.Weight-a.Weight)
		}
	}
	return k[len(k)-1].Probability
}
