package form_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// TestRefusals gives one small workbook for each kind of fault and tells the
// place that must be named.
func TestRefusals(t *testing.T) {
	const good = "\n| | text | q | Q | |"
	head := "| survey |\n| | type | name | label | relevant |"
	for _, c := range []struct {
		code civic.Code
		at   string
		md   string
	}{
		{"sheet_missing", "survey", "| questions |\n| | type |"},
		{"sheet_missing", "survey", "| survey |\n| | type | name | label |"},
		{"column_missing", "survey, row 1, column type", "| survey |\n| | name | label |\n| | q | Q |"},
		{"name_missing", "survey, row 2, column name", head + "\n| | text | | Q | |"},
		{"name_invalid", "survey, row 2, column name", head + "\n| | text | 2q | Q | |"},
		{"name_twice", "survey, row 3, column name", head + good + good},
		{"type_unknown", "survey, row 2, column type", head + "\n| | texto | q | Q | |"},
		{"label_missing", "survey, row 2, column label", head + "\n| | text | q | | |"},
		{"nesting", "survey, row 2, column type", head + "\n| | begin group | g | G | |" + good},
		{"nesting", "survey, row 3, column type", head + good + "\n| | end group | | | |"},
		{"nesting", "survey, row 4, column type", head + "\n| | begin group | g | G | |" + good + "\n| | end repeat | | | |"},
		{"list_missing", "survey, row 2, column type", head + "\n| | select_one c | q | Q | |"},
		{"choice_name", "choices, row 2, column name", head + good + "\n| choices |\n| | list_name | name | label |\n| | c | | C |"},
		{"choice_twice", "choices, row 3, column name", head + good + "\n| choices |\n| | list_name | name | label |\n| | c | a | C |\n| | c | a | D |"},
		{"function_unknown", "survey, row 2", head + "\n| | text | q | Q | fly(1) = 2 |"},
		{"reference_unknown", "survey, row 2, column relevant", head + "\n| | text | q | Q | ${z} = 1 |"},
		{"reference_unknown", "survey, row 2, column label", head + "\n| | text | q | Hello ${z} | |"},
		{"calculation_missing", "survey, row 2, column calculation", head + "\n| | calculate | q | | |"},
		{"workbook_dialect", "survey, row 1, column clause", "| survey |\n| | clause | type | name | display.prompt.text |\n| | | text | q | Q |"},
		{"workbook_dialect", "survey, row 2, column type", head + "\n| | db:person | q | Q | |"},
	} {
		_, err := form.Compile(table(c.md))
		var r *form.Refusal
		if !errors.As(err, &r) || civic.CodeOf(err) != civic.FormRefused {
			t.Errorf("%s: taken\n%s", c.code, c.md)
			continue
		}
		if f := r.Findings[0]; f.Code != c.code || f.At() != c.at || f.Message == "" || !strings.HasSuffix(f.Message, ".") && !strings.HasSuffix(f.Message, "?") {
			t.Errorf("want %s at %s, have %s at %q: %s", c.code, c.at, f.Code, f.At(), f.Message)
		}
	}
}

// TestWarnings lists what is taken with a warning, and what was done about it.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		code     civic.Code
		repaired bool
		md       string
	}{
		{"column_twice", true, "| survey |\n| | type | name | label | relevant | relevance |\n| | text | q | Q | 1 = 1 | |"},
		{"expression", true, "| survey |\n| | type | name | label | relevant |\n| | text | q | Q | 1 + |"},
		{"type_out_of_scope", false, "| survey |\n| | type | name | label |\n| | geotrace | q | Q |"},
		{"type_out_of_scope", false, "| survey |\n| | type | name | label |\n| | audit | audit | |\n| | text | q | Q |"},
		{"or_other", true, "| survey |\n| | type | name | label | choice_filter |\n| | select_one c or_other | q | Q | x = 1 |\n| choices |\n| | list_name | name | label | x |\n| | c | a | A | 1 |"},
		{"choice_twice", true, "| survey |\n| | type | name | label |\n| | select_one c | q | Q |\n| choices |\n| | list_name | name | label |\n| | c | a | A |\n| | c | a | A |"},
		{"choice_label", false, "| survey |\n| | type | name | label |\n| | select_one c | q | Q |\n| choices |\n| | list_name | name | label |\n| | c | a | |"},
		{"regex_partial", false, "| survey |\n| | type | name | label | constraint |\n| | text | q | Q | regex(., '[0-9]+') |"},
		{"entity", true, "| survey |\n| | type | name | label | save_to |\n| | text | q | Q | given_name |"},
		{"reference_ambiguous", true, "| survey |\n| | type | name | label | relevant |\n| | text | data | Q | |\n| | text | q | Q | ${data} = 1 |"},
	} {
		f, err := form.Compile(table(c.md))
		if err != nil {
			t.Errorf("%s: %v", c.code, err)
			continue
		}
		found := false
		for _, w := range f.Warnings {
			found = found || w.Code == c.code && (w.Repair != "") == c.repaired && w.Warning
		}
		if !found {
			t.Errorf("no warning %s: %+v", c.code, f.Warnings)
		}
	}
}

// TestOutOfScope keeps what cannot be asked from standing in the way.
func TestOutOfScope(t *testing.T) {
	f := compiled(t, "| survey |\n| | type | name | label | required |\n| | geoshape | field | Field | yes |\n| | text | q | Q | |")
	s := form.Start(f, env())
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	if items := s.Sections("")[0].Items; len(items) != 1 || items[0].Path != "q" {
		t.Errorf("%+v", items)
	}
}

// TestEntities judges sheets of entities.
func TestEntities(t *testing.T) {
	survey := "| survey |\n| | type | name | label | save_to |\n"
	row := func(typ, name, saveTo string) string {
		return "| | " + typ + " | " + name + " | L | " + saveTo + " |\n"
	}
	repeat := row("begin repeat", "r", "") + row("text", "a", "x#pa") + row("end repeat", "", "")
	for name, c := range map[string]struct {
		survey, entities string
		ok               bool
	}{
		"create":             {row("text", "a", "pa"), "| | list_name | label |\n| | x | ${a} |", true},
		"no label":           {row("text", "a", "pa"), "| | list_name | label |\n| | x | |", false},
		"update":             {row("text", "a", "pa"), "| | list_name | entity_id |\n| | x | ${a} |", true},
		"update without id":  {row("text", "a", "pa"), "| | list_name | update_if | label |\n| | x | 1 = 1 | ${a} |", false},
		"create and id":      {row("text", "a", "pa"), "| | list_name | create_if | entity_id |\n| | x | 1 = 1 | ${a} |", false},
		"list with a point":  {row("text", "a", "pa"), "| | list_name | label |\n| | x.y | ${a} |", false},
		"list twice":         {row("text", "a", ""), "| | list_name | label |\n| | x | ${a} |\n| | x | ${a} |", false},
		"unknown column":     {row("text", "a", "pa"), "| | list_name | label | what |\n| | x | ${a} | 1 |", false},
		"reserved property":  {row("text", "a", "Name"), "| | list_name | label |\n| | x | ${a} |", false},
		"property twice":     {row("text", "a", "pa") + row("text", "b", "pa"), "| | list_name | label |\n| | x | ${a} |", false},
		"group saved":        {row("begin group", "g", "pa") + row("text", "a", "") + row("end group", "", ""), "| | list_name | label |\n| | x | ${a} |", false},
		"two without prefix": {row("text", "a", "pa"), "| | list_name | label |\n| | x | ${a} |\n| | y | ${a} |", false},
		"two in one place":   {row("text", "a", "x#pa") + row("text", "b", "y#pb"), "| | list_name | label |\n| | x | ${a} |\n| | y | ${b} |", false},
		"one in a repeat":    {repeat + row("text", "b", "y#pb"), "| | list_name | label |\n| | x | ${a} |\n| | y | ${b} |", true},
		"across repeats":     {repeat + row("text", "b", "x#pb"), "| | list_name | label |\n| | x | ${a} |\n| | y | ${b} |", false},
		"unknown list":       {row("text", "a", "z#pa"), "| | list_name | label |\n| | x | ${a} |", false},
	} {
		_, err := form.Compile(table(survey + c.survey + "| entities |\n" + c.entities))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
