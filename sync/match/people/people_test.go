package people_test

import (
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

// The bars a country needs, on a small population; `make bench-match` measures
// large ones.
func TestDefaultModelOnMexicans(t *testing.T) {
	r := people.Measure(match.DefaultModel(), people.Mexico(101, 10_000, 3_000))
	if r.Precision < .998 || r.Recall < .92 || r.WithReview < .975 || r.Queue > .03 || r.Twins > .02 || r.Juniors > .02 || r.Namesakes > .02 || r.Relations < .9 || r.AmbiguousMerged > 0 {
		t.Errorf("\n%s\n%v", r, r.Reasons)
	}
}

func TestChineseNamesAreFoundInEveryWriting(t *testing.T) {
	for _, w := range []people.Writing{people.Hanzi, people.Pinyin, people.Mixed} {
		if r := people.Measure(match.DefaultModel(), people.China(7, 3_000, 600, w)); r.Found < .98 || r.Precision < .99 {
			t.Errorf("%d\n%s", w, r)
		}
	}
}

func TestSeedsMakeTheSamePeople(t *testing.T) {
	first, again, other := people.Mexico(1, 50, 50), people.Mexico(1, 50, 50), people.Mexico(2, 50, 50)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Error("the same seed made other people")
	}
	if fmt.Sprint(first) == fmt.Sprint(other) {
		t.Error("another seed made the same people")
	}
}
