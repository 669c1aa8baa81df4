//go:build acceptance

package table

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/benchjson"
	"github.com/askonce/fieldkit/sync/match/people"
)

// The labelled sets with the system's own thresholds, set without labels: F1 of
// clusters against the bar, and what is taken without a look against the
// precision declared for it.
func TestAcceptanceLabelledSets(t *testing.T) {
	t.Logf("%-28s %8s %8s %8s %8s   %s", "set", "F1", "P", "R", "pairs F1", "auto: declared observed [95 %] recall")
	for _, s := range labelled(t) {
		begin := time.Now()
		r, err := Evaluate(s.table, Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		a := r.Auto
		t.Logf("%-28s %8.4f %8.4f %8.4f %8.4f   %.3f %.4f [%.4f %.4f] %.3f   %v", s.name, *r.F1, *r.Precision, *r.Recall, r.Pairwise.F1,
			a.Declared, a.Observed, a.Low, a.High, a.Recall, time.Since(begin).Round(100*time.Millisecond))
		benchjson.Record(t, s.name, map[string]any{
			"f1": *r.F1, "bar": s.bar, "precision": *r.Precision, "recall": *r.Recall, "pairs_f1": r.Pairwise.F1, "auto_declared": a.Declared,
			"auto_observed": a.Observed, "auto_low": a.Low, "auto_high": a.High, "auto_recall": a.Recall, "calibration": r.Calibration,
		})
		if *r.F1 < s.bar {
			t.Errorf("%s: F1 %.4f is below %.4f", s.name, *r.F1, s.bar)
		}
		if d := a.Observed - a.Declared; (d > .0051 || d < -.0051) && (a.Low > a.Declared || a.High < a.Declared) {
			t.Errorf("%s: declared %.4f, observed %.4f", s.name, a.Declared, a.Observed)
		}
	}
}

// The best threshold, chosen with the labels, for comparison with what others
// publish.
func TestAcceptanceBestThreshold(t *testing.T) {
	for _, s := range labelled(t) {
		if !strings.HasPrefix(s.name, "historical") {
			continue
		}
		r, err := start(s.table, Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		best, at := match.Measure{}, 0.0
		for threshold := -6.0; threshold <= 2; threshold++ {
			m := match.MeasureClusters(r.model.Cluster(s.table.Records, r.edges, threshold, pairBound), s.table.Truth, s.table.Split)
			if m.F1 > best.F1 {
				best, at = m, threshold
			}
		}
		t.Logf("%s: best F1 %.4f (P %.4f R %.4f) at %v bits", s.name, best.F1, best.Precision, best.Recall, at)
		benchjson.Record(t, s.name+" best threshold", map[string]any{"f1": best.F1, "precision": best.Precision, "recall": best.Recall, "bits": at})
		if best.F1 < .92 {
			t.Fail()
		}
	}
}

type set struct {
	name  string
	table *Table
	bar   float64
}

// labelled reads every labelled set.
func labelled(t *testing.T) []set {
	t.Helper()
	var sets []set
	for _, ssn := range []bool{true, false} {
		name, three, four := " with soc_sec_id", .9995, .9998
		if !ssn {
			name, three, four = " without soc_sec_id", .999, .999
		}
		sets = append(sets,
			set{"febrl 3" + name, febrl(t, "dataset3.csv", ssn), three},
			set{"febrl 4" + name, Join(febrl(t, "dataset4a.csv", ssn), febrl(t, "dataset4b.csv", ssn)), four})
	}
	fake := Map{
		ID: "unique_id", Given: Columns{"first_name"}, Surname: Columns{"surname"}, Birth: Columns{"dob"}, Place: Columns{"city"},
		Identifiers: Columns{"email"},
	}
	history := Map{
		ID: "unique_id", Given: Columns{"first_name"}, Surname: Columns{"surname"}, Full: Columns{"full_name"}, Birth: Columns{"dob"},
		Place: Columns{"birth_place", "postcode_fake"}, Sex: Columns{"gender"}, Others: Columns{"occupation"},
	}
	return append(sets,
		set{"fake_1000", load(t, fake, "cluster", "splink", "fake_1000.csv"), .94},
		set{"historical_50k", load(t, history, "cluster", "splink", "historical_50k.csv"), .90},
		set{"a list of made-up Mexicans", mexicans(), .98})
}

// mexicans are a list with two surnames, full of twins, juniors and namesakes:
// a registry and the visits after it, one below the other.
func mexicans() *Table {
	p := people.Mexico(31, 20_000, 10_000)
	t := &Table{Fields: []string{"given", "surname", "birth", "sex", "phone", "place.0", "place.1", "place.2"}, Kin: true}
	add := func(r match.Record, who string) {
		t.Records, t.Rows, t.Truth = append(t.Records, match.Prepare(r)), append(t.Rows, strconv.Itoa(len(t.Rows))), append(t.Truth, who)
	}
	for i, r := range p.Known {
		add(r, strconv.Itoa(i))
	}
	for i, in := range p.Incoming {
		who := "new " + strconv.Itoa(i)
		if in.Truth == match.Same {
			who = strconv.Itoa(in.Of)
		}
		add(in.Record, who)
	}
	return t
}

func febrl(t *testing.T, name string, ssn bool) *Table {
	t.Helper()
	m := Map{
		ID: "rec_id", Given: Columns{"given_name"}, Surname: Columns{"surname"}, Birth: Columns{"date_of_birth"},
		Place: Columns{"suburb", "postcode", "state", "address_1", "address_2", "street_number"},
	}
	if ssn {
		m.Identifiers = Columns{"soc_sec_id"}
	}
	tab := load(t, m, "rec_id", "febrl", name)
	for i, s := range tab.Truth {
		tab.Truth[i] = strings.Split(s, "-")[1]
	}
	return tab
}

func load(t *testing.T, m Map, truth string, path ...string) *Table {
	t.Helper()
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder with the labelled data")
	}
	b, err := os.ReadFile(filepath.Join(append([]string{shared, "linkage"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := Read(bytes.NewReader(b), m, truth)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}
