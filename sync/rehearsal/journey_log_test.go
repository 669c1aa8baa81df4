package rehearsal

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
)

// looks makes the centre's log of looks longer by n rows.
func (o *office) looks(n int) {
	o.t.Helper()
	for range n {
		o.must("registry", "export", filepath.Join(o.t.TempDir(), "persons.csv"))
	}
	o.must("audit", "verify")
}

// faults lists what audit verify finds, and what it notes.
func (s said) faults(t testing.TB, list string) (out []string) {
	t.Helper()
	all, _ := s.json[list].([]any)
	for _, f := range all {
		m, _ := f.(map[string]any)
		word, _ := m["fault"].(string)
		out = append(out, word)
	}
	return out
}

// alarms lists what a kit found wrong with the log.
func (s said) alarms(t testing.TB) (out []civic.Code) {
	t.Helper()
	all, _ := s.json["alarms"].([]any)
	for _, a := range all {
		m, _ := a.(map[string]any)
		code, _ := m["code"].(string)
		out = append(out, civic.Code(code))
	}
	return out
}

func copyFolder(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// copied copies the ledger where it does not lie in the centre's folder: what
// the copy is named by, and what the ledger itself is.
func (o *office) copied() (other, own []string) {
	o.t.Helper()
	if len(o.db) == 0 {
		return nil, nil
	}
	return []string{o.db[0], ledgertest.Copied(o.t, o.db[1])}, slices.Clone(o.db)
}

// TestJourneyWitness: kits witness the centre's log of looks. The centre is
// restored from a copy: the gap is told on every side. Then somebody makes a
// second history: the first kit that saw the other one finds it out.
func TestJourneyWitness(t *testing.T) {
	o := newOffice(t)
	a, b := o.tablet(), o.tablet()
	a.register(0, 5)
	a.synced()
	o.looks(1)
	a.synced()
	b.synced()
	seen := a.must("log")
	if seen.number(t, "size") < 1 || len(seen.alarms(t)) != 0 {
		t.Fatalf("the kit saw %v", seen.json)
	}
	early := filepath.Join(t.TempDir(), "early")
	if n := a.must("log", "--evidence", early).number(t, "files"); n < 2 {
		t.Fatalf("%d files", n)
	}
	heads, err := filepath.Glob(filepath.Join(early, "head-*.note"))
	if err != nil || len(heads) == 0 {
		t.Fatal(heads, err)
	}
	o.must("audit", "verify", "--checkpoint", heads[0], "--since", "2020-01-01")

	backup := filepath.Join(t.TempDir(), "off-host")
	o.must("backup", "--same-disk", backup)
	kept := o.must("audit", "head").number(t, "size")
	o.looks(1)
	a.synced()
	full := a.must("log").number(t, "size")
	if full <= kept {
		t.Fatalf("%d rows after %d", full, kept)
	}
	late := filepath.Join(t.TempDir(), "late")
	a.must("log", "--evidence", late)

	// The disk dies; the copy is older than what the kit saw.
	o.stop()
	keys := filepath.Join(t.TempDir(), "keys")
	copyFolder(t, filepath.Join(o.data, "keys"), keys)
	if err := os.RemoveAll(o.data); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, keys, filepath.Join(o.data, "keys"))
	newest := filepath.Join(late, "head-"+strconv.Itoa(full)+".note")
	o.lose()
	if s := o.must("restore", backup, "--checkpoint", newest); s.number(t, "log_size") != kept {
		t.Fatalf("%v", s.json)
	}
	// Before any kit comes back the gap is told, with what was lost.
	if s := o.must("audit", "verify"); !slices.Contains(s.faults(t, "notices"), "gap") {
		t.Fatalf("%v", s.json)
	}
	o.ahead.Store(int64(10 * time.Second)) // what follows is seen after the restore
	o.serve()
	o.looks(3)
	a.synced()
	s := a.refused(civic.LogGap, "log")
	if got := s.alarms(t); !slices.Equal(got, []civic.Code{civic.LogGap}) {
		t.Fatalf("the restore is told as %v", got)
	}
	if s.number(t, "size") <= full {
		t.Errorf("the kit does not go on: %v", s.json)
	}
	b.synced() // it saw nothing of what was lost
	b.must("log")
	v := o.must("audit", "verify", "--checkpoint", newest)
	if !slices.Contains(v.faults(t, "notices"), "gap") || v.json["ok"] != true {
		t.Errorf("%v", v.json)
	}

	// Two histories from here on.
	o.stop()
	other, honest := filepath.Join(t.TempDir(), "other"), o.data
	copyFolder(t, o.data, other)
	otherLedger, honestLedger := o.copied()
	o.serve()
	o.looks(2)
	b.synced()
	o.stop()
	o.data, o.db = other, otherLedger
	o.serve()
	o.looks(3)
	b.synced()
	if s := b.refused(civic.LogForked, "log"); len(s.alarms(t)) != 1 {
		t.Fatalf("%v", s.json)
	}
	opened := b.opened(t)
	home, err := opened.Home(t.Context())
	if err != nil || !slices.ContainsFunc(home.Alerts, func(a kit.Alert) bool { return a.Code == civic.LogForked }) {
		t.Errorf("the first page says %+v, %v", home.Alerts, err)
	}
	if w, err := opened.LogWatch(t.Context()); err != nil || len(w.Alarms) != 1 || !w.Alarms[0].Told {
		t.Errorf("the journal does not say it: %+v, %v", w, err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	if s := o.run("audit", "verify"); s.problem() != civic.LogAltered || !slices.Contains(s.faults(t, "findings"), "forked") {
		t.Errorf("the second history verifies: %v", s.json)
	}
	// The other kit knows the second history only, and meets the first on a stick.
	a.synced()
	stick := filepath.Join(t.TempDir(), "stick")
	b.must("export", stick)
	a.must("export", stick)
	a.synced()
	if s := a.run("log"); !slices.Contains(s.alarms(t), civic.LogForked) {
		t.Errorf("two kits compared and found nothing: %v", s.json)
	}
	o.stop()
	o.data, o.db = honest, honestLedger
	if s := o.must("audit", "verify"); len(s.faults(t, "findings")) != 0 {
		t.Errorf("%v", s.json)
	}
}
