//go:build acceptance

package people_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

// The default model on made-up people it has not seen, at the size of a district.
func TestAcceptanceMexico(t *testing.T) {
	for _, seed := range []uint64{11, 12, 13} {
		r := people.Measure(match.DefaultModel(), people.Mexico(seed, 100_000, 10_000))
		t.Logf("Mexico, seed %d\n%s\n%v", seed, r, r.Confusion)
		if r.Precision < .999 || r.Recall < .92 || r.WithReview < .985 || r.Queue > .03 {
			t.Errorf("seed %d: precision, recall or queue", seed)
		}
		if r.Twins > .005 || r.Juniors > .005 || r.Namesakes > .005 || r.Relations < .9 || r.AmbiguousMerged > 0 {
			t.Errorf("seed %d: twins, juniors, namesakes or relations", seed)
		}
	}
}

func TestAcceptanceChina(t *testing.T) {
	for w, name := range []string{"signs", "pinyin", "mixed"} {
		r := people.Measure(match.DefaultModel(), people.China(21, 50_000, 5_000, people.Writing(w)))
		t.Logf("China, %s\n%s", name, r)
		if r.Found < .98 || r.Precision < .999 {
			t.Errorf("%s: pair completeness %.4f, precision %.4f", name, r.Found, r.Precision)
		}
	}
}
