package table

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Limits of a list.
const (
	MaxRows = 20_000_000
	maxMap  = 1 << 16 // bytes of a map
)

// Map names the columns of a list; every part may be empty.
type Map struct {
	ID          string  `json:"id"`
	Given       Columns `json:"given_name"`
	Surname     Columns `json:"surname"`
	Full        Columns `json:"full_name"`
	Birth       Columns `json:"birth_date"`
	Sex         Columns `json:"sex"`
	Place       Columns `json:"place"`
	Phone       Columns `json:"phone"`
	Identifiers Columns `json:"identifiers"`
	Others      Columns `json:"others"`
	// Relatives says whether relatives and namesakes are told apart from one
	// person. Where it is not given they are, if there are two surnames: those
	// show families; with one surname a misspelt person looks like a brother.
	Relatives *bool `json:"relatives"`
}

// Columns are names of columns; one may be written without brackets.
type Columns []string

// UnmarshalJSON takes "a" or ["a","b"].
func (c *Columns) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*c = Columns{one}
		if one == "" {
			*c = nil
		}
		return nil
	}
	var several []string
	err := json.Unmarshal(b, &several)
	*c = several
	return err
}

// ReadMap reads a map; a key it does not know is refused, since a slip would
// otherwise silently leave a column out.
func ReadMap(b []byte) (Map, error) {
	var m Map
	if len(b) > maxMap {
		return m, civic.NewProblem(civic.MatchMap, nil, "it is too long")
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, civic.NewProblem(civic.MatchMap, err, "it is no object of column names, or has a key that nobody knows")
	}
	if len(m.fields()) == 0 {
		return m, civic.NewProblem(civic.MatchMap, nil, "it names nothing to compare people by")
	}
	return m, nil
}

// Table is a list that was read.
type Table struct {
	Rows    []string // the value of the id column, or the row's number
	Records []*match.Prepared
	// Split is where the second list begins when two were joined, else 0.
	Split  int
	Truth  []string // of the truth column, when one was named
	Fields []string // of a model over this map
	Kin    bool     // relatives and namesakes are told apart, see Map
}

// Read reads a list with a heading, as programs write such lists: parted by
// commas, semicolons, tabs or bars, in UTF-8, UTF-16 with a mark, or
// Windows-1252. truth names the column that says which rows
// are one person, empty for none.
func Read(r io.Reader, m Map, truth string) (*Table, error) {
	from, comma := plainText(r)
	c := csv.NewReader(from)
	c.Comma = comma
	c.FieldsPerRecord = -1
	c.LazyQuotes = true
	c.ReuseRecord = true
	head, err := c.Read()
	if err != nil {
		return nil, civic.NewProblem(civic.ImportEmpty, err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[utf8Text(name)] = i
	}
	col := func(names ...string) ([]int, error) {
		var out []int
		for _, n := range names {
			i, ok := at[n]
			if !ok {
				return nil, civic.NewProblem(civic.ColumnsUnknown, nil, n)
			}
			out = append(out, i)
		}
		return out, nil
	}
	t := &Table{Fields: m.fields(), Kin: len(m.Surname) > 1}
	if m.Relatives != nil {
		t.Kin = *m.Relatives
	}
	var cols [10][]int
	for i, names := range [...]Columns{m.Given, m.Surname, m.Full, m.Birth, m.Sex, m.Place, m.Phone, m.Identifiers, m.Others, optional(truth)} {
		if cols[i], err = col(names...); err != nil {
			return nil, err
		}
	}
	id, err := col(optional(m.ID)...)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		row, err := c.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil || n > MaxRows {
			return nil, civic.NewProblem(civic.FileUnreadable, err, fmt.Sprintf("line %d", n+1))
		}
		get := func(cols []int) []string {
			out := make([]string, 0, len(cols))
			for _, i := range cols {
				v := ""
				if i < len(row) {
					v = utf8Text(row[i])
				}
				out = append(out, strings.Clone(v))
			}
			return out
		}
		rec := match.Record{
			Given: filled(get(cols[0])), Surnames: get(cols[1]), Full: strings.Join(get(cols[2]), " "),
			Sex: strings.Join(get(cols[4]), ""), Places: get(cols[5]), Phones: filled(get(cols[6])), Identifiers: get(cols[7]), Others: get(cols[8]),
		}
		if !slices.ContainsFunc(rec.Surnames, func(s string) bool { return s != "" }) {
			rec.Surnames = nil
		}
		rec.Birth, rec.BirthStated = Date(strings.Join(get(cols[3]), "-"))
		t.Records = append(t.Records, match.Prepare(rec))
		name := fmt.Sprint(n)
		if len(id) > 0 {
			name = get(id)[0]
		}
		t.Rows = append(t.Rows, name)
		if truth != "" {
			t.Truth = append(t.Truth, get(cols[9])[0])
		}
	}
}

func optional(name string) Columns {
	if name == "" {
		return nil
	}
	return Columns{name}
}

func filled(s []string) []string {
	return slices.DeleteFunc(s, func(v string) bool { return v == "" })
}

// fields are those a model over such a list compares.
func (m Map) fields() []string {
	var out []string
	add := func(cols Columns, name string) {
		if len(cols) > 0 {
			out = append(out, name)
		}
	}
	add(m.Given, "given")
	add(m.Surname, "surname")
	if len(m.Given) == 0 && len(m.Surname) == 0 {
		// Beside its parts a whole name is no evidence of its own; it only helps
		// to find a part that stands elsewhere.
		add(m.Full, "full")
	}
	add(m.Birth, "birth")
	add(m.Sex, "sex")
	add(m.Phone, "phone")
	for i := range m.Place {
		out = append(out, fmt.Sprintf("place.%d", i))
	}
	for i := range m.Identifiers {
		out = append(out, fmt.Sprintf("id.%d", i))
	}
	for i := range m.Others {
		out = append(out, fmt.Sprintf("other.%d", i))
	}
	return out
}

// Join puts a second list behind the first, for linking.
func Join(a, b *Table) *Table {
	return &Table{
		Rows: append(slices.Clone(a.Rows), b.Rows...), Records: append(slices.Clone(a.Records), b.Records...),
		Split: len(a.Records), Truth: append(slices.Clone(a.Truth), b.Truth...), Fields: a.Fields, Kin: a.Kin,
	}
}
