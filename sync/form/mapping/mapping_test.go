package mapping_test

import (
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/mapping"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

func dictionary(t testing.TB) *attributes.Dictionary {
	t.Helper()
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stripped gives a shipped workbook without what it says of attributes, and what
// it said by path.
func stripped(t testing.TB, name string) ([]byte, map[string]string) {
	t.Helper()
	b, err := assets.Forms.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	said, err := mapping.Propose(f, dictionary(t))
	if err != nil {
		t.Fatal(err)
	}
	truth := map[string]string{}
	for _, p := range said {
		truth[p.Path] = p.Have
	}
	w, err := workbook.Read(b, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	survey := w.Sheet("survey")
	column := slices.Index(survey.Rows[0].Cells, "x_attr")
	var edits []workbook.Edit
	for _, r := range survey.Rows[1:] {
		if r.Cell(column) != "" {
			edits = append(edits, workbook.Edit{Sheet: survey.Name, Row: r.Number, Column: column})
		}
	}
	if b, err = workbook.Apply(b, edits); err != nil {
		t.Fatal(err)
	}
	return b, truth
}

// TestProposals takes the attributes out of our own forms and has them proposed
// again. The words were written with such forms in mind, so the figures say that
// the machinery works, not how a ministry's form fares.
func TestProposals(t *testing.T) {
	names, err := fs.Glob(assets.Forms, "forms/*.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	right, wrong, missed, invented := 0, 0, 0, 0
	for _, name := range names {
		b, truth := stripped(t, name)
		f, err := form.Load(b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mapping.Propose(f, dictionary(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got {
			switch want := truth[p.Path]; {
			case p.Attr == want && want != "":
				right++
			case p.Attr == "" && want != "":
				missed++
				t.Logf("%s %s %q: nothing proposed, it is %s", name, p.Path, p.Label, want)
			case want == "" && p.Attr != "":
				invented++
				t.Logf("%s %s %q: proposed %s (%s, %.2f), it is nothing", name, p.Path, p.Label, p.Attr, p.Why, p.Score)
			case p.Attr != want:
				wrong++
				t.Logf("%s %s %q: proposed %s (%s, %.2f), it is %s", name, p.Path, p.Label, p.Attr, p.Why, p.Score, want)
			}
		}
	}
	t.Logf("right %d, wrong %d, missed %d, proposed for nothing %d", right, wrong, missed, invented)
	if all := right + wrong + missed; right*100 < 75*all || (wrong+invented)*100 > 15*all {
		t.Errorf("of %d: right %d, wrong %d, proposed for nothing %d", all, right, wrong, invented)
	}
}

// TestHeldOut judges proposals on single questions, among them such as mean
// nothing: testdata/heldout.csv. The same hand wrote words and questions.
func TestHeldOut(t *testing.T) {
	file, err := os.Open(filepath.Join("testdata", "heldout.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	right, wrong, missed := 0, 0, 0
	for _, r := range rows[1:] {
		w := &workbook.Workbook{Names: []string{"survey", "choices", "settings"}, Sheets: []*workbook.Sheet{
			{Name: "survey", Rows: []workbook.Row{{Number: 1, Cells: []string{"type", "name", "label"}}, {Number: 2, Cells: []string{r[0], r[1], r[2]}}}},
			{Name: "choices", Rows: []workbook.Row{{Number: 1, Cells: []string{"list_name", "name", "label"}}, {Number: 2, Cells: []string{"sex", "f", "Female"}}, {Number: 3, Cells: []string{"yn", "y", "Yes"}}, {Number: 4, Cells: []string{"yn", "n", "No"}}}},
			{Name: "settings", Rows: []workbook.Row{{Number: 1, Cells: []string{"form_id", "version"}}, {Number: 2, Cells: []string{"t", "1"}}}},
		}}
		f, err := form.LoadSheets(w)
		if err != nil {
			t.Fatalf("%v: %v", r, err)
		}
		got, err := mapping.Propose(f, dictionary(t))
		if err != nil {
			t.Fatal(err)
		}
		switch got[0].Attr {
		case r[3]:
			right++
		case "":
			missed++
			t.Logf("%q: nothing, it is %s", r[2], r[3])
		default:
			wrong++
			t.Logf("%q: %s (%s %.2f), it is %q", r[2], got[0].Attr, got[0].Why, got[0].Score, r[3])
		}
	}
	t.Logf("held out: right %d, wrong %d, missed %d", right, wrong, missed)
	if all := len(rows) - 1; right*100 < 70*all || wrong*100 > 15*all {
		t.Errorf("of %d: right %d, wrong %d", all, right, wrong)
	}
}

// TestWritten: what was decided stands in the workbook, which still loads, and
// in other programs means what the standard says.
func TestWritten(t *testing.T) {
	b, truth := stripped(t, "forms/identity.xlsx")
	f, err := form.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	var choices []mapping.Choice
	for _, q := range f.Questions() {
		if truth[q.Path] != "" && !strings.Contains(q.Path, "given_name") {
			choices = append(choices, mapping.Choice{Row: q.Row(), Attr: truth[q.Path]})
		}
		if q.Path == "who/given_name" {
			choices = append(choices, mapping.Choice{Row: q.Row(), Attr: "given_name", Days: 90})
		}
	}
	out, err := mapping.Write(b, choices, dictionary(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := form.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range again.Questions() {
		if want := truth[q.Path]; want != "" && q.Path != "who/given_name" && !strings.HasSuffix(want, string(q.Attribute)) {
			t.Errorf("%s says %s, want %s", q.Path, q.Attribute, want)
		}
		if q.Path == "who/given_name" && (q.Attribute != "given_name" || q.FreshDays != 90) {
			t.Errorf("%s says %s within %d days", q.Path, q.Attribute, q.FreshDays)
		}
	}
	w, err := workbook.Read(out, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if w.Sheet("entities") == nil || !slices.Contains(w.Sheet("survey").Rows[0].Cells, "save_to") {
		t.Error("no save_to with its sheet of entities")
	}
	for name, bad := range map[string]mapping.Choice{
		"no question": {Row: 1, Attr: "sex"}, "unknown": {Row: f.Questions()[1].Row(), Attr: "shoe_size"}, "days": {Row: f.Questions()[1].Row(), Attr: "sex", Days: -4},
	} {
		if _, err := mapping.Write(b, []mapping.Choice{bad}, dictionary(t)); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}
