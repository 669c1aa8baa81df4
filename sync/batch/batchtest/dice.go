package batchtest

import (
	"math"
	"math/rand/v2"
	"sort"
)

// dice draws at random and counts the bits that each draw was worth.
type dice struct {
	*rand.Rand
	bits float64
}

func newDice(seed uint64) *dice {
	return &dice{Rand: rand.New(rand.NewPCG(seed, 0x6b6974))}
}

// count notes a draw that had probability p.
func (d *dice) count(p float64) {
	d.bits -= math.Log2(p)
}

// chance is true with probability p.
func (d *dice) chance(p float64) bool {
	yes := d.Float64() < p
	if yes {
		d.count(p)
	} else {
		d.count(1 - p)
	}
	return yes
}

// even draws from 0 to n-1, all alike.
func (d *dice) even(n int) int {
	d.count(1 / float64(n))
	return d.IntN(n)
}

// weights are the shares of several things.
type weights []float64 // running sums

func newWeights(shares ...float64) weights {
	w := make(weights, len(shares))
	sum := 0.0
	for i, s := range shares {
		sum += s
		w[i] = sum
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// falling makes shares that fall with the rank as (rank+flat)^-slope: words and
// places of a country do.
func falling(n int, slope, flat float64) weights {
	shares := make([]float64, n)
	for i := range shares {
		shares[i] = math.Pow(float64(i+1)+flat, -slope)
	}
	return newWeights(shares...)
}

func (d *dice) pick(w weights) int {
	i := min(sort.SearchFloat64s(w, d.Float64()), len(w)-1)
	below := 0.0
	if i > 0 {
		below = w[i-1]
	}
	d.count(w[i] - below)
	return i
}

// whole draws from a distribution given by its cumulative function and its
// inverse, in steps of one.
func (d *dice) whole(below func(float64) float64, at func(float64) float64) int {
	v := math.Floor(at(max(d.Float64(), 1e-12)))
	d.count(max(below(v+1)-below(v), 1e-12))
	return int(v)
}

// bell draws from a normal distribution.
func (d *dice) bell(mean, deviation float64) int {
	return d.whole(
		func(x float64) float64 { return (1 + math.Erf((x-mean)/deviation/math.Sqrt2)) / 2 },
		func(p float64) float64 { return mean + deviation*math.Sqrt2*math.Erfinv(2*p-1) })
}

// lasting draws from a log-normal distribution.
func (d *dice) lasting(median, spread float64) int {
	return d.whole(
		func(x float64) float64 {
			if x <= 0 {
				return 0
			}
			return (1 + math.Erf(math.Log(x/median)/spread/math.Sqrt2)) / 2
		},
		func(p float64) float64 { return median * math.Exp(spread*math.Sqrt2*math.Erfinv(2*p-1)) })
}

// waiting draws from an exponential distribution.
func (d *dice) waiting(mean float64) int {
	return d.whole(
		func(x float64) float64 { return 1 - math.Exp(-x/mean) },
		func(p float64) float64 { return -mean * math.Log(1-p) })
}
