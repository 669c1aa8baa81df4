package rehearsal

import (
	"path/filepath"
	"testing"
	"time"
)

// TestJourneyHub: the centre cannot be reached from the villages. Kits sync with
// their office's hub over the local network; it reads nothing, forwards when the
// centre is there, and brings the answers.
func TestJourneyHub(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	hub := &office{t: t, dir: t.TempDir(), listen: "127.0.0.1:0"}
	hub.data = filepath.Join(hub.dir, "hub")
	hub.must("hub", "enrol", "--server", "https://"+o.listen, "--code", o.must("device", "invite", "--area", rehearsalArea, "--hub").text("code"))
	hub.more = []string{"--forward", "https://" + o.listen, "--forward-every", "200ms"}
	hub.serve()

	deadline := time.Now().Add(time.Minute) // a new hub first fetches its certificate
	for k.run("sync", "--server", "https://"+hub.listen, "--wait", "0s").code != 0 {
		if time.Now().After(deadline) {
			t.Fatal("the hub does not answer")
		}
	}
	o.stop()
	k.register(0, 25)
	k.must("sync", "--wait", "0s")
	k.wantStatus(map[string]int{"sealed": 0, "settled": 0}) // handed over, not believed to be at the centre
	k.register(25, 5)

	o.serve()
	deadline = time.Now().Add(time.Minute) // the hub forwards by its own clock
	for settled := 0; settled < 30; {
		k.must("sync", "--wait", "1s")
		s := k.must("status")
		settled = s.number(t, "settled") + s.number(t, "held")
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %v", s.json)
		}
	}
	if at := o.must("status"); at.number(t, "registrations") != 30 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	hub.stop()
	k.must("sync", "--server", "", "--wait", "5s") // the centre again
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
}
