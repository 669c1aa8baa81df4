package form

import (
	"encoding/csv"
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
}

// csv gives a file of the form's; nil when it is absent or no CSV.
func (s *Session) csv(name string) *data {
	if d, ok := s.files[name]; ok {
		return d
	}
	var d *data
	if s.env.Files != nil {
		for _, try := range []string{name, name + ".csv"} {
			if b, ok := s.env.Files(try); ok {
				d = readCSV(b)
				break
			}
		}
	}
	s.files[name] = d
	return d
}

func readCSV(b []byte) *data {
	if len(b) > MaxCSV {
		return nil
	}
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
