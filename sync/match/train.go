package match

import (
	"cmp"
	"math"
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
	m := &Model{Version: t.Version, Prior: 0.1, Auto: 0.99, Review: 0.5, Margin: 3}
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
	seen := patterns(t.Records, t.Pairs, plans)
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

// patterns counts how often each pattern of levels occurs among pairs.
func patterns(records []*Prepared, pairs []Pair, plans []plan) map[pattern]int {
	parts := inParts(len(pairs), func(from, to int) map[pattern]int {
		out := map[pattern]int{}
		for _, p := range pairs[from:to] {
			out[compare(plans, records[p.A], records[p.B])]++
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

// em is expectation–maximisation over counted patterns.
//
// The prior is the share of true pairs among all pairs of the table, not among
// the candidates: strangers who share a key are as likely as u says, since
// whether two records share a key follows from their pattern. With the share
// among candidates every chance agreement on a key would count as a true pair.
type em struct {
	plans []plan
	seen  map[pattern]int
	m, u  [][]float64 // by field and level
	prior float64
	total float64 // pairs of the whole table
	freeU bool
}

func newEM(plans []plan, seen map[pattern]int, total float64) *em {
	candidates := 0
	for _, n := range seen {
		candidates += n
	}
	e := &em{plans: plans, seen: seen, total: total, prior: min(0.1*float64(candidates)/total, 0.5)}
	for _, p := range plans {
		levels := len(levelNames[p.kind])
		m, u := make([]float64, levels), make([]float64, levels)
		// Begin with belief that more agreement is likelier among true pairs.
		sum := 0.0
		for l := 1; l < levels; l++ {
			m[l] = math.Pow(2.2, float64(l))
			sum += m[l]
		}
		for l := 1; l < levels; l++ {
			m[l] /= sum
		}
		for l := 1; l < levels; l++ {
			u[l] = m[levels-l]
		}
		e.m, e.u = append(e.m, m), append(e.u, u)
	}
	return e
}

// likelihoods of a pattern among true pairs and among strangers.
func (e *em) likelihoods(p pattern) (m, u float64) {
	m, u = 1, 1
	for i := range e.plans {
		if l := p.level(i); l != missing {
			m *= e.m[i][l]
			u *= e.u[i][l]
		}
	}
	return m, u
}

func (e *em) posterior(p pattern, prior float64) float64 {
	m, u := e.likelihoods(p)
	a, b := prior*m, (1-prior)*u
	if a+b == 0 {
		return 0
	}
	return a / (a + b)
}

// strangers sets u from random pairs, each counted as far as it is held to be
// one of strangers.
func (e *em) strangers(random map[pattern]int, prior float64) {
	counts := make([][]float64, len(e.plans))
	for i := range counts {
		counts[i] = make([]float64, len(e.u[i]))
	}
	for p, n := range random {
		w := float64(n)
		if prior > 0 {
			w *= 1 - e.posterior(p, prior)
		}
		for i := range e.plans {
			counts[i][p.level(i)] += w
		}
	}
	for i := range counts {
		share(counts[i], e.u[i], 0.5)
	}
}

// share turns counts by level into shares among the pairs that have the field.
func share(counts, into []float64, smooth float64) {
	sum := 0.0
	for l := 1; l < len(counts); l++ {
		sum += counts[l] + smooth
	}
	for l := 1; l < len(counts); l++ {
		into[l] = max((counts[l]+smooth)/sum, floorShare)
	}
}

// run iterates until nothing moves and tells how often it went round.
func (e *em) run() int {
	for n := 1; ; n++ {
		moved := e.step()
		if moved < 1e-5 || n == maxIterations {
			return n
		}
	}
}

func (e *em) step() (moved float64) {
	m, u := make([][]float64, len(e.plans)), make([][]float64, len(e.plans))
	for i := range m {
		m[i], u[i] = make([]float64, len(e.m[i])), make([]float64, len(e.m[i]))
	}
	matches := 0.0
	for p, n := range e.seen {
		w := float64(n) * e.posterior(p, e.prior)
		matches += w
		for i := range e.plans {
			m[i][p.level(i)] += w
			u[i][p.level(i)] += float64(n) - w
		}
	}
	for i := range m {
		before := e.m[i]
		now := make([]float64, len(before))
		share(m[i], now, 0.5)
		for l := 1; l < len(now); l++ {
			moved = max(moved, math.Abs(now[l]-before[l]))
		}
		e.m[i] = now
		if e.freeU {
			share(u[i], e.u[i], 0.5)
		}
	}
	e.prior = min(max(matches/e.total, 1e-12), 0.5)
	return moved
}

// matches is how many true pairs the candidates are held to contain.
func (e *em) matches() float64 {
	sum := 0.0
	for p, n := range e.seen {
		sum += float64(n) * e.posterior(p, e.prior)
	}
	return sum
}

// countTerms counts how common the values of names, places and other words are.
func countTerms(records []*Prepared, plans []plan, fields []string) map[string]*Terms {
	out := map[string]*Terms{}
	for i, p := range plans {
		var values func(r *Prepared, say func(string))
		switch p.kind {
		case kindGiven:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.given {
					say(n.text)
				}
			}
		case kindSurname:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.surname {
					if !n.none() {
						say(n.text)
					}
				}
			}
		case kindFull:
			values = func(r *Prepared, say func(string)) {
				for _, n := range r.full {
					say(n.text)
				}
			}
		case kindPlace:
			values = func(r *Prepared, say func(string)) { say(at(r.places, p.index)) }
		case kindOther:
			values = func(r *Prepared, say func(string)) { say(at(r.others, p.index)) }
		default:
			continue
		}
		t := &Terms{Counts: map[uint32]int{}}
		for _, r := range records {
			values(r, func(s string) {
				if s != "" {
					t.Counts[term(s)]++
					t.Total++
				}
			})
		}
		if t.Total == 0 {
			continue
		}
		for _, n := range t.Counts {
			f := float64(n) / float64(t.Total)
			t.Shared += f * f
		}
		out[fields[i]] = t
	}
	return out
}
