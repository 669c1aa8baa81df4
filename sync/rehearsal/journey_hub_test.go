package rehearsal

import (
	"path/filepath"
	"testing"
)

// TestJourneyHub: the centre cannot be reached from the villages. Kits sync with
// their office's hub over the local network; it reads nothing, forwards when the
// centre is there, and brings the answers.
func TestJourneyHub(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	// A day's work reached the centre before there was a hub; nothing of it is safe.
	k.register(0, 40)
	k.must("sync", "--wait", "5s")
	hub := &office{t: t, dir: t.TempDir(), listen: "127.0.0.1:0"}
	hub.data = filepath.Join(hub.dir, "hub")
	hub.must("hub", "enrol", "--server", "https://"+o.listen, "--code", o.must("device", "invite", "--area", rehearsalArea, "--hub").text("code"))
	hub.more = []string{"--forward", "https://" + o.listen, "--forward-every", "200ms"}
	hub.serve()

	until(t, "the hub answers, which first fetches its certificate", func() bool {
		return k.run("sync", "--server", "https://"+hub.listen, "--wait", "0s").code == 0
	})
	// What the centre has signed for does not go up a second time.
	if carried := hub.must("hub", "status"); carried.number(t, "files") > 1 { // a day's key, asked for by its id
		t.Fatalf("the kit sent the hub what the centre has: %v", carried.json)
	}
	o.stop()
	k.register(40, 25)
	k.must("sync", "--wait", "0s")
	k.wantStatus(map[string]int{"sealed": 0, "sent": 25}) // handed over, not believed to be at the centre
	if s := k.must("status"); s.text("carried_by") != "hub" || s.text("carried_since") == "" || s.number(t, "carried_files") == 0 {
		t.Fatalf("nobody put a name to what was handed over: %v", s.json)
	}
	k.register(65, 5)

	o.serve()
	until(t, "the hub forwards by its own clock", func() bool {
		k.must("sync", "--wait", "1s")
		s := k.must("status")
		return s.number(t, "settled")+s.number(t, "held") == 70
	})
	if at := o.must("status"); at.number(t, "registrations") != 70 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	if s := k.must("status"); s.text("carried_by") != "" {
		t.Fatalf("the hub's name stands beside the centre's: %v", s.json)
	}
	hub.stop()
	k.must("sync", "--server", "", "--wait", "5s") // the centre again
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
}
