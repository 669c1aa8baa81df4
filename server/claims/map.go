package claims

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// MaxMap limits a map's file, in bytes.
const MaxMap = 1 << 16

// column says where a value comes from.
type column struct {
	columns []string
	value   string            // the same for all rows
	values  map[string]string // what is written to what the forms call it
	order   string            // of a date: dmy, mdy or ymd
}

func (c column) given() bool { return len(c.columns) > 0 || c.value != "" }

// meant is one attribute with its column.
type meant struct {
	attribute attributes.Attribute
	column
}

// Map says what a table's columns mean.
type Map struct {
	id, date, evidence, area column
	attributes               []meant
}

// several are keys that stand for one attribute after another: the map of the
// match commands serves here as well.
var several = map[string][]civic.Attribute{
	"surname":     {"surname", "second_surname"},
	"place":       {"locality", "municipality", "state"},
	"identifiers": {"national_id", "other_id"},
}

// ReadMap reads a map: a JSON object whose keys are attributes of the
// dictionary, or id, date, evidence and area. A value is a column's name, a list
// of them, or an object with columns, value, values and date. What the
// dictionary never lets be reused is refused, and so is what the law calls
// special (health, body) unless special is true.
func ReadMap(b []byte, d *attributes.Dictionary, special bool) (*Map, error) {
	refuse := func(why string) (*Map, error) { return nil, civic.NewProblem(civic.ClaimsMap, nil, why) }
	if len(b) > MaxMap {
		return refuse("it is too large")
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(b, &keys); err != nil {
		return refuse("it is no JSON object")
	}
	m := &Map{}
	taken := map[civic.Attribute]bool{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c, fault := readColumn(keys[key])
		if fault != "" {
			return refuse(key + ": " + fault)
		}
		if !c.given() {
			continue
		}
		switch key {
		case "id":
			m.id = c
			continue
		case "date":
			m.date = c
			continue
		case "evidence":
			m.evidence = c
			continue
		case "area":
			m.area = c
			continue
		}
		list := []civic.Attribute{civic.Attribute(key)}
		if s := several[key]; s != nil && c.value == "" {
			if len(c.columns) > len(s) {
				return refuse(key + ": there are more columns than attributes for them")
			}
			list = s[:len(c.columns)]
		}
		for i, name := range list {
			a, known := d.Get(name)
			switch {
			case !known:
				return refuse("the dictionary has no attribute " + string(name))
			case a.Reuse == attributes.Never:
				return refuse(string(name) + " is never taken from another service")
			case a.Sensitivity == attributes.Special && !special:
				return refuse(string(name) + " is special: take it in with --special only where the law lets you")
			case taken[name]:
				return refuse(string(name) + " is there twice")
			}
			taken[name] = true
			one := c
			if len(list) > 1 {
				one.columns = c.columns[i : i+1]
			}
			m.attributes = append(m.attributes, meant{a, one})
		}
	}
	if len(m.attributes) == 0 {
		return refuse("it names no attribute")
	}
	return m, nil
}

func readColumn(b json.RawMessage) (c column, fault string) {
	var one string
	if json.Unmarshal(b, &one) == nil {
		if one != "" {
			c.columns = []string{one}
		}
		return c, ""
	}
	if json.Unmarshal(b, &c.columns) == nil {
		return c, ""
	}
	var whole struct {
		Column  string            `json:"column"`
		Columns []string          `json:"columns"`
		Value   string            `json:"value"`
		Values  map[string]string `json:"values"`
		Date    string            `json:"date"`
	}
	r := json.NewDecoder(bytes.NewReader(b))
	r.DisallowUnknownFields()
	if err := r.Decode(&whole); err != nil {
		return c, "a column's name, a list of them, or an object with column, columns, value, values, date"
	}
	c = column{columns: whole.Columns, value: strings.TrimSpace(whole.Value), order: whole.Date}
	if whole.Column != "" {
		c.columns = append([]string{whole.Column}, c.columns...)
	}
	if c.value != "" && len(c.columns) > 0 {
		return c, "either a column or a value"
	}
	if !slices.Contains([]string{"", "dmy", "mdy", "ymd"}, c.order) {
		return c, "date is dmy, mdy or ymd"
	}
	if whole.Values != nil {
		c.values = map[string]string{}
		for from, to := range whole.Values {
			c.values[strings.ToLower(strings.TrimSpace(from))] = to
		}
	}
	return c, ""
}
