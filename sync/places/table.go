package places

import (
	"slices"
	"strconv"
	"strings"
)

// Table shows a catalogue as the table that forms know by the name places.csv:
// a row a place, in the order of the codes. It may be used from several
// goroutines.
//
//	name     the code
//	label    the name
//	parent   the code of the place it lies in
//	kind     its level, such as municipality
//	path     the name with what it lies in, "Dzitás, Chankom, Yucatán"
//	other    further names, with "; " between
//	lat, lon degrees; geometry "lat lon 0 0": empty when not known
//	KIND     for each kind there is, as "municipality": the code of the place of
//	         that kind it is or lies in, and KIND_label its name
type Table struct {
	c       *Catalogue
	finder  *Finder
	columns []string
	// kind says of a column which kind's place it tells of, and whether by name.
	kind map[string]kindColumn
}

type kindColumn struct {
	kind  uint8
	label bool
}

var ownColumns = []string{"name", "label", "parent", "kind", "path", "other", "lat", "lon", "geometry"}

// NewTable makes the table; finder is the catalogue's.
func NewTable(finder *Finder) *Table {
	t := &Table{c: finder.c, finder: finder, columns: slices.Clone(ownColumns), kind: map[string]kindColumn{}}
	for i, kind := range t.c.kinds {
		if kind == "" || slices.Contains(ownColumns, kind) {
			continue
		}
		t.columns = append(t.columns, kind, kind+"_label")
		t.kind[kind], t.kind[kind+"_label"] = kindColumn{uint8(i), false}, kindColumn{uint8(i), true}
	}
	return t
}

// Len counts the places.
func (t *Table) Len() int { return t.c.Len() }

// Columns name the cells.
func (t *Table) Columns() []string { return t.columns }

// Cell gives one; empty where there is none.
func (t *Table) Cell(row int, column string) string {
	r := &t.c.rows[row]
	switch column {
	case "name":
		return r.code
	case "label":
		return r.name
	case "parent":
		if r.parent >= 0 {
			return t.c.rows[r.parent].code
		}
		return ""
	case "kind":
		return t.c.kinds[r.kind]
	case "path":
		return t.Words(row)
	case "other":
		return strings.Join(t.c.other[int32(row)], "; ")
	case "lat", "lon", "geometry":
		return t.position(row, column)
	}
	k, ok := t.kind[column]
	for at := int32(row); ok && at >= 0; at = t.c.rows[at].parent {
		if p := &t.c.rows[at]; p.kind == k.kind {
			if k.label {
				return p.name
			}
			return p.code
		}
	}
	return ""
}

func (t *Table) position(row int, column string) string {
	p := t.c.place(int32(row))
	if !p.Located {
		return ""
	}
	lat, lon := strconv.FormatFloat(p.Lat, 'f', -1, 64), strconv.FormatFloat(p.Lon, 'f', -1, 64)
	switch column {
	case "lat":
		return lat
	case "lon":
		return lon
	}
	return lat + " " + lon + " 0 0"
}

// Words are the name with what the place lies in.
func (t *Table) Words(row int) string {
	names := []string{t.c.rows[row].name}
	for at := t.c.rows[row].parent; at >= 0; at = t.c.rows[at].parent {
		names = append(names, t.c.rows[at].name)
	}
	return strings.Join(names, ", ")
}

// Find gives the rows that fit what somebody types, best first.
func (t *Table) Find(typed string, limit int, keep func(row int) bool) []int {
	found := t.finder.Find(Query{Text: typed, Limit: limit, Keep: keep})
	out := make([]int, len(found))
	for i, f := range found {
		out[i] = f.At
	}
	return out
}
