package form

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/form/xpath"
)

// Limits of a CSV that a form brings along.
const (
	MaxCSV     = 16 << 20 // bytes
	MaxCSVRows = 200_000
)

// data is a CSV in memory: rows of cells, and by demand an index of a column.
type data struct {
	columns map[string]int
	header  []string
	rows    [][]string
	index   map[string]map[string]int // column → value → first row
	doc     *xpath.Node               // as a secondary instance, made by demand
	items   map[string][]*choiceItem  // as choices, by the columns used
	list    *List                     // instead of rows: a table that the kit holds
}

// csv gives a file of the form's; nil when it is absent or no CSV.
func (s *Session) csv(name string) *data {
	if d, ok := s.files[name]; ok {
		return d
	}
	var d *data
	for _, try := range []string{name, name + ".csv"} {
		if b, ok := s.file(try); ok {
			d = readData(try, b)
			break
		}
	}
	if d == nil && s.env.Lists != nil {
		if l := s.env.Lists(strings.TrimSuffix(name, ".csv")); l != nil {
			d = &data{list: l}
		}
	}
	s.files[name] = d
	return d
}

// file gives a file of the kit's own, else one that came with the form.
func (s *Session) file(name string) ([]byte, bool) {
	if s.env.Files != nil {
		if b, ok := s.env.Files(name); ok {
			return b, true
		}
	}
	return s.form.File(name)
}

// readData reads a file of the form by its ending; nil when it cannot be read.
func readData(name string, b []byte) *data {
	switch {
	case len(b) > MaxCSV:
		return nil
	case strings.HasSuffix(name, ".xml"):
		return readXML(b)
	case strings.HasSuffix(name, ".geojson"):
		return readGeoJSON(b)
	}
	return readCSV(b)
}

// readXML reads the items below the root: each of their elements is a column.
func readXML(b []byte) *data {
	doc, err := xpath.ReadXML(b)
	if err != nil {
		return nil
	}
	d := &data{columns: map[string]int{}, index: map[string]map[string]int{}}
	for _, top := range doc.Elements() {
		for _, item := range top.Elements() {
			row := map[string]string{}
			for _, c := range item.Elements() {
				row[c.Name] = c.Text()
			}
			d.add(row)
		}
	}
	return d
}

// readGeoJSON reads features: their properties are columns, beside id and
// geometry, a place as "latitude longitude 0 0".
func readGeoJSON(b []byte) *data {
	var file struct {
		Features []struct {
			ID         any            `json:"id"`
			Properties map[string]any `json:"properties"`
			Geometry   struct {
				Type        string          `json:"type"`
				Coordinates json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if json.Unmarshal(b, &file) != nil {
		return nil
	}
	d := &data{columns: map[string]int{}, index: map[string]map[string]int{}}
	for _, f := range file.Features {
		row := map[string]string{}
		for k, v := range f.Properties {
			row[k] = fmt.Sprint(v)
		}
		if f.ID != nil {
			row["id"] = fmt.Sprint(f.ID)
		}
		var at [][]float64
		switch f.Geometry.Type {
		case "Point":
			at = make([][]float64, 1)
			if json.Unmarshal(f.Geometry.Coordinates, &at[0]) != nil {
				at = nil
			}
		case "LineString":
			if json.Unmarshal(f.Geometry.Coordinates, &at) != nil {
				at = nil
			}
		}
		var places []string
		for _, p := range at {
			if len(p) >= 2 {
				places = append(places, fmt.Sprintf("%v %v 0 0", p[1], p[0]))
			}
		}
		row["geometry"] = strings.Join(places, ";")
		d.add(row)
	}
	return d
}

// add puts a row at the end, with new columns where it brings any.
func (d *data) add(row map[string]string) {
	if len(d.rows) >= MaxCSVRows {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(row)) {
		if _, ok := d.columns[k]; !ok {
			d.columns[k] = len(d.header)
			d.header = append(d.header, k)
		}
	}
	cells := make([]string, len(d.header))
	for k, v := range row {
		cells[d.columns[k]] = v
	}
	d.rows = append(d.rows, cells)
}

func readCSV(b []byte) *data {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(b), "\ufeff")))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	head, err := r.Read()
	if err != nil {
		return nil
	}
	d := &data{columns: map[string]int{}, header: head, index: map[string]map[string]int{}}
	for i, h := range head {
		head[i] = strings.TrimSpace(h)
		if _, twice := d.columns[head[i]]; !twice {
			d.columns[head[i]] = i
		}
	}
	for len(d.rows) < MaxCSVRows {
		row, err := r.Read()
		if err != nil {
			break
		}
		d.rows = append(d.rows, row)
	}
	return d
}

func (d *data) cell(row int, column string) string {
	i, ok := d.columns[column]
	if !ok || i >= len(d.rows[row]) {
		return ""
	}
	return d.rows[row][i]
}

// find gives the wanted cell of the first row whose key column holds key.
func (d *data) find(want, keyColumn, key string) string {
	if d.list != nil {
		if rows := d.list.equal(keyColumn, key); len(rows) > 0 {
			return d.list.Cell(int(rows[0]), want)
		}
		return ""
	}
	index, ok := d.index[keyColumn]
	if !ok {
		index = make(map[string]int, len(d.rows))
		for i := range d.rows {
			k := d.cell(i, keyColumn)
			if _, twice := index[k]; !twice {
				index[k] = i
			}
		}
		d.index[keyColumn] = index
	}
	row, ok := index[key]
	if !ok {
		return ""
	}
	return d.cell(row, want)
}

// instance lays the rows out as an expression sees them: root/item/column.
func (d *data) instance() *xpath.Node {
	if d.doc != nil {
		return d.doc
	}
	if d.list != nil {
		d.doc = d.list.document()
		return d.doc
	}
	d.doc = &xpath.Node{Kind: xpath.Document}
	root := xpath.NewElement("root", "")
	d.doc.Append(root)
	for i := range d.rows {
		item := xpath.NewElement("item", "")
		for _, h := range d.header {
			if h != "" {
				item.Append(xpath.NewElement(h, d.cell(i, h)))
			}
		}
		root.Append(item)
	}
	return d.doc
}
