package table

import (
	"math"
	"strconv"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Options say how to match; the zero Options train a model on the list itself
// and use the thresholds that go with it.
type Options struct {
	Model *match.Model // nil to train one
	Seed  uint64       // of the random pairs
	// Random is how many random pairs a model is learnt on; a million when 0.
	Random int
	// Auto is the precision asked of pairs that are taken without a look; 0.995
	// when zero.
	Auto float64
}

const (
	// blockLimit is how many rows one key may pair with each other.
	blockLimit = 150
	// joinAt is what groups must have on average to become one, in bits. Even
	// odds would be 0; the records of a group are no strangers to each other, so
	// that many weak ties bear more than their average says.
	joinAt = -2
	// pairBound is how many bits one pair may say for or against.
	pairBound = 20
	// scoreFloor is the least that is kept of a pair, in bits.
	scoreFloor = -12
)

// Result says how matching went; it is printed as JSON.
type Result struct {
	Rows      int           `json:"rows"`
	Compared  int           `json:"compared"` // pairs that shared a key
	Capped    int           `json:"capped_keys"`
	Skipped   int64         `json:"skipped_pairs"`
	Pairs     int           `json:"pairs"` // pairs found
	Persons   int           `json:"persons,omitempty"`
	Threshold float64       `json:"threshold"` // a probability
	Training  *match.Report `json:"training,omitempty"`
	// What follows needs a column with the truth.
	Precision   *float64       `json:"precision,omitempty"`
	Recall      *float64       `json:"recall,omitempty"`
	F1          *float64       `json:"f1,omitempty"`
	Pairwise    *match.Measure `json:"pairwise,omitempty"`
	Calibration []Bin          `json:"calibration,omitempty"`
	Auto        *Auto          `json:"auto,omitempty"`
	Relations   map[string]int `json:"relations,omitempty"`
}

// Bin compares what was foretold with what was seen, among pairs of about the
// same probability.
type Bin struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Foretold float64 `json:"foretold"`
	Observed float64 `json:"observed"`
	Pairs    int     `json:"pairs"`
}

// Auto is how the pairs fared that would be taken without a look.
type Auto struct {
	Declared float64 `json:"declared"`
	Observed float64 `json:"observed"`
	Low      float64 `json:"low"` // of the 95 % interval
	High     float64 `json:"high"`
	Pairs    int     `json:"pairs"`
	Recall   float64 `json:"recall"`
}

// Group says which person a row is; Probability that it belongs there.
type Group struct {
	Row         string
	Cluster     int
	Probability float64
}

// Found is a likely pair.
type Found struct {
	A, B        string
	Probability float64
	Relation    match.Relation
}

// run is the work all of them share.
type run struct {
	t      *Table
	model  *match.Model
	edges  []match.Edge
	result Result
}

func start(t *Table, o Options) (*run, error) {
	if len(t.Records) < 2 {
		return nil, civic.NewProblem(civic.ImportEmpty, nil)
	}
	r := &run{t: t, model: o.Model}
	blocks := match.Candidates(t.Records, t.Split, blockLimit)
	r.result = Result{Rows: len(t.Records), Compared: len(blocks.Pairs), Capped: blocks.Capped, Skipped: blocks.Skipped, Threshold: probability(0)}
	if r.model == nil {
		m, report, err := match.Train(match.Training{Records: t.Records, Split: t.Split, Pairs: blocks.Pairs, Fields: t.Fields, Kin: t.Kin, Version: "trained", Seed: o.Seed, Random: o.Random})
		if err != nil {
			return nil, err
		}
		r.model, r.result.Training = m, &report
	}
	r.edges = r.model.Score(t.Records, blocks.Pairs, scoreFloor)
	return r, nil
}

func probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// Train learns a model from a list, or from two that were joined.
func Train(t *Table, o Options) (*match.Model, Result, error) {
	o.Model = nil
	r, err := start(t, o)
	if err != nil {
		return nil, Result{}, err
	}
	for _, e := range r.edges {
		if e.Weight >= 0 {
			r.result.Pairs++
		}
	}
	return r.model, r.result, nil
}

// Score weighs every pair that shares a key and keeps the ones that are not
// hopeless.
func Score(t *Table, o Options) ([]Found, Result, error) {
	r, err := start(t, o)
	if err != nil {
		return nil, Result{}, err
	}
	out := make([]Found, 0, len(r.edges))
	for _, e := range r.edges {
		out = append(out, r.found(e.Pair, e.Weight))
		if e.Weight >= 0 {
			r.result.Pairs++
		}
	}
	return out, r.result, nil
}

func (r *run) found(p match.Pair, weight float64) Found {
	c := r.model.Compare(r.t.Records[p.A], r.t.Records[p.B], false)
	return Found{A: r.t.Rows[p.A], B: r.t.Rows[p.B], Probability: probability(weight), Relation: c.Relation}
}

// Cluster finds which rows are one person.
func Cluster(t *Table, o Options) ([]Group, Result, error) {
	r, err := start(t, o)
	if err != nil {
		return nil, Result{}, err
	}
	groups := r.cluster()
	sure := r.sureness(groups)
	out := make([]Group, len(groups))
	for i, g := range groups {
		out[i] = Group{Row: t.Rows[i], Cluster: g, Probability: sure[i]}
		r.result.Persons = max(r.result.Persons, g+1)
	}
	r.judge(groups, o)
	return out, r.result, nil
}

func (r *run) cluster() []int {
	return r.model.Cluster(r.t.Records, r.edges, joinAt, pairBound)
}

// sureness is how well each row fits its group: the odds of its best tie.
func (r *run) sureness(groups []int) []float64 {
	best := make([]float64, len(groups))
	tied := make([]bool, len(groups))
	for _, e := range r.edges {
		if groups[e.A] == groups[e.B] {
			for _, i := range []int32{e.A, e.B} {
				if p := probability(e.Weight); !tied[i] || p > best[i] {
					best[i], tied[i] = p, true
				}
			}
		}
	}
	strongest := make([]float64, len(groups))
	for _, e := range r.edges {
		if groups[e.A] != groups[e.B] {
			p := probability(e.Weight)
			strongest[e.A], strongest[e.B] = max(strongest[e.A], p), max(strongest[e.B], p)
		}
	}
	for i := range best {
		if !tied[i] { // alone: as sure as nobody else is likely
			best[i] = 1 - strongest[i]
		}
	}
	return best
}

// Link finds who of the first list is who of the second.
func Link(a, b *Table, o Options) ([]Found, Result, error) {
	t := Join(a, b)
	r, err := start(t, o)
	if err != nil {
		return nil, Result{}, err
	}
	groups := r.cluster()
	members := map[int][2][]int32{}
	for i, g := range groups {
		side := 0
		if i >= t.Split {
			side = 1
		}
		m := members[g]
		m[side] = append(m[side], int32(i))
		members[g] = m
	}
	weights := make(map[match.Pair]float64, len(r.edges))
	for _, e := range r.edges {
		weights[e.Pair] = e.Weight
	}
	var out []Found
	for i := range t.Split {
		m := members[groups[i]]
		for _, j := range m[1] {
			p := match.Pair{A: int32(i), B: j}
			w, ok := weights[p]
			if !ok {
				w = r.model.Logit(t.Records[i], t.Records[j])
			}
			out = append(out, r.found(p, w))
		}
	}
	r.result.Pairs = len(out)
	r.judge(groups, o)
	return out, r.result, nil
}

// Evaluate clusters and compares with the truth column.
func Evaluate(t *Table, o Options) (Result, error) {
	_, result, err := Cluster(t, o)
	if err == nil && len(t.Truth) != len(t.Rows) {
		err = civic.NewProblem(civic.ColumnsUnknown, nil, strconv.Quote("truth"))
	}
	return result, err
}
