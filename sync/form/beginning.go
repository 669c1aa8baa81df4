package form

import (
	"slices"
	"strings"
)

// sortedColumn is a column of a list of choices in the order of its texts, for
// finding those that begin in one way without looking at the others.
type sortedColumn struct {
	texts  []string
	places []int // of each text's choice in the list
}

// beginning gives the choices whose column begins with a text, in the order of
// the list. A choice without the column begins with nothing.
func (s *Session) beginning(items []*choiceItem, column, text string) []*choiceItem {
	key := indexKey{items[0], column}
	c := s.sorted[key]
	if c == nil {
		c = sortColumn(items, column)
		if s.sorted == nil {
			s.sorted = map[indexKey]*sortedColumn{}
		}
		s.sorted[key] = c
	}
	if text == "" { // asked when the page opens: the order is there for the first letter
		return items
	}
	from, _ := slices.BinarySearch(c.texts, text)
	to := from
	for to < len(c.texts) && strings.HasPrefix(c.texts[to], text) {
		to++
	}
	if to-from == len(items) {
		return items
	}
	out := make([]*choiceItem, 0, to-from)
	if to-from > len(items)/16 { // so many that marking them is quicker than sorting
		begins := make([]bool, len(items))
		for _, p := range c.places[from:to] {
			begins[p] = true
		}
		for p, yes := range begins {
			if yes {
				out = append(out, items[p])
			}
		}
		return out
	}
	for _, p := range slices.Sorted(slices.Values(c.places[from:to])) {
		out = append(out, items[p])
	}
	return out
}

func sortColumn(items []*choiceItem, column string) *sortedColumn {
	c := &sortedColumn{texts: make([]string, len(items)), places: make([]int, len(items))}
	texts := make([]string, len(items))
	for i, item := range items {
		c.places[i] = i
		for _, child := range item.node.Children {
			if child.Name == column {
				texts[i] = child.Text()
				break
			}
		}
	}
	slices.SortStableFunc(c.places, func(a, b int) int { return strings.Compare(texts[a], texts[b]) })
	for i, p := range c.places {
		c.texts[i] = texts[p]
	}
	return c
}
