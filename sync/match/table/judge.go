package table

import (
	"math"

	"github.com/askonce/fieldkit/sync/match"
)

// judge fills in what the truth column tells, when there is one.
func (r *run) judge(groups []int, o Options) {
	found := 0
	size := map[int]int{}
	for _, g := range groups {
		size[g]++
	}
	for _, n := range size {
		found += n * (n - 1) / 2
	}
	if r.t.Split == 0 {
		r.result.Pairs = found
	}
	if len(r.t.Truth) != len(r.t.Rows) {
		return
	}
	m := match.MeasureClusters(groups, r.t.Truth, r.t.Split)
	r.result.Precision, r.result.Recall, r.result.F1 = &m.Precision, &m.Recall, &m.F1
	p := match.MeasurePairs(r.edges, r.t.Truth, r.t.Split, 0)
	r.result.Pairwise = &p
	declared := o.Auto
	if declared == 0 {
		declared = defaultAuto
	}
	r.result.Auto = r.auto(declared, m.Right+m.Missed)
	r.result.Calibration = r.bins()
	r.result.Relations = map[string]int{}
	for _, e := range r.edges {
		if e.Weight < 0 {
			continue
		}
		c := r.model.Compare(r.t.Records[e.A], r.t.Records[e.B], false)
		kind := "other_"
		if r.t.Truth[e.A] == r.t.Truth[e.B] {
			kind = "same_"
		}
		r.result.Relations[kind+"called_"+c.Relation.String()]++
	}
}

// defaultAuto is the precision declared for what is taken without a look.
const defaultAuto = 0.995

// auto takes pairs of falling probability for as long as their expected
// precision stays at what is declared, and looks how they fared.
func (r *run) auto(declared float64, truth int) *Auto {
	least := math.Log2(declared / (1 - declared))
	a := &Auto{Declared: declared}
	right := 0
	for _, e := range r.edges {
		if e.Weight >= least {
			a.Pairs++
			if r.t.Truth[e.A] == r.t.Truth[e.B] {
				right++
			}
		}
	}
	if a.Pairs > 0 {
		a.Observed = float64(right) / float64(a.Pairs)
		a.Low, a.High = wilson(right, a.Pairs)
	}
	if truth > 0 {
		a.Recall = float64(right) / float64(truth)
	}
	return a
}

// wilson is the 95 % interval of a share after Wilson.
func wilson(right, n int) (low, high float64) {
	const z = 1.96
	p, m := float64(right)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	spread := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return (centre - spread) / (1 + z*z/m), (centre + spread) / (1 + z*z/m)
}

func (r *run) bins() []Bin {
	edges := []float64{0, .01, .05, .1, .25, .5, .75, .9, .95, .99, .999, 1.0000001}
	bins := make([]Bin, len(edges)-1)
	for i := range bins {
		bins[i].From, bins[i].To = edges[i], min(edges[i+1], 1)
	}
	for _, e := range r.edges {
		p := probability(e.Weight)
		i := 0
		for p >= edges[i+1] {
			i++
		}
		bins[i].Pairs++
		bins[i].Foretold += p
		if r.t.Truth[e.A] == r.t.Truth[e.B] {
			bins[i].Observed++
		}
	}
	for i := range bins {
		if n := float64(bins[i].Pairs); n > 0 {
			bins[i].Foretold /= n
			bins[i].Observed /= n
		}
	}
	return bins
}
