package batchtest

import (
	"bytes"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// questions are the lines of the survey sheet: type, name; a slash makes a
// group.
var questions = [][2]string{
	{"select_one venue", "birth/venue"}, {"text", "birth/clinic"}, {"select_one attendant", "birth/attendant"}, {"select_one kind", "birth/kind"},
	{"select_one sex", "child/sex"}, {"text", "child/given_name"}, {"text", "child/surname"}, {"text", "child/second_surname"},
	{"date", "child/birth_date"}, {"integer", "child/weight"},
	{"text", "mother/given_name"}, {"text", "mother/surname"}, {"text", "mother/second_surname"}, {"date", "mother/birth_date"},
	{"select_one schooling", "mother/schooling"}, {"select_one union", "mother/union"}, {"integer", "mother/children"}, {"select_one tongue", "mother/tongue"},
	{"select_one yesno", "father/known"},
	{"text", "father/given_name"}, {"text", "father/surname"}, {"text", "father/second_surname"}, {"date", "father/birth_date"}, {"text", "father/trade"},
	{"select_one town", "home/town"}, {"text", "home/place"}, {"text", "home/street"}, {"text", "home/phone"},
	{"select_one teller", "informant"}, {"select_multiple papers", "papers"}, {"image", "photo"},
}

var choices = map[string][]string{
	"venue": {"hospital", "clinic", "home", "other"}, "attendant": {"doctor", "nurse", "midwife", "other"},
	"kind": {"single", "twin", "triplet"}, "sex": {"female", "male"}, "schooling": {"none", "primary", "secondary", "high", "degree"},
	"union":  {"single", "married", "cohabiting", "separated", "widowed"},
	"tongue": {"español", "zapoteco", "mixteco", "mazateco"}, "yesno": {"yes", "no"},
	"teller": {"mother", "father", "grandparent", "other"}, "papers": {"birth_note", "mother_id", "father_id", "marriage"},
}

// vocabulary gives the words of a question, as a ministry would list them: most
// common first in the country, which is not the order of this district.
func (w *World) vocabulary(path string) []string {
	switch path {
	case "child/given_name", "mother/given_name", "father/given_name":
		both := make([]string, 0, len(w.female)+len(w.male))
		for i := range w.female {
			both = append(both, w.female[i], w.male[i])
		}
		if path == "mother/given_name" {
			return w.female
		}
		if path == "father/given_name" {
			return w.male
		}
		return both
	case "mother/surname":
		return w.family
	case "father/trade":
		return w.trade
	case "home/street":
		return append([]string{"Calle"}, w.street...)
	case "home/place":
		var all []string
		for _, t := range w.towns {
			all = append(all, t.places...)
		}
		return all
	case "birth/clinic":
		var all []string
		for _, t := range w.towns {
			all = append(all, t.clinics...)
		}
		return all
	}
	return nil
}

// Workbook writes the form, an XLSForm workbook.
func (w *World) Workbook() ([]byte, error) {
	survey := [][]any{{"type", "name", "label", "x_partial"}}
	group := ""
	for _, q := range questions {
		in, name := "", q[1]
		for i := range name {
			if name[i] == '/' {
				in, name = name[:i], name[i+1:]
				break
			}
		}
		if in != group {
			if group != "" {
				survey = append(survey, []any{"end group"})
			}
			if in != "" {
				survey = append(survey, []any{"begin group", in, in})
			}
			group = in
		}
		partial := ""
		if q[0] == "date" {
			partial = "yes"
		}
		survey = append(survey, []any{q[0], name, name, partial})
	}
	list := [][]any{{"list_name", "name", "label"}}
	words := [][]any{{"question", "word"}}
	// A list that several questions share stands under their name.
	for _, q := range [][2]string{
		{"child/given_name", "child/given_name"}, {"mother/given_name", "mother/given_name"}, {"father/given_name", "father/given_name"},
		{"surname", "mother/surname"}, {"second_surname", "mother/surname"},
		{"father/trade", "father/trade"}, {"home/place", "home/place"}, {"home/street", "home/street"}, {"birth/clinic", "birth/clinic"},
	} {
		for _, word := range w.vocabulary(q[1]) {
			words = append(words, []any{q[0], word})
		}
	}
	for _, q := range questions {
		var of string
		if n, _ := fmt.Sscanf(q[0], "select_one %s", &of); n == 0 {
			if n, _ = fmt.Sscanf(q[0], "select_multiple %s", &of); n == 0 {
				continue
			}
		}
		names := choices[of]
		if of == "town" {
			for _, t := range w.towns {
				names = append(names, t.name)
			}
		}
		for _, name := range names {
			list = append(list, []any{of, name, name})
		}
	}
	settings := [][]any{{"form_id", "form_title", "version"}, {string(Form.ID), "Births of a district that does not exist", Form.Version}}
	return workbook(survey, list, settings, words)
}

// workbook writes the sheets of an XLSForm.
func workbook(survey, choices, settings, words [][]any) ([]byte, error) {
	f := excelize.NewFile()
	for _, sheet := range []struct {
		name string
		rows [][]any
	}{{"survey", survey}, {"choices", choices}, {"settings", settings}, {"x_words", words}} {
		if _, err := f.NewSheet(sheet.name); err != nil {
			return nil, err
		}
		out, err := f.NewStreamWriter(sheet.name)
		if err != nil {
			return nil, err
		}
		for i, row := range sheet.rows {
			if err := out.SetRow(fmt.Sprintf("A%d", i+1), row); err != nil {
				return nil, err
			}
		}
		if err := out.Flush(); err != nil {
			return nil, err
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), f.Close()
}
