package rehearsal

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// TestJourneyFirstLight is the main job from end to end: a centre is made, a kit
// enrolled, people registered, sent, decided, and a receipt checked.
func TestJourneyFirstLight(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	const n = 300
	k.register(0, n)
	k.wantStatus(map[string]int{"sealed": n, "settled": 0, "people": n})

	s := k.synced()
	if s.number(t, "sent") != n || s.number(t, "received") != n || s.number(t, "pending") != 0 {
		t.Fatalf("sync says %v", s.json)
	}
	if up := s.number(t, "bytes_up"); up == 0 || up > 100*n+20_000 {
		t.Errorf("%d registrations took %d bytes up", n, up)
	}
	status := k.must("status")
	if settled := status.number(t, "settled") + status.number(t, "held") + status.number(t, "returned"); settled != n {
		t.Fatalf("%v", status.json)
	}

	// The registry joins those who came twice, and says so.
	c := o.must("status")
	if c.number(t, "registrations") != n || c.number(t, "persons") >= n || c.number(t, "merged") == 0 || c.number(t, "queue") != 0 {
		t.Fatalf("the centre says %v", c.json)
	}
	if held := c.number(t, "held"); held != status.number(t, "held") {
		t.Errorf("%d held at the centre, %d on the kit", held, status.number(t, "held"))
	}

	// Nothing twice, nothing missing.
	rows := exportRegistry(t, o)
	seen := map[string]int{}
	for _, r := range rows {
		seen[r[2]]++
	}
	if len(seen) != n-status.number(t, "held") && len(seen) != n {
		t.Errorf("the registry's list names %d source rows of %d", len(seen), n)
	}

	// A second pass changes nothing.
	if again := k.synced(); again.number(t, "sent") != 0 || again.number(t, "settled") != 0 {
		t.Errorf("a second pass says %v", again.json)
	}

	// Receipts are genuine on this kit and on another one of the office.
	out := filepath.Join(t.TempDir(), "receipts")
	if r := k.must("receipt", "--all", out); r.number(t, "receipts") != n {
		t.Fatalf("%d receipts", r.number(t, "receipts"))
	}
	pictures, err := filepath.Glob(filepath.Join(out, "*.png"))
	if err != nil || len(pictures) != n {
		t.Fatalf("%d pictures, %v", len(pictures), err)
	}
	other := o.tablet()
	for _, picture := range pictures[:5] {
		for _, who := range []*tablet{k, other} {
			if v := who.locked("verify", picture); v.code != 0 || v.json["valid"] != true || v.text("registration")+".png" != filepath.Base(picture) {
				t.Fatalf("%s: %v\n%s", picture, v.json, v.stderr)
			}
		}
	}
	if found := k.must("search", "madeline"); len(found.json["people"].([]any)) == 0 {
		t.Error("nobody found")
	}
}

// TestJourneyNightSync: a kit that was locked sends without a passphrase and
// takes the answers in at the next unlock.
func TestJourneyNightSync(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 40) // import locks the kit again, which packs
	s := k.locked("sync", "--wait", "60s")
	if s.code != 0 || s.number(t, "sent") != 40 || s.number(t, "received") != 40 || s.number(t, "settled") != 0 {
		t.Fatalf("%d: %v\n%s", s.code, s.json, s.stderr)
	}
	status := k.must("status") // unlocks
	if n := status.number(t, "settled") + status.number(t, "held"); n != 40 {
		t.Fatalf("%v", status.json)
	}
}

// exportRegistry gives the rows of the registry's list without its header.
func exportRegistry(t testing.TB, o *office) [][]string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "persons.csv")
	o.must("registry", "export", f)
	file, err := os.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	return rows[1:]
}
