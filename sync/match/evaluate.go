package match

// Measure is how well pairs or clusters fit the truth.
type Measure struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Right     int     `json:"right"`
	Wrong     int     `json:"wrong"`
	Missed    int     `json:"missed"`
}

func measure(right, wrong, truth int) Measure {
	m := Measure{Right: right, Wrong: wrong, Missed: truth - right}
	if right+wrong > 0 {
		m.Precision = float64(right) / float64(right+wrong)
	}
	if truth > 0 {
		m.Recall = float64(right) / float64(truth)
	}
	if m.Precision+m.Recall > 0 {
		m.F1 = 2 * m.Precision * m.Recall / (m.Precision + m.Recall)
	}
	return m
}

// MeasureClusters compares groups with the true ones, pair by pair.
func MeasureClusters(groups []int, truth []string, split int) Measure {
	type both struct {
		group int
		truth string
	}
	return measureCounts(count(groups, split), countStrings(truth, split), func() map[both][2]int {
		out := map[both][2]int{}
		for i := range groups {
			k := both{groups[i], truth[i]}
			v := out[k]
			v[side(i, split)]++
			out[k] = v
		}
		return out
	}(), split)
}

func side(i, split int) int {
	if split > 0 && i >= split {
		return 1
	}
	return 0
}

func count(groups []int, split int) map[int][2]int {
	out := map[int][2]int{}
	for i, g := range groups {
		v := out[g]
		v[side(i, split)]++
		out[g] = v
	}
	return out
}

func countStrings(truth []string, split int) map[string][2]int {
	out := map[string][2]int{}
	for i, g := range truth {
		v := out[g]
		v[side(i, split)]++
		out[g] = v
	}
	return out
}

func measureCounts[A, B, C comparable](found map[A][2]int, truth map[B][2]int, both map[C][2]int, split int) Measure {
	pairs := func(v [2]int) int {
		if split > 0 {
			return v[0] * v[1]
		}
		return v[0] * (v[0] - 1) / 2
	}
	f, t, r := 0, 0, 0
	for _, v := range found {
		f += pairs(v)
	}
	for _, v := range truth {
		t += pairs(v)
	}
	for _, v := range both {
		r += pairs(v)
	}
	return measure(r, f-r, t)
}

// MeasurePairs compares the pairs of at least threshold bits with the truth.
func MeasurePairs(edges []Edge, truth []string, split int, threshold float64) Measure {
	right, wrong := 0, 0
	for _, e := range edges {
		if e.Weight >= threshold {
			if truth[e.A] == truth[e.B] {
				right++
			} else {
				wrong++
			}
		}
	}
	all := measureCounts(map[int][2]int{}, countStrings(truth, split), map[int][2]int{}, split)
	return measure(right, wrong, all.Missed)
}
