package match

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Edge is a scored pair.
type Edge struct {
	Pair
	Weight float64 // bits, the prior included: 0 is even odds
}

// Score weighs pairs and keeps those of at least floor bits, the prior counted,
// in their order. It uses every processor.
func (m *Model) Score(records []*Prepared, pairs []Pair, floor float64) []Edge {
	parts := inParts(len(pairs), func(from, to int) []Edge {
		var out []Edge
		for _, p := range pairs[from:to] {
			if w := m.Logit(records[p.A], records[p.B]); w >= floor {
				out = append(out, Edge{p, w})
			}
		}
		return out
	})
	return slices.Concat(parts...)
}

// inParts does a piece of work of n steps on every processor and gives the
// results in the order of the steps.
func inParts[T any](n int, do func(from, to int) T) []T {
	workers := min(runtime.GOMAXPROCS(0), n/1000+1)
	out := make([]T, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { out[w] = do(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
	return out
}

// kinBits is the most that two people of one family or of one name weigh in a
// list, in bits: far from one person, and near enough to be looked at.
const kinBits = -6

// Logit is the odds of being the same person, in bits.
func (m *Model) Logit(a, b *Prepared) float64 {
	p := compare(m.fields, a, b)
	w, _ := m.sum(p, a, b, false)
	w += math.Log2(m.Prior / (1 - m.Prior))
	if m.Kin && w > kinBits && m.kin(p, a, b) {
		w = kinBits
	}
	return w
}

// sample bounds how many pairs stand for two large clusters.
const sample = 64

// Cluster joins records into persons by average linkage: the surest pairs come
// first, and two groups become one when their records speak for it on average,
// at least threshold bits, each pair counted within ±bound bits. It gives the
// group of each record, numbered from 0 in the order of their first record.
func (m *Model) Cluster(records []*Prepared, edges []Edge, threshold, bound float64) []int {
	edges = slices.Clone(edges)
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	group := make([]int32, len(records))
	members := make([][]int32, len(records))
	for i := range group {
		group[i] = int32(i)
		members[i] = []int32{int32(i)}
	}
	known := make(map[Pair]float64, len(edges))
	for _, e := range edges {
		known[e.Pair] = e.Weight
	}
	for _, e := range edges {
		if e.Weight < threshold {
			break
		}
		x, y := group[e.A], group[e.B]
		if x == y {
			continue
		}
		if m.linkage(records, members[x], members[y], known, bound) < threshold {
			continue
		}
		if len(members[x]) < len(members[y]) {
			x, y = y, x
		}
		for _, i := range members[y] {
			group[i] = x
		}
		members[x] = append(members[x], members[y]...)
		members[y] = nil
	}
	number := map[int32]int{}
	out := make([]int, len(records))
	for i := range out {
		n, ok := number[group[i]]
		if !ok {
			n = len(number)
			number[group[i]] = n
		}
		out[i] = n
	}
	return out
}

// linkage is the average of what the records of two groups say of each other.
func (m *Model) linkage(records []*Prepared, x, y []int32, known map[Pair]float64, bound float64) float64 {
	sum, n := 0.0, 0
	step := max(1, len(x)*len(y)/sample)
	for k := 0; k < len(x)*len(y); k += step {
		p := Pair{x[k/len(y)], y[k%len(y)]}
		if p.A > p.B {
			p.A, p.B = p.B, p.A
		}
		w, ok := known[p]
		if !ok {
			w = m.Logit(records[p.A], records[p.B])
		}
		sum += min(max(w, -bound), bound)
		n++
	}
	return sum / float64(n)
}
