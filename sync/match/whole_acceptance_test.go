//go:build acceptance

package match

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/match/benchjson"
)

// Pairs of whole names from many scripts: the likeness at its own threshold.
func TestAcceptanceNameBench(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("SHARED"), "linkage", "nomenklatura", "name_bench_cases.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	right, wrong, truth := 0, 0, 0
	for _, r := range rows[1:] {
		if r[1] != "Person" {
			continue
		}
		same, said := r[4] == "true", Likeness(r[2], r[3]) >= SameName
		if same {
			truth++
		}
		switch {
		case same && said:
			right++
		case said:
			wrong++
		}
	}
	m := measure(right, wrong, truth)
	t.Logf("name_bench, persons: %+v", m)
	benchjson.Record(t, "name_bench persons", map[string]any{"f1": m.F1, "precision": m.Precision, "recall": m.Recall})
	if m.F1 < .80 {
		t.Fail()
	}
}
