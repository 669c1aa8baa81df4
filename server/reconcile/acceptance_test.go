//go:build acceptance

package reconcile_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// The 5,000 labelled rows of FEBRL's third set through the shipped form and the
// whole of reconciliation, in batches as they come from a kit.
func TestAcceptanceLabelledPeopleThroughTheCentre(t *testing.T) {
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder with the labelled data")
	}
	book, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(book)
	if err != nil {
		t.Fatal(err)
	}
	rows := readRows(t, filepath.Join(shared, "linkage", "febrl", "dataset3.csv"))
	paths := map[string]string{}
	for _, q := range f.Questions() {
		paths[q.Name] = q.Path
	}
	c := newCentre(t)
	begin := time.Now()
	var batch []reconcile.Incoming
	statuses := map[civic.Status]int{}
	reasons := map[civic.Code]int{}
	send := func() {
		for _, o := range c.settle(t, batch...) {
			statuses[o.Status]++
			for _, r := range o.Reasons {
				reasons[r.Code]++
			}
		}
		batch = batch[:0]
	}
	for i, row := range rows[1:] {
		reg := visit(uint64(i + 1)).Registration
		reg.Form, reg.SourceRow = f.Ref(), row[0]
		for j, name := range rows[0] {
			if v := row[j]; v != "" && j > 0 {
				a := civic.Answer{Path: paths[name], Value: v}
				if name == "date_of_birth" && len(v) == 8 {
					a.Value = v[:4] + "-" + v[4:6] + "-" + v[6:]
					if _, err := civic.ParseDate(a.Value); err != nil {
						a.Value, a.Stated = "", v
					}
				}
				reg.Answers = append(reg.Answers, a)
			}
		}
		batch = append(batch, reconcile.Incoming{Registration: reg, Digest: civic.Digest{byte(i), byte(i >> 8)}, Form: f})
		if len(batch) == 200 {
			send()
		}
	}
	send()
	took := time.Since(begin)
	persons := map[civic.PersonID][]string{}
	c.view(t, func(ctx context.Context, tx ledger.Tx) error {
		return c.registry.Export(ctx, tx, func(e registry.Exported) error {
			persons[e.Person] = append(persons[e.Person], strings.Split(e.SourceRow, "-")[1])
			return nil
		})
	})
	right, wrong := 0, 0
	for _, ids := range persons {
		for i := range ids {
			for j := range i {
				if ids[i] == ids[j] {
					right++
				} else {
					wrong++
				}
			}
		}
	}
	t.Logf("%d registrations, %d persons, %v, %v; precision %.5f recall %.5f; %.0f a second",
		len(rows)-1, len(persons), statuses, reasons, float64(right)/float64(right+wrong), float64(right)/6538, float64(len(rows)-1)/took.Seconds())
	if wrong > 3 || right < 6000 || len(persons) >= 2300 {
		t.Fail()
	}
}

func readRows(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
	}
	return rows
}
