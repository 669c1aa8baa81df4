package rehearsal

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyPackConsent: a citizen lets others reuse what was said and takes it
// back later at the centre, with the receipt and the slip. The next refresh of
// the district pack tells the kits: what was filled in before is asked again,
// and says why.
func TestJourneyPackConsent(t *testing.T) {
	o := newOffice(t)
	ctx := context.Background()
	a, b := o.tablet().opened(t), o.tablet().opened(t)
	defer func() { _, _ = a.Close(), b.Close() }()
	id, paper := sealed(t, a, "identity", rosalia, true)
	decided(t, a)
	receipt, err := a.Receipt(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	o.must("pack", "build", "--area", rehearsalArea, "--every", "1h")
	until(t, "the pack arrives", func() bool {
		synced(t, b, 0)
		d, err := b.District(ctx)
		return err == nil && !d.Coming && d.People == 1
	})
	// begun is the health card's interview for her: what it has of her name.
	begun := func() (string, capture.Line) {
		t.Helper()
		p, err := b.OpenByReceipt(ctx, civic.PersonID{}, paper)
		if err != nil {
			t.Fatal(err)
		}
		iv, err := b.BeginFor(ctx, "health", p.Ref(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.Discard(ctx, iv.ID()) }()
		line := capture.Line{}
		plan := iv.Plan("en")
		for _, l := range append(append(plan.Ask, plan.Confirm...), plan.Reuse...) {
			if l.Attribute == "given_name" && l.Subject == "" {
				line = l
			}
		}
		return value(iv, line.Path), line
	}
	if name, _ := begun(); name != "Rosalía" {
		t.Fatalf("with her yes the name is %q", name)
	}

	h := newAtHome(t, o.listen)
	code, page := h.enter(paper, "", receipt.Slip)
	if code != 200 {
		t.Fatalf("entering with receipt and slip: %d", code)
	}
	if code, _ := h.post("/citizen/choose", url.Values{"token": {tokenOf(t, page)}, "choice": {"withdraw"}}); code != 200 {
		t.Fatalf("taking it back: %d", code)
	}
	built := o.must("pack", "build")
	if pack := built.json["packs"].([]any)[0].(map[string]any); pack["changed"].(float64) != 1 || pack["new"].(bool) {
		t.Fatalf("built %v", pack)
	}
	until(t, "the kit is told", func() bool {
		synced(t, b, 0)
		name, line := begun()
		return name == "" && line.Way == capture.Ask && line.Why == capture.WhyConsent
	})
	changed := func() float64 {
		return o.must("pack", "build").json["packs"].([]any)[0].(map[string]any)["changed"].(float64)
	}
	// Nothing changed since: nothing is told again.
	if n := changed(); n != 0 {
		t.Fatalf("%v told again", n)
	}
	// A yes for a time ends by itself, and kits are told that too.
	centre := openOffice(t, o)
	time.Sleep(time.Second) // a yes of the same second as a no does not hold
	err = centre.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := centre.Share.Choose(ctx, tx, share.Choice{
			Area: rehearsalArea, Registration: id, State: policy.Given, Scope: policy.ScopeOf("identity", "", policy.ReusePurpose),
			Channel: "counter", Actor: "staff", Until: centre.Clock().Add(10 * time.Minute),
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := changed(); n != 1 {
		t.Fatalf("%v told of the yes", n)
	}
	o.ahead.Store(int64(20 * time.Minute))
	if n := changed(); n != 1 {
		t.Fatalf("%v told that the yes ran out", n)
	}
}
