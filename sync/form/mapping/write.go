package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

// Choice is what a person decided about the question in one row: an attribute,
// with its subject before a point, or nothing.
type Choice struct {
	Row  int
	Attr string
	// Days is how old an answer may be for this form; 0 leaves it to the dictionary.
	Days int
}

// entityListName is the list of entities that save_to writes to when the
// workbook has none.
const entityListName = "people"

// Write puts the decisions into the workbook and gives its new bytes, which load
// as a form. What the workbook holds besides stays as it is.
func Write(data []byte, choices []Choice, dictionary *attributes.Dictionary) ([]byte, error) {
	f, err := form.Load(data)
	if err != nil {
		return nil, err
	}
	w, err := workbook.Read(data, func(string) bool { return true })
	if err != nil {
		return nil, civic.NewProblem(civic.FormRefused, err, err.Error())
	}
	survey := w.Sheet("survey")
	if survey == nil || len(survey.Rows) == 0 {
		return nil, civic.NewProblem(civic.FormRefused, nil, "there is no sheet survey")
	}
	byRow := map[int]*form.Question{}
	for _, q := range f.Questions() {
		byRow[q.Row()] = q
	}
	clean, err := checked(choices, byRow, dictionary)
	if err != nil || len(clean) == 0 {
		return data, err
	}
	s := sheetEdits{sheet: survey}
	for _, c := range clean {
		s.set(c.Row, "x_attr", c.Attr)
		if c.Days > 0 {
			s.set(c.Row, "x_ttl", strconv.Itoa(c.Days))
		}
	}
	plain := slices.Clone(s.edits)
	if saved := s.saveTo(w, clean, byRow); saved != nil {
		if out, err := finish(data, append(s.edits, saved...)); err == nil {
			return out, nil
		}
		// The standard does not allow it in this form: its rules of entities are
		// not ours to bend. What only the kit reads can always stand.
	}
	return finish(data, plain)
}

func finish(data []byte, edits []workbook.Edit) ([]byte, error) {
	out, err := workbook.Apply(data, edits)
	if err != nil {
		return nil, civic.NewProblem(civic.FormRefused, err, err.Error())
	}
	if _, err := form.Load(out); err != nil {
		return nil, err
	}
	return out, nil
}

// checked refuses what no workbook should say: an unknown attribute, a row that
// asks nothing.
func checked(choices []Choice, byRow map[int]*form.Question, dictionary *attributes.Dictionary) ([]Choice, error) {
	refuse := func(c Choice, why string) ([]Choice, error) {
		return nil, civic.NewProblem(civic.FormRefused, nil, fmt.Sprintf("row %d: %s", c.Row, why))
	}
	var out []Choice
	for _, c := range choices {
		if c.Attr = strings.TrimSpace(c.Attr); c.Attr == "" {
			continue
		}
		q := byRow[c.Row]
		name := c.Attr[strings.LastIndex(c.Attr, ".")+1:]
		switch a, known := dictionary.Get(civic.Attribute(name)); {
		case q == nil || !q.Kind.Asked():
			return refuse(c, "it holds no question")
		case !known || a.Name == "":
			return refuse(c, "the dictionary has no attribute "+name)
		case c.Days < 0 || c.Days > 36_500:
			return refuse(c, "the days are between 1 and 36500")
		}
		out = append(out, c)
	}
	return out, nil
}

// sheetEdits gathers changes of the survey sheet, with new columns at its end.
type sheetEdits struct {
	sheet   *workbook.Sheet
	edits   []workbook.Edit
	columns map[string]int
	next    int
}

// set writes a cell of a column by its name.
func (s *sheetEdits) set(row int, column, value string) {
	if s.columns == nil {
		s.columns = map[string]int{}
		head := s.sheet.Rows[0]
		s.next = len(head.Cells)
		for i, h := range head.Cells {
			name := strings.ToLower(strings.TrimSpace(h))
			if name == "bind::entities:saveto" {
				name = "save_to"
			}
			if _, twice := s.columns[name]; !twice && name != "" {
				s.columns[name] = i
			}
		}
	}
	at, ok := s.columns[column]
	if !ok {
		at = s.next
		s.columns[column] = at
		s.next++
		s.edits = append(s.edits, workbook.Edit{Sheet: s.sheet.Name, Row: s.sheet.Rows[0].Number, Column: at, Value: column})
	}
	s.edits = append(s.edits, workbook.Edit{Sheet: s.sheet.Name, Row: row, Column: at, Value: value})
}

// saveTo adds save_to for what is said of the one the form is about, and the
// sheet of entities it needs; nil when the workbook has entities of its own, or
// nothing an entity could be called by.
func (s *sheetEdits) saveTo(w *workbook.Workbook, choices []Choice, byRow map[int]*form.Question) []workbook.Edit {
	if w.Sheet("entities") != nil {
		return nil
	}
	named := map[string]string{} // attribute to the question's name
	for _, c := range choices {
		q := byRow[c.Row]
		if strings.Contains(c.Attr, ".") || q.Repeat != "" || named[c.Attr] != "" {
			continue
		}
		named[c.Attr] = q.Name
		s.set(c.Row, "save_to", c.Attr)
	}
	var parts []string
	for _, a := range []string{"full_name", "given_name", "surname", "second_surname"} {
		if q := named[a]; q != "" {
			parts = append(parts, "${"+q+"}")
		}
	}
	if len(parts) == 0 {
		return nil
	}
	label := parts[0]
	if len(parts) > 1 {
		label = "concat(" + strings.Join(parts, ", ' ', ") + ")"
	}
	cells := map[string]string{"list_name": entityListName, "label": label}
	var edits []workbook.Edit
	for i, name := range slices.Sorted(maps.Keys(cells)) {
		edits = append(edits, workbook.Edit{Sheet: "entities", Row: 1, Column: i, Value: name}, workbook.Edit{Sheet: "entities", Row: 2, Column: i, Value: cells[name]})
	}
	return edits
}
