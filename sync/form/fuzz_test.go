package form_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// FuzzLoad gives arbitrary bytes for a workbook: it is a form or a refusal.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"febrl.xlsx", "birth.xlsx"} {
		b, err := assets.Forms.ReadFile("forms/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{0xD0, 0xCF, 0x11, 0xE0})
	empty := excelize.NewFile()
	var b bytes.Buffer
	if err := empty.Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(loadOrSayWhy)
}

// loadOrSayWhy loads a workbook: it runs, or the refusal has a reason.
func loadOrSayWhy(t *testing.T, b []byte) {
	got, err := form.Load(b)
	var r *form.Refusal
	if err != nil && (!errors.As(err, &r) || len(r.Findings) == 0) {
		t.Fatalf("refused without a reason: %v", err)
	}
	if err == nil {
		form.Start(got, env()).Sections("")
	}
}

// FuzzForm gives arbitrary cells: whatever compiles can be run, answered,
// resumed and judged.
func FuzzForm(f *testing.F) {
	f.Add("text", "q", "Label ${q}", "${q} = 1", ". > 3", "1 + 2", "n", "a b")
	f.Add("select_one c or_other", "q", "L", "", "", "", "name = ${q}", "other")
	f.Add("begin repeat", "r", "R", "position(..) < 3", "count(${r}) > 1", "${r}", "3", "x")
	f.Add("range", "q", "L", "today() > 3", "regex(., '[a-z]+')", "now()", "start=1 end=3", "7")
	f.Fuzz(func(t *testing.T, typ, name, label, relevant, constraint, calculation, more, answer string) {
		clean := strings.NewReplacer("|", " ", "\n", " ", "\r", " ")
		row := func(cells ...string) string {
			for i := range cells {
				cells[i] = clean.Replace(cells[i])
			}
			return "| | " + strings.Join(cells, " | ") + " |\n"
		}
		md := "| survey |\n" + row("type", "name", "label", "relevant", "constraint", "calculation", "choice_filter", "repeat_count", "parameters", "default") +
			row("text", "first", "First", "", "", "", "", "", "", "") +
			row(typ, name, label, relevant, constraint, calculation, more, more, more, more)
		if strings.HasPrefix(typ, "begin") {
			md += row("text", "inner", label, relevant, constraint, calculation, "", "", "", more) + row(strings.Replace(typ, "begin", "end", 1), "", "", "", "", "", "", "", "", "")
		}
		md += "| choices |\n| | list_name | name | label |\n| | c | a | A |\n| | c | b | B |\n"
		got, err := form.Compile(table(md))
		if err != nil {
			return
		}
		s := form.Start(got, env())
		for _, q := range got.Questions() {
			_ = s.Set(q.Path, civic.Answer{Value: answer}) // a refusal is fine
		}
		_, _ = s.AddInstance(name)
		s.Sections("es")
		s.CheckAll()
		s.Nodes()
		answers := s.Answers()
		got.Validate(&civic.Registration{Answers: answers}, form.Env{})
		form.Resume(got, env(), answers)
		if _, err := json.Marshal(got.Model()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnyInterview holds for every course of an interview: it can be resumed
// from its answers, and then stands where it stood.
func TestAnyInterview(t *testing.T) {
	f := load(t, "birth.xlsx")
	questions := f.Questions()
	rapid.Check(t, func(t *rapid.T) {
		s := form.Start(f, env())
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			q := rapid.SampledFrom(questions).Draw(t, "question")
			path := q.Path
			if q.Repeat != "" {
				if _, err := s.AddInstance(q.Repeat); err != nil {
					continue
				}
			}
			a := civic.Answer{Absent: civic.Absence(rapid.IntRange(0, 3).Draw(t, "absence"))}
			switch {
			case len(q.Choices) > 0:
				a.Value = rapid.SampledFrom(q.Choices).Draw(t, "choice").Name
			case q.Kind == form.Date:
				a.Value = rapid.SampledFrom([]string{"2026-11-01", "1990", "1990-05", "1990~", "2030-01-01", "soon"}).Draw(t, "date")
			case q.Kind == form.Integer:
				a.Value = rapid.SampledFrom([]string{"0", "3", "3200", "-1", "x"}).Draw(t, "number")
			default:
				a.Value = rapid.StringMatching(`[a-zñ ]{0,12}`).Draw(t, "text")
			}
			_ = s.Set(path, a) // what takes no answer refuses
		}
		answers := s.Answers()
		again := form.Resume(f, env(), answers)
		have, want := again.Answers(), answers
		if len(have) != len(want) {
			t.Fatalf("resumed with %d answers of %d:\n%v\n%v", len(have), len(want), have, want)
		}
		for i := range have {
			if have[i] != want[i] {
				t.Fatalf("resumed: %+v, want %+v", have[i], want[i])
			}
		}
		// An empty instance of a repeat leaves no answer, so it is not resumed.
		lasting := func(found []form.Finding) int {
			return len(slices.DeleteFunc(found, func(x form.Finding) bool { return strings.Contains(x.Path, "[") }))
		}
		if a, b := lasting(again.CheckAll()), lasting(s.CheckAll()); a != b {
			t.Fatalf("%d findings after resuming, %d before", a, b)
		}
	})
}
