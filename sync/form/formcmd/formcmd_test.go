package formcmd_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formcmd"
)

func birth(t *testing.T) []byte {
	t.Helper()
	b, err := assets.Forms.ReadFile("forms/birth.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func env() form.Env {
	return form.Env{Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }, Zone: time.UTC}
}

// workbook makes one from rows of cells by sheet.
func workbook(t *testing.T, sheets map[string][][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for j, v := range row {
				at, err := excelize.CoordinatesToCellName(j+1, i+1)
				if err != nil {
					t.Fatal(err)
				}
				if err := f.SetCellStr(name, at, v); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := f.DeleteSheet("Sheet1"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheck(t *testing.T) {
	c := formcmd.Check(birth(t))
	if !c.OK || c.Dialect != "xlsform" || c.Questions < 18 || len(c.Errors) != 0 {
		t.Errorf("%+v", c)
	}
	bad := formcmd.Check([]byte("PK not really"))
	if bad.OK || len(bad.Errors) != 1 || bad.Errors[0].Code != "workbook_unreadable" {
		t.Errorf("%+v", bad)
	}
	wrong := formcmd.Check(workbook(t, map[string][][]string{"survey": {
		{"type", "name", "label", "relevant"}, {"text", "a", "A", ""}, {"select_one nowhere", "b", "B", "${aa} = '1'"},
	}}))
	if wrong.OK || len(wrong.Errors) != 2 || wrong.Errors[0].Row != 3 || wrong.Errors[0].Code != "list_missing" || wrong.Errors[1].Column != "relevant" {
		t.Errorf("%+v", wrong)
	}
}

// fixedWith repairs a workbook with n repairs, after which none is left to do.
func fixedWith(t *testing.T, b []byte, n int) []byte {
	t.Helper()
	fixed, c, err := formcmd.Fix(b)
	if err != nil || !c.OK || len(c.Repaired) != n {
		t.Fatalf("%v %+v", err, c)
	}
	for _, w := range c.Warnings {
		if w.Repair != "" {
			t.Errorf("still to repair: %+v", w)
		}
	}
	return fixed
}

// TestFix repairs a workbook that the reference converter refuses for four
// reasons.
func TestFix(t *testing.T) {
	b := workbook(t, map[string][][]string{
		"survey": {
			{"type", "name", "label", "label", "relevant", "choice_filter"},
			{"text", "a", "A", "", "", ""},
			{"select_one fruit or_other", "b", "B", "", "${a} = ‘x’", "kind = ${a}"},
			{"text", "c", "C", "", "", ""},
		},
		"choices":  {{"list_name", "name", "label", "kind"}, {"fruit", "apple", "Apple", "x"}, {"fruit", "plum", "Plum", "y"}, {"fruit", "plum", "Plum", "y"}},
		"settings": {{"form_id", "version"}, {"fruits", "1"}},
	})
	fixed := fixedWith(t, b, 4)
	f, err := form.Load(fixed)
	if err != nil {
		t.Fatal(err)
	}
	s := form.Start(f, env())
	for _, a := range [][2]string{{"a", "x"}, {"b", "other"}, {"b_other", "pear"}, {"c", "end"}} {
		if err := s.Set(a[0], civic.Answer{Value: a[1]}); err != nil {
			t.Errorf("%v: %v", a, err)
		}
	}
	if found := s.CheckAll(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	if again, c, err := formcmd.Fix(fixed); err != nil || again != nil || !c.OK {
		t.Errorf("a second repair: %v %+v", err, c)
	}
}

func TestRun(t *testing.T) {
	for name, answers := range map[string]string{
		"object":  `{"child/given_name": "Ana", "/data/home/siblings_alive": 1}`,
		"actions": `[["set", "/data/child/given_name", "Ana"], {"path": "home/siblings_alive", "value": "1"}]`,
		"both":    `{"actions": [["set", "child/given_name", "Ana"]], "answers": {"home/siblings_alive": "1"}}`,
	} {
		ran, err := formcmd.Run(birth(t), []byte(answers), env())
		if err != nil || len(ran.Refused) != 0 {
			t.Fatalf("%s: %v %v", name, err, ran.Refused)
		}
		if n := ran.Nodes["/data/child/given_name"]; n.Value != "Ana" || !n.Valid || !n.Required {
			t.Errorf("%s: %+v", name, n)
		}
		if n := ran.Nodes["/data/home/siblings"]; !n.Relevant {
			t.Errorf("%s: %+v", name, n)
		}
	}
	ran, err := formcmd.Run(birth(t), []byte(`[["add","home/siblings"],["set","home/siblings[1]/given_name","Eva"],["fly","away"]]`), env())
	if err != nil || len(ran.Refused) != 1 || ran.Nodes["/data/home/siblings[1]/given_name"].Value != "" {
		t.Errorf("%v %v: no living siblings, no relevant name", err, ran.Refused)
	}
	if _, err := formcmd.Run(birth(t), []byte(`{"broken`), env()); civic.CodeOf(err) != civic.AnswersMalformed {
		t.Error(err)
	}
}

func TestEval(t *testing.T) {
	doc := []byte(`<data><a>3</a><b><c>4</c></b></data>`)
	for _, c := range []struct{ context, text, kind, value string }{
		{"", "/data/a + /data/b/c", "number", "7"},
		{"/data/b", "c", "nodeset", "4"},
		{"/data/b/c", "../../a", "nodeset", "3"},
		{"[0,1]", "c", "nodeset", "4"},
		{"", "today()", "string", "2026-11-22"},
		{"", "1 = 1", "boolean", "true"},
		{"", "number('x')", "number", "NaN"},
		{"", "1 div 0", "number", "Infinity"},
	} {
		got, err := formcmd.Eval(doc, c.context, c.text, "", env())
		if err != nil || got.Type != c.kind || got.Text != c.value {
			t.Errorf("%s: %+v, %v", c.text, got, err)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	if _, err := formcmd.Eval(doc, "/data/x", "1", "", env()); civic.CodeOf(err) != civic.WrongUse {
		t.Error(err)
	}
	if _, err := formcmd.Eval(doc, "", "1 +", "", env()); err == nil {
		t.Error(err)
	}
}

// TestFixMore repairs what is rarer: the root's name, curly marks, rows that say
// the same.
func TestFixMore(t *testing.T) {
	b := workbook(t, map[string][][]string{
		"survey": {
			{"type", "name", "label", "relevant", "image::es"},
			{"Text", "data", "A", "", ""},
			{"text", "b", "B", "${data} = “x”", ""},
			{"text", "c", "C", "1 +", ""},
		},
		"settings": {{"form_id", "version"}, {"rare", "1"}},
	})
	fixed := fixedWith(t, b, 4)
	m, err := formcmd.Model(fixed)
	if err != nil || m.Binds[0].Path != "/form_root/data" || m.Binds[1].Relevant != `/form_root/data  = "x"` || m.Binds[2].Relevant != "" {
		t.Errorf("%v %+v", err, m.Binds)
	}
	if _, _, err := formcmd.Fix([]byte("nothing")); err == nil {
		t.Error("nothing was repaired")
	}
	if _, err := formcmd.Model([]byte("nothing")); civic.CodeOf(err) != civic.FormRefused {
		t.Error(err)
	}
	if _, err := formcmd.Run([]byte("nothing"), nil, env()); civic.CodeOf(err) != civic.FormRefused {
		t.Error(err)
	}
}
