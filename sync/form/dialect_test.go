package form_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// TestParameters judges the parameters of questions: a type with parameters, and
// whether it is taken.
func TestParameters(t *testing.T) {
	for question, ok := range map[string]bool{
		"text | rows=3": true, "text | rows=x": false, "text | row=3": false, "text | rows": false, "text | rows = 3 ,": true,
		"image | max-pixels=640": true, "image | max-pixels=1.5": false, "image | app=org.example.camera": true, "image | app=camera": false,
		"audio | quality=low": true, "audio | quality=external": true, "audio | quality=loud": false,
		"geopoint | capture-accuracy=10 warning-accuracy=50": true, "geopoint | capture-accuracy=near": false, "geopoint | allow-mock-accuracy=maybe": false,
		"geoshape | incremental=true": true, "geoshape | incremental=false": false, "geotrace | reference-geometry=c": false, "geoshape | reference-geometry=${r}": true,
		"select_one c | randomize=true seed=5": true, "select_one c | seed=5": false, "select_one c | randomize=true seed=x": false, "select_one c | randomize=perhaps": false,
		"select_one_from_file a.csv | value=code label=title": true, "select_one_from_file a.csv | value=1code": false, "select_one_from_file a.pdf | ": false,
		"range | ": true, "range | start=0 end=1 step=0.1": true, "range | start=a": false, "range | step=0": false, "range | end=3 step=5": false,
		"range | tick_interval=2": true, "range | step=2 tick_interval=3": false, "range | placeholder=5": true, "range | placeholder=50": false,
		"range | end=3 tick_labelset=num": true, "range | end=2 tick_labelset=num": false, "range | tick_labelset=c": false, "range | tick_labelset=none": false,
		"audit | location-priority=balanced location-min-interval=60 location-max-age=120": true, "audit | location-priority=balanced": false,
		"audit | location-priority=slow location-min-interval=60 location-max-age=120": false, "audit | location-priority=balanced location-min-interval=90 location-max-age=60": false,
		"audit | track-changes=yes": false, "audit | track-changes-reasons=on-form-edit": true,
	} {
		typ, parameters, _ := strings.Cut(question, " | ")
		name := "q"
		if typ == "audit" {
			name = ""
		}
		_, err := form.Compile(table("| survey |\n| | type | name | label | parameters |\n| | " + typ + " | " + name + " | Q | " + parameters + " |\n" +
			"| | text | t | T | |\n| | begin repeat | r | R | |\n| | text | x | X | |\n| | end repeat | | | |\n" +
			"| choices |\n| | list_name | name | label |\n| | c | a | A |\n| | num | 1 | One |\n| | num | 3 | Three |"))
		if (err == nil) != ok {
			t.Errorf("%s: %v", question, err)
		}
	}
}

// TestOldWays takes what older workbooks hold.
func TestOldWays(t *testing.T) {
	f := compiled(t, `
| survey |
| | type                    | name   | caption | appearance | repeat_count | relevance | disabled | hint |
| | form_title              | Old form |       |            |              |           |          |      |
| | add select one prompt using c | one | One  |            |              |           |          |      |
| | percentage              | share  | Share   |            |              |           |          |      |
| | Text                    | words  | Words   |            |              | ${share} > 5 |       |      |
| | text                    | gone   | Gone    |            |              |           | yes      |      |
| | begin lgroup            | kids   | Kids    |            | ${share} - 8 |           |          |      |
| | text                    | kid    | Kid     |            |              |           |          |      |
| | end lgroup              |        |         |            |              |           |          |      |
| | begin group             | grid   | Grid    | table-list |              |           |          | Tip  |
| | select_one c            | g1     | G1      |            |              |           |          |      |
| | select_one c            | g2     | G2      |            |              |           |          |      |
| | end group               |        |         |            |              |           |          |      |
| | begin loop over c       | looped | Looped  |            |              |           |          |      |
| | text                    | l      | L       |            |              |           |          |      |
| | end loop                |        |         |            |              |           |          |      |
| | note                    |        | Bye     |            |              |           |          |      |
| choices |
| | list name | name | caption |
| | c         | a    | A       |
| | c         | b    | B       |`)
	s := form.Start(f, env())
	play(t, s, "share = 10", "words = x", "kids[2]/kid = Eva", "grid/g1 = a", "kids_count ? 2")
	if f.Title("") != "Old form" || s.State("gone").Relevant {
		t.Errorf("%q", f.Title(""))
	}
	var paths []string
	for _, sec := range s.Sections("") {
		for _, it := range sec.Items {
			paths = append(paths, it.Path)
		}
	}
	want := []string{"one", "share", "words", "kids[1]", "kids[1]/kid", "kids[2]", "kids[2]/kid", "grid/g1", "grid/g2", "generated_note_name_17"}
	if !slices.Equal(paths, want) {
		t.Errorf("%v", paths)
	}
	play(t, s, "share = 200")
	if found := s.CheckAll(); len(found) != 1 || found[0].Code != civic.AnswerConstraint {
		t.Errorf("%+v", found)
	}
	var m []string
	for _, b := range f.Model().Binds {
		m = append(m, b.Path)
	}
	for _, path := range []string{"/data/kids_count", "/data/grid/generated_table_list_label_10", "/data/grid/reserved_name_for_field_list_labels_11", "/data/meta/instanceID"} {
		if !slices.Contains(m, path) {
			t.Errorf("no %s in %v", path, m)
		}
	}
	if len(f.Questions()) != 8 {
		t.Errorf("%d questions", len(f.Questions()))
	}
}

// TestRules lists workbooks that are refused for a rule about several rows.
func TestRules(t *testing.T) {
	head := "| survey |\n| | type | name | label | trigger | appearance | calculation |\n"
	choices := "| choices |\n| | list_name | name | label |\n| | c | a | A |\n| | d | b b | B |\n"
	for name, md := range map[string]string{
		"trigger without braces":  head + "| | text | a | A | | | |\n| | text | b | | a | | 1 |",
		"trigger without comma":   head + "| | text | a | A | | | |\n| | text | b | | ${a} ${a} | | 1 |",
		"hidden trigger":          head + "| | calculate | a | | | | 1 |\n| | text | b | | ${a} | | 1 |",
		"background without":      head + "| | background-geopoint | a | | | | |",
		"meta":                    head + "| | text | meta | A | | | |",
		"audit named":             head + "| | audit | log | | | | |",
		"space in several":        head + "| | select_multiple d | a | A | | | |\n" + choices,
		"other of a file":         head + "| | select_one_from_file x.csv or_other | a | A | | | |",
		"external without sheet":  head + "| | select_one_external z | a | A | | | |\n" + choices,
		"search and not":          head + "| | select_one c | a | A | | search('x') | |\n| | select_one c | b | B | | | |\n" + choices,
		"search of a file":        head + "| | select_one_from_file x.csv | a | A | | search('x') | |",
		"two lists in a table":    head + "| | begin group | g | G | | table-list | |\n| | select_one c | a | A | | | |\n| | select_one d | b | B | | | |\n| | end group | | | | | |\n" + choices,
		"loop over nothing":       head + "| | begin loop over z | g | G | | | |\n| | text | a | A | | | |\n| | end loop | | | | | |",
		"two sources":             head + "| | csv-external | x | | | | |\n| | calculate | a | | | | pulldata('x', 'b', 'c', 1) |\n| | select_one_from_file x.xml | b | B | | | |",
		"choices without name":    head + "| | text | a | A | | | |\n| choices |\n| | list_name | label |\n| | c | A |",
		"instance name":           head + "| | text | a | A | | | |\n| settings |\n| | instance_name |\n| | ${z} |",
		"name of the root":        head + "| | text | a | A | | | |\n| settings |\n| | name |\n| | 1x |",
		"choice mentions nothing": head + "| | select_one e | a | A | | | |\n| choices |\n| | list_name | name | label |\n| | e | a | ${z} |",
		"choice with half a name": head + "| | select_one e | a | A | | | |\n| choices |\n| | list_name | name | label |\n| | e | a | ${a |",
		"choices of no repeat":    head + "| | text | a | A | | | |\n| | select_one ${a} | b | B | | | |",
	} {
		_, err := form.Compile(table(md))
		var r *form.Refusal
		if !errors.As(err, &r) {
			t.Errorf("%s: taken", name)
		} else if r.Error() == "" || strings.Contains(r.Error(), "..") {
			t.Errorf("%s: %s", name, r.Error())
		}
	}
}
