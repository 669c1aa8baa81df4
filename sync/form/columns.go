package form

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/askonce/fieldkit/sync/form/workbook"
)

// table is a sheet whose first row was read as headers.
type table struct {
	name    string
	sheet   string // as the workbook writes it
	head    int    // row of the headers
	columns []column
	rows    []row
}

// column is one header: what it means, and how it was written.
type column struct {
	key      string // canonical name: "label", "constraint_message", "bind::x"
	language string // "Español (es)", empty when untranslated
	header   string
	letter   string // as the spreadsheet names it
}

// row holds the cells of one row by canonical name; translated cells under
// "label::Español (es)".
type row struct {
	number int
	cells  map[string]string
}

func (r row) get(key string) string { return r.cells[key] }

// headerNames maps every way a header may be written, in small letters with
// underscores, to its canonical name.
var headerNames = map[string]string{
	"tag": "name", "value": "name", "command": "type", "caption": "label",
	"relevance": "relevant", "bind::relevant": "relevant",
	"constraining_message": "constraint_message", "constraint_message": "constraint_message",
	"bind::jr:constraintmsg": "constraint_message", "bind::constraint": "constraint",
	"requiredmsg": "required_message", "bind::jr:requiredmsg": "required_message", "bind::required": "required",
	"calculate": "calculation", "bind::calculate": "calculation",
	"readonly": "read_only", "bind::readonly": "read_only",
	"count": "repeat_count", "jr:count": "repeat_count", "control::jr:count": "repeat_count", "body::jr:count": "repeat_count",
	"control::appearance": "appearance", "body::appearance": "appearance", "bind::type": "bind::type",
	"media::image": "image", "media::audio": "audio", "media::video": "video", "media::big-image": "big-image",
	"media::autoplay": "autoplay", "body::autoplay": "autoplay", "control::autoplay": "autoplay",
	"bind::entities:saveto": "save_to", "bind::jr:preload": "bind::jr:preload",
	"noapperrorstring": "no_app_error_string", "bind::jr:noapperrorstring": "no_app_error_string",
	"list": "list_name", "dataset": "list_name",
	"id_string": "form_id", "title": "form_title", "set_form_title": "form_title", "set_form_id": "form_id",
}

// translatable names the columns that may carry a language.
var translatable = map[string]bool{
	"label": true, "hint": true, "guidance_hint": true, "constraint_message": true, "required_message": true,
	"image": true, "audio": true, "video": true, "big-image": true, "no_app_error_string": true, "form_title": true,
}

// otherToolsStop is how many empty rows end a sheet for the reference
// converter.
const otherToolsStop = 60

// choiceColumn names the columns of choices that have a meaning of their own.
var choiceColumn = map[string]bool{"list_name": true, "name": true}

// partOfForm names the families of columns that may hold any name after "::".
var partOfForm = map[string]bool{"bind": true, "body": true, "control": true, "instance": true, "attribute": true}

var spaces = regexp.MustCompile(` +`)

// readTable reads headers and rows of a sheet. A column that repeats the
// meaning of one before it is dropped with a warning; where only the later one
// holds something, that is kept.
func (b *builder) readTable(s *workbook.Sheet) *table {
	t := &table{name: strings.ToLower(strings.TrimSpace(s.Name)), sheet: s.Name}
	if len(s.Rows) == 0 {
		return t
	}
	head := s.Rows[0]
	t.head = head.Number
	double := false
	for _, h := range head.Cells {
		double = double || strings.Contains(h, "::")
	}
	for i, h := range head.Cells {
		c := canonical(h, double)
		c.letter = workbook.Letter(i)
		if strings.HasSuffix(t.name, "choices") && c.language == "" && !choiceColumn[c.key] && !translatable[c.key] {
			// Filters name further columns exactly as they are written.
			c.key = strings.TrimSpace(h)
		}
		t.columns = append(t.columns, c)
	}
	t.dropRepeats(b, s, head.Number)
	for i := range t.columns {
		c := &t.columns[i]
		if head, _, translated := strings.Cut(c.key, "::"); translated && s.Filled(i) && !partOfForm[head] {
			b.warn(Finding{Code: codeColumnMissing, Sheet: t.name, Row: 1, Column: c.header,
				Message: "The column " + c.header + " is not known.", Repair: "left the column out", edits: t.leaveOut(i)})
			c.key = ""
		}
	}
	if s.Cut {
		b.warn(Finding{Code: codeColumnsCut, Sheet: t.name, Row: head.Number,
			Message: "Columns beyond the 250th are not read."})
	}
	for i, r := range s.Rows[1:] {
		if gap := r.Number - s.Rows[i].Number - 1; gap >= otherToolsStop {
			b.warn(Finding{Code: codeSize, Sheet: t.name, Row: r.Number, Repair: "read on",
				Message: fmt.Sprintf("%d empty rows stand before this one; other programs stop reading there.", gap)})
		}
		cells := map[string]string{}
		for i, c := range t.columns {
			v := r.Cell(i)
			if v == "" || c.key == "" {
				continue
			}
			cells[c.id()] = b.clean(v, t.name)
		}
		if len(cells) > 0 {
			t.rows = append(t.rows, row{r.Number, cells})
		}
	}
	return t
}

// dropRepeats keeps one of several columns with the same meaning.
func (t *table) dropRepeats(b *builder, s *workbook.Sheet, headRow int) {
	first := map[string]int{}
	for i := range t.columns {
		c := &t.columns[i]
		if c.key == "" {
			continue
		}
		j, seen := first[c.id()]
		if !seen {
			first[c.id()] = i
			continue
		}
		keep, drop := j, i
		if !s.Filled(j) && s.Filled(i) {
			keep, drop = i, j
			first[c.id()] = i
		}
		b.warn(Finding{Code: codeColumnTwice, Sheet: t.name, Row: headRow, Column: t.columns[drop].header,
			Message: "The columns \"" + t.columns[j].header + "\" and \"" + t.columns[i].header + "\" mean the same.",
			Repair:  "kept column " + t.columns[keep].letter + ", left out column " + t.columns[drop].letter,
			edits:   t.leaveOut(drop)})
		t.columns[drop].key = ""
	}
}

// leaveOut renames a column to what every program ignores.
func (t *table) leaveOut(i int) []workbook.Edit {
	return []workbook.Edit{{Sheet: t.sheet, Row: t.head, Column: i, Value: "x_left_out_" + strings.ReplaceAll(t.columns[i].header, ":", "_")}}
}

// cell is the change of one cell by the column's canonical name; none when the
// sheet has no such column.
func (t *table) cell(row int, key, value string) []workbook.Edit {
	if i := t.index(key); i >= 0 {
		return []workbook.Edit{{Sheet: t.sheet, Row: row, Column: i, Value: value}}
	}
	return nil
}

// index finds a column by its canonical name, translated or not; -1 if absent.
func (t *table) index(key string) int {
	for i, c := range t.columns {
		if c.id() == key {
			return i
		}
	}
	for i, c := range t.columns {
		if c.key == key {
			return i
		}
	}
	return -1
}

func (c column) id() string {
	if c.language == "" {
		return c.key
	}
	return c.key + "::" + c.language
}

// canonical reads one header. double tells that the sheet uses "::" somewhere,
// in which case a single ":" is part of a name.
func canonical(header string, double bool) column {
	c := column{header: header}
	h := strings.TrimSpace(header)
	if h == "" {
		return c
	}
	var parts []string
	if double || !strings.Contains(h, ":") {
		parts = strings.Split(h, "::")
	} else {
		parts = strings.Split(h, ":")
		// "jr:constraintMsg" is one name.
		for i := 0; i+1 < len(parts); i++ {
			if p := strings.TrimSpace(strings.ToLower(parts[i])); p == "jr" || p == "orx" || p == "odk" || p == "entities" || p == "cht" {
				parts[i] += ":" + parts[i+1]
				parts = append(parts[:i+1], parts[i+2:]...)
			}
		}
	}
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	fold := func(s string) string {
		return strings.ReplaceAll(strings.ToLower(spaces.ReplaceAllString(s, " ")), " ", "_")
	}
	for n := len(parts); n > 0; n-- {
		key := fold(strings.Join(parts[:n], "::"))
		if name, ok := headerNames[key]; ok {
			key = name
		}
		if translatable[key] {
			c.key, c.language = key, strings.Join(parts[n:], "::")
			return c
		}
	}
	key := fold(strings.Join(parts, "::"))
	if name, ok := headerNames[key]; ok {
		key = name
	} else if len(parts) > 1 {
		// Names of attributes keep their capital letters.
		key = fold(parts[0]) + "::" + strings.Join(parts[1:], "::")
	}
	c.key = key
	return c
}

var languageCode = regexp.MustCompile(`\(([A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*)\)\s*$`)

// codeOf finds the BCP 47 code in "Español (es)".
func codeOf(name string) string {
	if m := languageCode.FindStringSubmatch(name); m != nil {
		return strings.ReplaceAll(m[1], "_", "-")
	}
	return name
}

// clean undoes what authors' programs put in: smart quotes become straight
// ones, and in the survey runs of spaces one.
func (b *builder) clean(v, sheet string) string {
	v = smart.Replace(v)
	if sheet == "survey" && !no(b.settings["clean_text_values"]) {
		v = spaces.ReplaceAllString(v, " ")
	}
	return v
}

var smart = strings.NewReplacer("‘", "'", "’", "'", "“", `"`, "”", `"`)
