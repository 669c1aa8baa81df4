package rehearsal

import (
	"context"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyPractice: invented people have receipts that say so, and nothing of
// them reaches the centre, whatever is synced or carried.
func TestJourneyPractice(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 4)
	ctx := context.Background()
	opened, err := kit.Open(ctx, kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if err := opened.Unlock(ctx, journeyPass); err != nil {
		t.Fatal(err)
	}
	if err := opened.SetPractice(ctx, true); err != nil {
		t.Fatal(err)
	}
	iv, err := opened.Begin(ctx, "febrl")
	if err != nil {
		t.Fatal(err)
	}
	if err := iv.Set(ctx, "person/given_name", civic.Answer{Value: "Invented"}); err != nil {
		t.Fatal(err)
	}
	id, err := opened.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	r, err := opened.Receipt(ctx, id)
	if err != nil || !r.Practice {
		t.Fatalf("%+v, %v", r, err)
	}
	if v, err := opened.Verify(ctx, r.Text); err != nil || !v.Practice {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := opened.Sync(ctx, 30*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	if counts, err := opened.Status(ctx); err != nil || counts.Waiting() != 0 || counts.Settled+counts.Held != 4 {
		t.Fatalf("%+v, %v", counts, err)
	}
	if out, err := opened.Export(ctx, t.TempDir()); err != nil || out.Files != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if err := opened.Lock(ctx); err != nil || opened.Practice() {
		t.Fatal("practice goes on after the lock", err)
	}
	if n := o.must("status").number(t, "registrations"); n != 4 {
		t.Fatalf("%d registrations at the centre", n)
	}
}
