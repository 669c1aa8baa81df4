//go:build acceptance

package match

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// The labelled people of FEBRL's third set, settled one after the other as the
// centre does: high precision, and fewer persons than rows.
func TestAcceptanceFEBRL3OneByOne(t *testing.T) {
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder with the labelled data")
	}
	f, err := os.Open(filepath.Join(shared, "linkage", "febrl", "dataset3.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.TrimLeadingSpace = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m := DefaultModel()
	var persons []Person
	var truth [][]string
	index := map[uint64][]int{}
	auto, review := 0, 0
	for _, row := range rows[1:] {
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rec := Record{Given: []string{row[1]}, Surnames: []string{row[2]}, Identifiers: []string{"", row[10]},
			Places: []string{row[6], "", row[8], row[7], row[3] + " " + row[4] + " " + row[5]}}
		if s := row[9]; len(s) == 8 {
			d, err := civic.ParseDate(s[:4] + "-" + s[4:6] + "-" + s[6:])
			if err != nil {
				rec.BirthStated = s
			}
			rec.Birth = d
		}
		p := Prepare(rec)
		seen := map[int]bool{}
		var among []Person
		var who []int
		for _, k := range p.Keys() {
			for _, i := range index[k] {
				if !seen[i] {
					seen[i] = true
					among, who = append(among, persons[i]), append(who, i)
				}
			}
		}
		d := m.Decide(p, among)
		at := -1
		switch d.Verdict {
		case Auto:
			auto++
			at = who[d.Person]
			persons[at].Records = append(persons[at].Records, p)
		case Review:
			review++
		}
		if at < 0 {
			at = len(persons)
			persons = append(persons, Person{Records: []*Prepared{p}})
			truth = append(truth, nil)
		}
		truth[at] = append(truth[at], strings.Split(row[0], "-")[1])
		for _, k := range p.Keys() {
			index[k] = append(index[k], at)
		}
	}
	tp, fp := 0, 0
	for _, ids := range truth {
		for i := range ids {
			for j := 0; j < i; j++ {
				if ids[i] == ids[j] {
					tp++
				} else {
					fp++
				}
			}
		}
	}
	t.Logf("rows %d persons %d auto %d review %d: precision %.5f recall %.5f", len(rows)-1, len(persons), auto, review, float64(tp)/float64(tp+fp), float64(tp)/6538)
	if fp > 3 || len(persons) > 2500 {
		t.Fail()
	}
}
