package match

// jaroWinkler is the likeness of two words from 0 to 1 after Jaro and Winkler
// (prefix scale 0.1, at most 4 signs). Words of up to 64 signs; the rest of
// longer ones is not looked at.
func jaroWinkler(a, b string) float64 {
	if a == b {
		return 1
	}
	var ra, rb [64]rune
	x, y := runes(ra[:0], a), runes(rb[:0], b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	window := max(len(x), len(y))/2 - 1
	var seenX, seenY uint64
	same := 0
	for i := range x {
		for j := max(0, i-window); j < min(len(y), i+window+1); j++ {
			if seenY&(1<<j) == 0 && x[i] == y[j] {
				seenX |= 1 << i
				seenY |= 1 << j
				same++
				break
			}
		}
	}
	if same == 0 {
		return 0
	}
	moved, j := 0, 0
	for i := range x {
		if seenX&(1<<i) == 0 {
			continue
		}
		for seenY&(1<<j) == 0 {
			j++
		}
		if x[i] != y[j] {
			moved++
		}
		j++
	}
	m := float64(same)
	jaro := (m/float64(len(x)) + m/float64(len(y)) + (m-float64(moved/2))/m) / 3
	prefix := 0
	for prefix < min(4, len(x), len(y)) && x[prefix] == y[prefix] {
		prefix++
	}
	return jaro + float64(prefix)*0.1*(1-jaro)
}

// edits counts the fewest insertions, deletions, replacements and swaps of
// neighbours that make b of a (optimal string alignment), or limit+1 when more
// than limit are needed. Words of up to 64 signs.
func edits(a, b string, limit int) int {
	if a == b {
		return 0
	}
	if limit == 1 && ascii(a) && ascii(b) {
		return oneEdit(a, b)
	}
	var ra, rb [64]rune
	x, y := runes(ra[:0], a), runes(rb[:0], b)
	if d := len(x) - len(y); d > limit || -d > limit {
		return limit + 1
	}
	var rows [3][65]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := range y {
		above[j+1] = j + 1
	}
	above[0] = 0
	for i := range x {
		row[0] = i + 1
		best := row[0]
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			d := min(above[j]+cost, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
			best = min(best, d)
		}
		if best > limit {
			return limit + 1
		}
		before, above, row = above, row, before
	}
	return min(above[len(y)], limit+1)
}

// oneEdit is edits with a limit of 1 for different words of single bytes: without
// their common head and tail one letter is left, or two that are swapped.
func oneEdit(a, b string) int {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0] {
		return 1
	}
	return 2
}

func runes(into []rune, s string) []rune {
	for _, r := range s {
		if len(into) == cap(into) {
			break
		}
		into = append(into, r)
	}
	return into
}
