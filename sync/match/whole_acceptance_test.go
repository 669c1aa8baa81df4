//go:build acceptance

package match

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// Pairs of whole names from many scripts: the likeness at its own threshold.
func TestNameBench(t *testing.T) {
	f, err := os.Open(filepath.Join(os.Getenv("SHARED"), "linkage", "nomenklatura", "name_bench_cases.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	best, at := Measure{}, 0.0
	for th := 0.5; th < 1; th += 0.01 {
		right, wrong, truth := 0, 0, 0
		for _, r := range rows[1:] {
			if r[1] != "Person" {
				continue
			}
			same, said := r[4] == "true", Likeness(r[2], r[3]) >= th
			if same {
				truth++
			}
			switch {
			case same && said:
				right++
			case said:
				wrong++
			}
			if os.Getenv("SHOW") != "" && same != said && th > SameName-0.005 && th < SameName+0.005 {
				t.Logf("%v %.3f %s | %s | %s", same, Likeness(r[2], r[3]), r[2], r[3], r[7])
			}
		}
		m := measure(right, wrong, truth)
		if m.F1 > best.F1 {
			best, at = m, th
		}
		if th > SameName-0.005 && th < SameName+0.005 {
			t.Logf("at %.2f F1 %.4f P %.4f R %.4f", th, m.F1, m.Precision, m.Recall)
		}
	}
	t.Logf("best at %.2f %+v", at, best)
}
