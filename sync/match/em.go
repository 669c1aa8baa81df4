package match

import "math"

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
