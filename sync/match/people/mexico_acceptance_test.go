//go:build acceptance

package people_test

import (
	"os"
	"testing"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

func TestMexico(t *testing.T) {
	p := people.Mexico(11, 100_000, 10_000)
	m := match.DefaultModel()
	if os.Getenv("DEFAULT") == "" {
		q := people.Mexico(5, 20_000, 10_000)
		var all []*match.Prepared
		for _, r := range q.Known {
			all = append(all, match.Prepare(r))
		}
		for _, r := range q.Incoming {
			all = append(all, match.Prepare(r.Record))
		}
		b := match.Candidates(all, len(q.Known), 150)
		var rep match.Report
		var err error
		m, rep, err = match.Train(match.Training{Records: all, Split: len(q.Known), Pairs: b.Pairs, Fields: []string{"given", "surname", "birth", "sex", "phone", "place.0", "place.1", "place.2"}, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		m.Prior = .5 / float64(len(p.Known))
		t.Logf("%+v", rep)
		for _, f := range m.Fields {
			for _, l := range f.Levels {
				t.Logf("   %-10s %-10s m %.5f u %.7f", f.Name, l.Name, l.M, l.U)
			}
		}
	}
	r := people.Measure(m, p)
	t.Logf("\n%s\n%v\n%v", r, r.Confusion, r.Reasons)
}

func TestChina(t *testing.T) {
	for w, name := range []string{"hanzi", "pinyin", "mixed"} {
		r := people.Measure(match.DefaultModel(), people.China(21, 50_000, 5_000, people.Writing(w)))
		t.Logf("%s\n%s\n%v", name, r, r.Reasons)
		if r.Found < .98 {
			t.Errorf("%s: pair completeness %.4f", name, r.Found)
		}
	}
}
