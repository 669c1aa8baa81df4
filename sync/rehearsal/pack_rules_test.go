package rehearsal

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match/people"
)

// gathered is a centre with some people in the district of one enrolled kit.
func gathered(t *testing.T, n int) (*office, *crowd, *kit.Kit) {
	t.Helper()
	o := newOffice(t)
	tab := o.tablet()
	c := &crowd{t: t, known: people.Mexico(21, n, 1).Known}
	var err error
	if c.centre, err = serve.Open(t.Context(), serve.Config{Data: o.data, Clock: time.Now, Rand: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.centre.Close() })
	c.come(0, n, 0, func(i int) []civic.Claim { return claimsOf(i, c.known[i]) })
	k := tab.opened(t)
	t.Cleanup(func() { _ = k.Close() })
	return o, c, k
}

func (c *crowd) build(s district.Settings, anew bool) district.Report {
	c.t.Helper()
	if s.Area != "" {
		if err := c.centre.District.Set(c.t.Context(), s); err != nil {
			c.t.Fatal(err)
		}
	}
	r, err := c.centre.District.Build(c.t.Context(), rehearsalArea, anew)
	if err == nil {
		err = c.centre.District.Tend(c.t.Context())
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func whole(t *testing.T, k *kit.Kit, people int) kit.District {
	t.Helper()
	var d kit.District
	until(t, "the pack is whole", func() bool {
		synced(t, k, 0)
		var err error
		d, err = k.District(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return d.Present && !d.Coming && d.People == people
	})
	return d
}

// A pack stays within its limit, the latest go first, and centre and kit say who
// found no room; more room lets the others in; who withdraws leaves.
func TestPackKeepsItsRules(t *testing.T) {
	_, c, k := gathered(t, 300)
	ctx := t.Context()
	s := district.Settings{Area: rehearsalArea, MaxBytes: 20_000, Every: time.Hour, Keep: 90 * 24 * time.Hour}
	c.come(0, 20, 1, func(i int) []civic.Claim { return claimsOf(i, c.known[i])[:1] }) // the latest
	r := c.build(s, true)
	if r.Total > s.MaxBytes || r.Left == 0 || r.People+r.Left != 300 {
		t.Fatalf("%+v", r)
	}
	d := whole(t, k, r.People)
	if d.LeftOut != r.Left {
		t.Fatalf("the kit says %d were left out", d.LeftOut)
	}
	for i := range 20 {
		who := registry.NewPersonID(c.visit(i, 0).ID, "")
		found := false
		list, err := k.Search(ctx, c.known[i].Given[0]+" "+c.known[i].Surnames[0], 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			found = found || p.Person == who
		}
		if !found {
			t.Fatalf("person %d came last and is not in the pack", i)
		}
	}
	s.MaxBytes = 12 << 20
	if r = c.build(s, false); r.Left != 0 || r.People != 300 || r.New {
		t.Fatalf("with more room: %+v", r)
	}
	whole(t, k, 300)
	who := registry.NewPersonID(c.visit(5, 0).ID, "")
	if err := c.centre.DB.Update(ctx, func(tx ledger.Tx) error { return c.centre.District.Withdraw(ctx, tx, rehearsalArea, who, true) }); err != nil {
		t.Fatal(err)
	}
	if r = c.build(district.Settings{}, false); r.Gone != 1 {
		t.Fatalf("after a withdrawal: %+v", r)
	}
	whole(t, k, 299)
	if r = c.build(district.Settings{}, false); r.Changed+r.Gone+r.Pieces != 0 {
		t.Fatalf("nothing changed, and it was told: %+v", r)
	}
}

// A centre that went back to a backup has other pieces than its kits under the
// same number: it makes another pack rather than mix the two.
func TestPackOfARestoredCentre(t *testing.T) {
	_, c, k := gathered(t, 60)
	ctx := t.Context()
	c.build(district.Settings{Area: rehearsalArea, MaxBytes: 12 << 20, Every: time.Hour, Keep: 90 * 24 * time.Hour}, true)
	whole(t, k, 60)
	err := c.centre.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE pack_piece SET body = ?2 WHERE area = ?1 AND seq = (SELECT max(seq) FROM pack_piece WHERE area = ?1)", rehearsalArea, []byte("of another life"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	before := c.build(district.Settings{}, false)
	synced(t, k, 0) // the kit names the piece it holds
	until(t, "another pack is made", func() bool {
		r, err := c.centre.District.Build(ctx, rehearsalArea, false)
		return err == nil && r.Number > before.Number
	})
	if err := c.centre.District.Tend(ctx); err != nil {
		t.Fatal(err)
	}
	whole(t, k, 60)
}

// The centre answers a kit sixty times an hour.
func TestLookUpsAreFew(t *testing.T) {
	o, c, k := gathered(t, 3)
	who := registry.NewPersonID(c.visit(1, 0).ID, "")
	// It counts by the hour of its clock: one that is nearly over is none to begin in.
	now := time.Now()
	if next := now.Truncate(time.Hour).Add(time.Hour); next.Sub(now) < 20*time.Minute {
		o.ahead.Store(int64(next.Sub(now)))
	}
	for i := range 61 {
		p, err := k.LookUp(t.Context(), kit.LookUp{Person: who, Service: "cash"})
		switch {
		case i < 60 && (err != nil || p.Person != who):
			t.Fatalf("question %d: %+v, %v", i, p, err)
		case i == 60 && civic.CodeOf(err) != civic.AskedTooOften:
			t.Fatalf("question %d: %v", i, err)
		}
	}
}
