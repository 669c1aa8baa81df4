package match

import (
	"cmp"
	"math/rand/v2"
)

// Training is what a model is learnt from.
type Training struct {
	Records []*Prepared
	Split   int // see Candidates
	Pairs   []Pair
	Fields  []string
	Version string
	Seed    uint64
	// Kin makes a model in which relatives and namesakes are not joined; such
	// pairs are not learnt from.
	Kin bool
	// FreeU lets u be learnt by EM too, among the candidates alone. It is wrong
	// and exists for the test that shows it.
	FreeU bool
	// Random is how many random pairs u is counted on; a million when 0.
	Random int
}

// Report says how training went.
type Report struct {
	Pairs      int     `json:"pairs"`
	Random     int     `json:"random_pairs"`
	Iterations int     `json:"iterations"`
	Prior      float64 `json:"prior"`
	Matches    float64 `json:"matches"` // how many true pairs the candidates are held to contain
}

const (
	randomPairs   = 1_000_000
	maxIterations = 60
	floorShare    = 1e-7
)

// Train learns a model without labels: u from random pairs, m by EM over the
// candidates' patterns with u fixed.
func Train(t Training) (*Model, Report, error) {
	m := &Model{Version: t.Version, Kin: t.Kin, Prior: 0.1, Auto: 0.99, Review: 0.5, Margin: 3}
	plans := make([]plan, len(t.Fields))
	for i, name := range t.Fields {
		k, index, err := kindOf(name)
		if err != nil {
			return nil, Report{}, err
		}
		plans[i] = plan{kind: k, index: index}
		f := Field{Name: name}
		for _, level := range levelNames[k][1:] {
			f.Levels = append(f.Levels, Level{Name: level, M: 1, U: 1})
		}
		m.Fields = append(m.Fields, f)
	}
	m.Terms = countTerms(t.Records, plans, t.Fields)
	m.fields = plans
	seen := patterns(t.Records, t.Pairs, m)
	random := randomPatterns(&t, plans)
	rep := Report{Pairs: len(t.Pairs)}
	for _, n := range random {
		rep.Random += n
	}
	total := float64(len(t.Records)) * float64(len(t.Records)-1) / 2
	if t.Split > 0 {
		total = float64(t.Split) * float64(len(t.Records)-t.Split)
	}
	e := newEM(plans, seen, max(total, 2))
	if e.freeU = t.FreeU; e.freeU {
		e.total, e.prior = float64(len(t.Pairs)), 0.1
	}
	if !e.freeU {
		e.strangers(random, 0)
	}
	for range 2 {
		rep.Iterations += e.run()
		if !e.freeU { // random pairs hold a few true ones: weigh them down, count again
			e.strangers(random, e.prior)
		}
	}
	rep.Iterations += e.run()
	rep.Prior, rep.Matches = e.prior, e.matches()
	m.Prior = e.prior
	for i := range m.Fields {
		for j := range m.Fields[i].Levels {
			m.Fields[i].Levels[j].M, m.Fields[i].Levels[j].U = e.m[i][j+1], e.u[i][j+1]
		}
	}
	return m, rep, m.compile()
}

// patterns counts how often each pattern of levels occurs among pairs; those of
// relatives and namesakes are left out where the model knows them.
func patterns(records []*Prepared, pairs []Pair, m *Model) map[pattern]int {
	parts := inParts(len(pairs), func(from, to int) map[pattern]int {
		out := map[pattern]int{}
		for _, p := range pairs[from:to] {
			a, b := records[p.A], records[p.B]
			if l := compare(m.fields, a, b); !m.Kin || !m.kin(l, a, b) {
				out[l]++
			}
		}
		return out
	})
	for _, part := range parts[1:] {
		for p, n := range part {
			parts[0][p] += n
		}
	}
	return parts[0]
}

// randomPatterns counts the patterns of pairs drawn at random, the same pair
// never with itself.
func randomPatterns(t *Training, plans []plan) map[pattern]int {
	rnd := rand.New(rand.NewPCG(t.Seed, 0x6d617463))
	out := map[pattern]int{}
	n := len(t.Records)
	if n < 2 {
		return out
	}
	for range cmp.Or(t.Random, randomPairs) {
		a, b := rnd.IntN(n), rnd.IntN(n)
		if t.Split > 0 {
			a, b = rnd.IntN(t.Split), t.Split+rnd.IntN(n-t.Split)
		}
		if a != b {
			out[compare(plans, t.Records[a], t.Records[b])]++
		}
	}
	return out
}
