package rehearsal

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyByHand: no network at all. The kit's files go to the centre on a
// stick and the answers come back on it, twice, and nothing is doubled when the
// stick is read again.
func TestJourneyByHand(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	o.stop()
	stick := filepath.Join(t.TempDir(), "stick")
	k.register(0, 30)
	out := k.must("export", stick)
	if out.number(t, "files") < 2 || out.number(t, "bytes") == 0 || out.number(t, "received") != 0 {
		t.Fatalf("%v", out.json)
	}
	k.wantStatus(map[string]int{"sent": 30, "sealed": 0})
	if again := k.must("export", stick); again.number(t, "files") != 0 {
		t.Fatalf("the same files again: %v", again.json)
	}

	in := o.must("import", stick)
	if in.number(t, "accepted") < 2 || in.number(t, "quarantined") != 0 {
		t.Fatalf("%v", in.json)
	}
	if in := o.must("import", stick); in.number(t, "accepted") != 0 {
		t.Fatalf("%v", in.json)
	}
	back := k.must("export", stick)
	if n := back.number(t, "settled") + back.number(t, "held"); n != 30 || back.number(t, "files") != 0 {
		t.Fatalf("%v", back.json)
	}
	left, err := filepath.Glob(filepath.Join(stick, "up", "*.batch"))
	if err != nil || len(left) != 0 {
		t.Errorf("left on the stick: %q, %v", left, err)
	}

	// A locked kit exports what was packed; the network later repeats nothing.
	k.register(30, 10)
	if s := k.locked("export", stick); s.code != 0 || s.number(t, "files") == 0 {
		t.Fatalf("%v\n%s", s.json, s.stderr)
	}
	o.must("import", stick)
	o.serve()
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
	if n := o.must("status").number(t, "registrations"); n != 40 {
		t.Fatalf("%d registrations at the centre", n)
	}
}

// TestJourneyStickDamaged: a stick that lies, is empty or cannot be written does
// no harm.
func TestJourneyStickDamaged(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 10)
	stick := filepath.Join(t.TempDir(), "stick")
	k.must("export", stick)
	files, err := filepath.Glob(filepath.Join(stick, "up", "*.batch"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	journeyFile(t, files[0], b)
	o.must("import", stick) // set aside at the centre as evidence

	// The answer of the centre is damaged on the way back: nothing is believed.
	answers, err := filepath.Glob(filepath.Join(stick, "down", "*.cbor"))
	if err != nil || len(answers) != 1 {
		t.Fatalf("%q, %v", answers, err)
	}
	good, err := os.ReadFile(answers[0])
	if err != nil {
		t.Fatal(err)
	}
	journeyFile(t, answers[0], good[:len(good)-3])
	k.refused(civic.MediumAnswer, "export", stick)
	journeyFile(t, answers[0], good)
	k.must("export", stick)
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0, "quarantined": 0})
	if n := o.must("status").number(t, "registrations"); n != 10 {
		t.Fatalf("%d registrations at the centre", n)
	}
}

// TestJourneyCourier: a kit without a network hands its files to another one on
// a stick; that one carries them, unread, and sends them with its own.
func TestJourneyCourier(t *testing.T) {
	o := newOffice(t)
	k, carrier := o.tablet(), o.tablet()
	k.register(0, 25)
	carrier.register(100, 5)
	stick := filepath.Join(t.TempDir(), "stick")
	k.must("export", stick)
	taken := carrier.must("courier", stick)
	if taken.number(t, "files") < 2 {
		t.Fatalf("%v", taken.json)
	}
	if lists, err := filepath.Glob(filepath.Join(stick, "custody", "*.cbor")); err != nil || len(lists) != 1 {
		t.Fatalf("custody %q, %v", lists, err)
	}
	k.must("export", stick) // the stick comes by again: the kit learns who has what
	if s := k.must("status"); s.text("carried_by") != "courier" || s.number(t, "carried_files") == 0 || s.number(t, "received") != 0 {
		t.Fatalf("the courier's name is not told: %v", s.json)
	}
	if again := carrier.must("courier", stick); again.number(t, "files") != 0 {
		t.Fatalf("%v", again.json)
	}
	carrier.synced()
	if n := o.must("status").number(t, "registrations"); n != 30 {
		t.Fatalf("%d registrations at the centre", n)
	}
	left, err := filepath.Glob(filepath.Join(carrier.home, "courier", "up", "*.batch"))
	if err != nil || len(left) != 0 {
		t.Errorf("the courier still carries %q, %v", left, err)
	}
	carrier.wantStatus(map[string]int{"sealed": 0, "sent": 0})
	if n := carrier.must("status").number(t, "people"); n != 5 {
		t.Errorf("the courier knows %d people, want its own 5", n)
	}
	// The same stick again: what was delivered is not taken over twice.
	carrier.must("courier", stick)
	if again, err := filepath.Glob(filepath.Join(carrier.home, "courier", "up", "*.batch")); err != nil || len(again) != 0 {
		t.Fatalf("taken over again: %q, %v", again, err)
	}
	// The kit never sees a network; the answers come by the courier as well.
	until(t, "the courier brought the answers", func() bool {
		k.must("export", stick)
		carrier.must("courier", stick)
		carrier.must("sync")
		carrier.must("courier", stick)
		k.must("export", stick)
		s := k.must("status")
		return s.number(t, "settled") == 25 && s.number(t, "received")+s.number(t, "sent")+s.number(t, "sealed") == 0
	})
	if files, err := filepath.Glob(filepath.Join(stick, "up", "*.batch")); err != nil || len(files) != 0 {
		t.Errorf("the stick still holds %q, %v", files, err)
	}
	// Back on a network it repeats nothing.
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
	if n := o.must("status").number(t, "registrations"); n != 30 {
		t.Fatalf("%d registrations at the centre", n)
	}
}
