package rehearsal

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyLostCentre: the centre's disk dies with kits out. It is made again
// from its backup and its keys; kits send again what no backup covered, and
// everything is there once.
func TestJourneyLostCentre(t *testing.T) {
	o := newOffice(t)
	k, other := o.tablet(), o.tablet()
	k.register(0, 20)
	k.synced()
	backup := filepath.Join(t.TempDir(), "off-host")
	o.must("backup", "--same-disk", backup)
	k.synced()
	if n := k.must("status").number(t, "safe"); n != 20 {
		t.Fatalf("%d are safe after the centre's backup", n)
	}
	k.register(20, 15)
	k.synced() // received and decided, but in no backup yet
	other.register(200, 5)

	o.stop()
	keys := filepath.Join(t.TempDir(), "keys")
	if err := os.CopyFS(keys, os.DirFS(filepath.Join(o.data, "keys"))); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(o.data); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(o.data, "keys"), os.DirFS(keys)); err != nil {
		t.Fatal(err)
	}
	o.lose()
	o.must("restore", backup)
	if n := o.must("status").number(t, "registrations"); n != 20 {
		t.Fatalf("%d registrations after the restore", n)
	}
	o.serve()
	k.synced()
	other.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0, "quarantined": 0})
	if at := o.must("status"); at.number(t, "registrations") != 40 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	seen := map[string]int{}
	for _, r := range exportRegistry(t, o) {
		if seen[r[1]+r[2]]++; seen[r[1]+r[2]] > 1 {
			t.Errorf("%s stands twice", r[2])
		}
	}
}

// TestJourneyForgetting: what is safe for longer than the office wants is no
// longer readable here, by anybody; that it was, and when, stays.
func TestJourneyForgetting(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 30)
	k.synced()
	o.must("backup", "--same-disk", filepath.Join(t.TempDir(), "off-host"))
	k.synced()
	found := k.must("search", "madeline").json["people"].([]any)
	if len(found) == 0 {
		t.Fatal("nobody found")
	}
	id, _ := found[0].(map[string]any)["registration"].(string)
	list := k.list(0, 30)

	k.must("settings", "--retention", "7")
	for _, clock := range []interface{ Store(int64) }{&k.ahead, &o.ahead} {
		clock.Store(int64(9 * 24 * time.Hour))
	}
	k.register(500, 2) // not sent: not forgotten
	k.must("sync", "--wait", "0s")
	status := k.must("status")
	if n := status.number(t, "settled") + status.number(t, "held"); n < 30 || status.number(t, "people") != 2 {
		t.Fatalf("%v", status.json)
	}
	if found := k.must("search", "madeline").json["people"].([]any); len(found) != 0 {
		t.Fatalf("%v is still known", found)
	}
	k.refused(civic.RegistrationAbsent, "receipt", id)
	// A list that was imported before is known even now.
	if s := k.must("import", "--form", "febrl", list); s.number(t, "sealed") != 0 || s.number(t, "repeated") != 30 {
		t.Fatalf("%v", s.json)
	}
}
