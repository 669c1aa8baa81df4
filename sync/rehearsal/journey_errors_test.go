package rehearsal

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// The journeys of what goes wrong: each asserts the code, the sentence with its
// hint on standard error, and that nothing was lost.

func TestJourneyWrongPassphrase(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 3)
	right := k.pass
	k.pass = filepath.Join(t.TempDir(), "wrong")
	journeyFile(t, k.pass, []byte("correct horse battery stapler\n"))
	for _, args := range [][]string{{"status"}, {"search", "mitchell"}, {"import", "--form", "febrl", k.list(5, 2)}, {"sync"}} {
		k.refused(civic.WrongPassphrase, args...)
	}
	k.pass = right
	k.wantStatus(map[string]int{"sealed": 3})
}

func TestJourneyEnrolmentCodes(t *testing.T) {
	late := newOffice(t)
	expired := late.invite("--expires", "1h")
	late.ahead.Store(int64(2 * time.Hour))
	newTablet(t).refused(civic.CodeExpired, "enrol", "--file", expired)

	o := newOffice(t)
	used := o.invite()
	first := newTablet(t)
	first.must("enrol", "--file", used)
	newTablet(t).refused(civic.CodeUsed, "enrol", "--file", used)
	first.register(0, 3)
	first.synced() // the kit that used it is none the worse
	first.wantStatus(map[string]int{"sealed": 0})

	// A code of another registry does not make this centre believed.
	other := newOffice(t).must("device", "invite", "--area", rehearsalArea)
	newTablet(t).refused(civic.WrongServer, "enrol", "--server", "https://"+o.listen, "--code", other.text("code"))
	newTablet(t).refused(civic.CodeMalformed, "enrol", "--server", "https://"+o.listen, "--code", "DE36-P7YV")
}

// TestJourneyClockTwoDaysOff: a doubtful clock is told and stops nothing.
func TestJourneyClockTwoDaysOff(t *testing.T) {
	o := newOffice(t)
	for _, off := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		k := o.tablet()
		k.ahead.Store(int64(off))
		k.register(0, 20)
		k.synced()
		s := k.must("status")
		alerts, _ := s.json["alerts"].([]any)
		found := false
		for _, a := range alerts {
			m, _ := a.(map[string]any)
			message, _ := m["message"].(string)
			found = found || m["code"] == string(civic.ClockDoubt) && strings.Contains(message, " d") && strings.Contains(s.stderr, message)
		}
		if !found {
			t.Errorf("%v off: alerts %v\n%s", off, alerts, s.stderr)
		}
		k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
		k.register(100, 1) // and work goes on
	}
	if n := o.must("status").number(t, "registrations"); n != 40 {
		t.Errorf("%d registrations at the centre", n)
	}
}

func TestJourneyFullDisk(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 5)
	free := uint64(100 << 10)
	k.change = func(op *kit.Options) { op.FreeSpace = func(string) (uint64, error) { return free, nil } }
	s := k.refused(civic.DiskFull, "import", "--form", "febrl", k.list(5, 5))
	if s.number(t, "sealed") != 0 {
		t.Fatalf("%v", s.json)
	}
	k.synced() // sending needs no room to speak of
	free = 1 << 40
	k.register(5, 5)
	k.synced()

	// The disk fills up in the middle: what was sealed before stays, whole.
	held := k.must("status")
	k.change = func(op *kit.Options) { op.MaxBytes = 3 << 20 }
	s = k.refused(civic.DiskFull, "import", "--form", "febrl", k.list(100, 8000))
	sealed := s.number(t, "sealed")
	if sealed == 0 || sealed == 8000 {
		t.Fatalf("the disk took %d", sealed)
	}
	k.change = nil
	k.wantStatus(map[string]int{"sealed": sealed, "settled": held.number(t, "settled")})
	if again := k.must("import", "--form", "febrl", k.list(100, sealed+200)); again.number(t, "repeated") != sealed || again.number(t, "sealed") != 200 {
		t.Fatalf("%v", again.json)
	}
}

func TestJourneyDamagedDatabase(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 50)
	database := filepath.Join(k.home, "kit.db")
	b, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), b...)
	for i := range 4096 {
		damaged[i] ^= 0x5a
	}
	journeyFile(t, database, damaged)
	s := k.refused(civic.StoreDamaged, "status")
	kept, err := filepath.Glob(filepath.Join(k.home, "kit.db.kept-*"))
	if err != nil || len(kept) == 0 || !strings.Contains(s.stderr, filepath.Base(kept[0])) {
		t.Fatalf("kept %q, told\n%s", kept, s.stderr)
	}
	if evidence, err := os.ReadFile(kept[0]); err != nil || string(evidence) != string(damaged) {
		t.Fatalf("the evidence changed: %v", err)
	}
	k.refused(civic.StoreDamaged, "import", "--form", "febrl", k.list(0, 1)) // nothing is begun anew over it
}

// TestJourneyUnknownFormVersion: the centre does not have the form yet. It
// keeps what came, the kit says so, and once the form is there all is taken in.
func TestJourneyUnknownFormVersion(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	book := ministryWorkbook(t)
	workbook := filepath.Join(t.TempDir(), "ministry.xlsx")
	journeyFile(t, workbook, book)
	list := filepath.Join(t.TempDir(), "list.csv")
	journeyFile(t, list, []byte("row,name\n1,Ana\n2,Eva\n3,Leo\n"))
	if n := k.must("import", "--form", workbook, list).number(t, "sealed"); n != 3 {
		t.Fatalf("sealed %d", n)
	}
	k.register(0, 4) // work on known forms is not held up
	until(t, "the kit is told", func() bool {
		k.must("sync", "--wait", "3s")
		return k.must("status").number(t, "quarantined") == 3
	})
	k.wantStatus(map[string]int{"quarantined": 3, "sealed": 0})
	held := o.must("quarantine", "list")
	wantAside(t, held, civic.FormVersionUnknown)

	journeyFile(t, forms(t, o)+"/ministry.xlsx", book)
	o.stop()
	o.serve()
	o.must("quarantine", "retry", "--reason", string(civic.FormVersionUnknown))
	k.synced()
	k.wantStatus(map[string]int{"quarantined": 0, "received": 0, "sealed": 0})
	if n := o.must("status").number(t, "registrations"); n != 7 {
		t.Fatalf("%d registrations at the centre", n)
	}
}

// ministryWorkbook is a form that ships with neither program.
func ministryWorkbook(t testing.TB) []byte {
	t.Helper()
	return formtest.Workbook(t, map[string]string{
		"survey":   "type | name | label | x_attr\ntext | name | Name | full_name",
		"settings": "form_id | form_title | version\nministry | Of a ministry | 3",
	})
}

func forms(t *testing.T, o *office) string {
	t.Helper()
	dir := filepath.Join(o.data, "forms")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wantAside looks for one file set aside for a reason, told in the catalogue's
// words.
func wantAside(t testing.TB, list said, code civic.Code) {
	t.Helper()
	rows, _ := list.json["quarantined"].([]any)
	for _, r := range rows {
		m, _ := r.(map[string]any)
		if message, _ := m["message"].(string); m["reason"] == string(code) && strings.HasPrefix(message, firstPart(civic.Catalogue()[code].Message)) {
			return
		}
	}
	t.Fatalf("nothing was set aside as %s: %v", code, list.json)
}

// TestJourneyNoNetwork: the kit says that all is safe, and sends it later.
func TestJourneyNoNetwork(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 10)
	o.stop()
	s := k.refused(civic.NoNetwork, "sync", "--wait", "1s")
	if s.number(t, "sent") != 0 || s.number(t, "waiting") != 10 {
		t.Fatalf("%v", s.json)
	}
	o.serve()
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0})
}

// TestJourneyStopped: a sync that is stopped at once loses nothing.
func TestJourneyStopped(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 30)
	opened, err := kit.Open(context.Background(), kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Unlock(context.Background(), journeyPass); err != nil {
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := opened.Sync(stopped, time.Second, nil); civic.CodeOf(err) != civic.Stopped {
		t.Fatalf("stopped: %v", err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0})
}

// TestJourneyOrderedEnd: the registry withdraws a kit and orders its end. What
// it still holds is handed over first; only then it is empty.
func TestJourneyOrderedEnd(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 12)
	k.synced()
	k.register(12, 8) // not sent yet
	device := k.must("status").text("device")
	o.must("device", "revoke", device, "--wipe")
	s := k.must("sync", "--wait", "10s")
	if s.json["ended"] != true {
		k.must("sync", "--wait", "10s") // the order came with the pass that handed over
	}
	k.refused(civic.NotEnrolled, "status")
	left, err := os.ReadDir(k.home)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "kit.db") {
			t.Errorf("%s is left of the kit", e.Name())
		}
	}
	// What came after the withdrawal is at the centre, set aside for a person.
	at := o.must("status")
	if n := at.number(t, "registrations") + at.number(t, "quarantined"); n != 20 {
		t.Fatalf("the centre says %v", at.json)
	}
	k.must("enrol", "--file", o.invite()) // the tablet may become another kit
}
