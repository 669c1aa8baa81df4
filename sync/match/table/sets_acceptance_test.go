//go:build acceptance

package table

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/match"
)

func open(t *testing.T, parts ...string) []byte {
	t.Helper()
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder with the labelled data")
	}
	b, err := os.ReadFile(filepath.Join(append([]string{shared, "linkage"}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func febrl(ssn bool) Map {
	m := Map{ID: "rec_id", Given: Columns{"given_name"}, Surname: Columns{"surname"}, Birth: Columns{"date_of_birth"},
		Place: Columns{"suburb", "postcode", "state", "address_1", "address_2", "street_number"}}
	if ssn {
		m.Identifiers = Columns{"soc_sec_id"}
	}
	return m
}

func febrlTable(t *testing.T, name string, m Map) *Table {
	tab, err := Read(bytes.NewReader(open(t, "febrl", name)), m, "rec_id")
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range tab.Truth {
		tab.Truth[i] = strings.Split(s, "-")[1]
	}
	return tab
}

func TestSets(t *testing.T) {
	sets := labelled(t)
	only := os.Getenv("SET")
	for _, s := range sets {
		if only != "" && !strings.Contains(s.name, only) {
			continue
		}
		begin := time.Now()
		tab := s.table
		blocks := match.Candidates(tab.Records, tab.Split, 150)
		found := map[bool]int{}
		for _, p := range blocks.Pairs {
			found[tab.Truth[p.A] == tab.Truth[p.B]]++
		}
		tb := time.Since(begin)
		m, rep, err := match.Train(match.Training{Records: tab.Records, Split: tab.Split, Pairs: blocks.Pairs, Fields: tab.Fields, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		tt := time.Since(begin)
		edges := m.Score(tab.Records, blocks.Pairs, -15)
		ts := time.Since(begin)
		all := match.MeasurePairs(nil, tab.Truth, tab.Split, 0).Missed
		t.Logf("%s: %d pairs (capped %d) recall %.4f of %d, %+v; block %v train %v score %v", s.name, len(blocks.Pairs), blocks.Capped, float64(found[true])/float64(all), all, rep, tb, tt-tb, ts-tt)
		if os.Getenv("MODEL") != "" {
			for _, f := range m.Fields {
				for _, l := range f.Levels {
					t.Logf("   %-10s %-10s m %.5f u %.7f", f.Name, l.Name, l.M, l.U)
				}
			}
		}
		bestP, bestC := match.Measure{}, match.Measure{}
		atP, atC := 0., 0.
		if os.Getenv("MISSED") != "" {
			have := map[match.Pair]bool{}
			for _, p := range blocks.Pairs {
				have[p] = true
			}
			by := map[string][]int32{}
			for i, s := range tab.Truth {
				by[s] = append(by[s], int32(i))
			}
			n := 0
			for _, rows := range by {
				for i := range rows {
					for j := i + 1; j < len(rows); j++ {
						if !have[match.Pair{A: rows[i], B: rows[j]}] && n < 25 && (tab.Split == 0 || (int(rows[i]) < tab.Split) != (int(rows[j]) < tab.Split)) {
							n++
							t.Logf("missed %v\n          %v", tab.Records[rows[i]], tab.Records[rows[j]])
						}
					}
				}
			}
		}
		if os.Getenv("SWEEP") != "" {
			for _, bound := range []float64{20} {
				for th := -6.; th <= 4; th += 2 {
					x := match.MeasureClusters(m.Cluster(tab.Records, edges, th, bound), tab.Truth, tab.Split)
					t.Logf("   bound %v threshold %v: %.4f (P %.4f R %.4f)", bound, th, x.F1, x.Precision, x.Recall)
				}
			}
		}
		for th := -4.; th <= 20; th += 4 {
			if x := match.MeasurePairs(edges, tab.Truth, tab.Split, th); x.F1 > bestP.F1 {
				bestP, atP = x, th
			}
			if th < 0 || th > 16 {
				continue
			}
			g := m.Cluster(tab.Records, edges, th, 30)
			x := match.MeasureClusters(g, tab.Truth, tab.Split)
			if x.F1 > bestC.F1 {
				bestC, atC = x, th
			}
			if th == 0 || th == 8 {
				t.Logf("   at %v: pairs %+v", th, match.MeasurePairs(edges, tab.Truth, tab.Split, th))
				t.Logf("   at %v: clusters %+v", th, x)
			}
		}
		t.Logf("   best pairs %.4f (P %.4f R %.4f) at %v; best clusters %.4f (P %.4f R %.4f) at %v; %v in all", bestP.F1, bestP.Precision, bestP.Recall, atP, bestC.F1, bestC.Precision, bestC.Recall, atC, time.Since(begin))
	}
}

func TestCalibration(t *testing.T) {
	only := os.Getenv("SET")
	for _, s := range labelled(t) {
		if only != "" && !strings.Contains(s.name, only) {
			continue
		}
		r, err := Evaluate(s.table, Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-26s F1 %.4f (P %.4f R %.4f; pairs F1 %.4f) auto declared %.3f observed %.4f [%.4f %.4f] of %d, recall %.3f", s.name, *r.F1, *r.Precision, *r.Recall, r.Pairwise.F1,
			r.Auto.Declared, r.Auto.Observed, r.Auto.Low, r.Auto.High, r.Auto.Pairs, r.Auto.Recall)
		for _, b := range r.Calibration {
			t.Logf("      %.3f-%.3f foretold %.4f observed %.4f of %d", b.From, b.To, b.Foretold, b.Observed, b.Pairs)
		}
		t.Logf("      %v", r.Relations)
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
		name, bar := " with soc_sec_id", .9995
		if !ssn {
			name, bar = " without", .999
		}
		sets = append(sets, set{"febrl 3" + name, febrlTable(t, "dataset3.csv", febrl(ssn)), bar})
		sets = append(sets, set{"febrl 4" + name, Join(febrlTable(t, "dataset4a.csv", febrl(ssn)), febrlTable(t, "dataset4b.csv", febrl(ssn))), bar})
	}
	read := func(m Map, truth string, path ...string) *Table {
		tab, err := Read(bytes.NewReader(open(t, path...)), m, truth)
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	sets = append(sets, set{"fake_1000", read(Map{ID: "unique_id", Given: Columns{"first_name"}, Surname: Columns{"surname"}, Birth: Columns{"dob"}, Place: Columns{"city"}, Identifiers: Columns{"email"}}, "cluster", "splink", "fake_1000.csv"), .94})
	hm := Map{ID: "unique_id", Given: Columns{"first_name"}, Surname: Columns{"surname"}, Birth: Columns{"dob"}, Place: Columns{"birth_place", "postcode_fake"}, Sex: Columns{"gender"}, Others: Columns{"occupation"}}
	sets = append(sets, set{"historical_50k", read(hm, "cluster", "splink", "historical_50k.csv"), .90})
	hm.Full = Columns{"full_name"}
	sets = append(sets, set{"historical_50k full", read(hm, "cluster", "splink", "historical_50k.csv"), .90})
	return sets
}
