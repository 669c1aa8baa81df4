package rehearsal

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match/people"
)

// TestJourneyPackProgress: the first load of a district pack tells how much has
// come of how much; stopped in the middle it keeps what came, and the next pass
// brings only the rest.
func TestJourneyPackProgress(t *testing.T) {
	const n = 1500
	o := newOffice(t)
	k := o.tablet().opened(t)
	defer func() { _ = k.Close() }()
	centre, err := serve.Open(t.Context(), serve.Config{Data: o.data, Ledger: o.place(), Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = centre.Close() }()
	c := &crowd{t: t, centre: centre}
	c.known = people.Mexico(11, n, 10).Known
	c.come(0, n, 0, func(i int) []civic.Claim { return claimsOf(i, c.known[i]) })
	o.must("pack", "build", "--area", rehearsalArea, "--every", "24h")

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var first kit.Progress
	_, err = k.Sync(ctx, 0, func(g kit.Progress) {
		if g.Phase == "district" && g.Done < g.Total {
			first = g
			stop()
		}
	})
	wantProblem(t, "a load that is stopped", err, civic.Stopped)
	d, err := k.District(t.Context())
	if err != nil || !d.Coming || first.Done == 0 || d.Left != first.Total-first.Done {
		t.Fatalf("stopped after %+v: %+v %v", first, d, err)
	}
	var seen []kit.Progress
	if _, err := k.Sync(t.Context(), 0, func(g kit.Progress) {
		if g.Phase == "district" {
			seen = append(seen, g)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 {
		t.Fatal("nothing was told of the rest")
	}
	for i, g := range seen {
		if g.Total != d.Left || i > 0 && g.Done < seen[i-1].Done {
			t.Errorf("told %d of %d, after %d; %d were still to come", g.Done, g.Total, seen[max(i-1, 0)].Done, d.Left)
		}
	}
	if last := seen[len(seen)-1]; last.Done != last.Total {
		t.Errorf("the last told is %d of %d", last.Done, last.Total)
	}
	until(t, "everybody is there", func() bool {
		d, err := k.District(t.Context())
		return err == nil && !d.Coming && d.People == n
	})
	t.Logf("stopped after %d of %d bytes; the next pass brought %d", first.Done, first.Total, seen[0].Total)
}
