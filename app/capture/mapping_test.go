package capture

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/askonce/fieldkit/sync/attributes"
)

// The mapping of every question of the five forms stands in testdata, to be
// reviewed by people who read no Go. After a change of a form, the dictionary or an
// agreement:
//
//	go test ./app/capture -run TestMapping -args -write
var write = flag.Bool("write", false, "write testdata/mapping.csv anew")

// TestMapping keeps the table true, and says what is wrong with a mapping: an
// attribute the dictionary does not have, an agreement that names one, a kind of
// question that cannot hold it.
func TestMapping(t *testing.T) {
	w := shipped(t)
	rows := [][]string{{"form", "question", "label", "kind", "subject", "attribute", "about", "sensitivity", "reuse", "fresh_days", "may_be_reused_from"}}
	used := map[string]bool{}
	for _, s := range services {
		for _, q := range w.forms[s].Questions() {
			if !q.Kind.Asked() {
				continue
			}
			row := []string{string(s), q.Path, q.Label("en"), q.Kind.String(), q.Subject, string(q.Attribute), "", "", "", "", ""}
			if q.Attribute != "" {
				a, ok := w.dictionary.Get(q.Attribute)
				if !ok {
					t.Errorf("%s %s: the dictionary has no %s", s, q.Path, q.Attribute)
					continue
				}
				used[string(a.Name)] = true
				days := strconv.Itoa(a.FreshDays)
				if a.Lasting {
					days = "lasting"
				}
				from := ""
				for _, g := range w.agreements.All() {
					if g.Service == s && a.Reuse != attributes.Never && g.Covers(a.Name) {
						from = g.ID
					}
				}
				copy(row[6:], []string{string(a.About), string(a.Sensitivity), a.Reuse.String(), days, from})
			}
			rows = append(rows, row)
		}
	}
	for _, g := range w.agreements.All() {
		for _, c := range g.Attributes {
			name := c.Name
			if a, ok := w.dictionary.Get(name); !ok || a.Reuse == attributes.Never {
				t.Errorf("agreement %s names %s, which nothing may reuse", g.ID, name)
			}
		}
		if w.forms[g.Service] == nil {
			t.Errorf("agreement %s is for %s, which has no form", g.ID, g.Service)
		}
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	if err := out.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "mapping.csv")
	if *write {
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("testdata/mapping.csv is not what the forms say; write it anew and review the difference")
	}
	t.Logf("%d questions, %d attributes used", len(rows)-1, len(used))
}
