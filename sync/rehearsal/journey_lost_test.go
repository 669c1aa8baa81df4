package rehearsal

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyLostKit: a kit is lost with work that was never sent. Its medium
// and two people of the registry bring everything back onto a spare kit, drafts
// and pictures too, and the centre gets each registration once.
func TestJourneyLostKit(t *testing.T) {
	o := newOffice(t)
	lost := o.tablet()
	medium := filepath.Join(t.TempDir(), "medium")
	lost.register(0, 20)
	lost.synced()
	lost.must("backup", medium)
	lost.register(20, 15) // kept up to date by itself
	draft(t, lost)
	lost.must("backup", medium)

	spare := o.tablet()
	spare.register(500, 5)
	request := filepath.Join(t.TempDir(), "request")
	spare.must("restore", medium, "--request", request)
	release := o.must(append([]string{"recover", request}, o.agree()...)...).text("release")
	back := spare.must("restore", medium, "--release", release)
	if back.number(t, "registrations") != 35 || back.number(t, "drafts") != 1 || back.number(t, "attachments") != 1 || back.number(t, "damaged") != 0 {
		t.Fatalf("%v", back.json)
	}
	if drafts := spare.must("drafts").json["drafts"].([]any); len(drafts) != 1 {
		t.Fatalf("drafts %v", drafts)
	}
	if found := spare.must("search", "madeline").json["people"].([]any); len(found) == 0 {
		t.Fatal("nobody of the lost kit is found")
	}
	spare.synced()
	if at := o.must("status"); at.number(t, "registrations") != 40 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	// The receipts of the lost kit are still genuine.
	out := filepath.Join(t.TempDir(), "receipts")
	if n := spare.must("receipt", "--all", out).number(t, "receipts"); n != 40 {
		t.Fatalf("%d receipts", n)
	}
	pictures, err := filepath.Glob(filepath.Join(out, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pictures[:3] {
		if s := spare.locked("verify", p); s.json["valid"] != true {
			t.Fatalf("%v\n%s", s.json, s.stderr)
		}
	}
}

// draft leaves an interview with a picture half done.
func draft(t *testing.T, k *tablet) {
	t.Helper()
	ctx := context.Background()
	opened, err := kit.Open(ctx, kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	}()
	pass, err := os.ReadFile(k.pass)
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Unlock(ctx, string(bytes.TrimSpace(pass))); err != nil {
		t.Fatal(err)
	}
	iv, err := opened.Begin(ctx, "birth")
	if err != nil {
		t.Fatal(err)
	}
	if err := iv.Set(ctx, "child/given_name", civic.Answer{Value: "Quetzalina"}); err != nil {
		t.Fatal(err)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	if err := opened.Attach(ctx, iv, "proof/photo", "paper.png", &picture); err != nil {
		t.Fatal(err)
	}
}
