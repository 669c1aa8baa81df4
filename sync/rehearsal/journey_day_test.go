package rehearsal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// The passphrases of the second officer and of the supervisor.
const (
	evasPass = "maize river lantern thursday"
	leosPass = "window copper seven oranges"
)

// supervised is a kit with two officers and one supervisor, whom the centre
// approved by the code he read out; approval is on.
func supervised(t *testing.T, o *office, b *tablet) *kit.Kit {
	t.Helper()
	ctx := t.Context()
	now := time.Now().UTC()
	zone := time.FixedZone("noon", (12-now.Hour())*3600) // it is noon here: nobody works at odd hours
	b.change = func(o *kit.Options) { o.Zone = zone }
	k, err := kit.Open(ctx, kit.Options{Home: b.home, LogN: 10, Zone: zone})
	if err == nil {
		err = k.Unlock(ctx, journeyPass)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, pass := range map[string]string{"Eva": evasPass, "Leo": leosPass} {
		if _, err := k.AddOfficer(ctx, name, pass); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, "nobody is a supervisor yet", k.WantApproval(ctx, true, leosPass), civic.NotSupervisor)
	as(t, k, leosPass)
	code, err := k.ApplySupervisor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sealed(t, k, "identity", rosalia, true) // a pack needs somebody in it
	decided(t, k)
	o.must("pack", "approve", k.Identity().Device.String(), code)
	o.must("pack", "build", "--area", rehearsalArea, "--every", "1h")
	until(t, "the supervisor is named to the kit", func() bool {
		synced(t, k, 0)
		v, err := k.Oversight(ctx)
		return err == nil && v.Known
	})
	as(t, k, journeyPass)
	wantProblem(t, "an officer who is no supervisor", k.WantApproval(ctx, true, journeyPass), civic.NotSupervisor)
	if err := k.WantApproval(ctx, true, leosPass); err != nil {
		t.Fatal(err)
	}
	k.LeadEnd()
	return k
}

// as locks the kit and has somebody else unlock it.
func as(t *testing.T, k *kit.Kit, pass string) {
	t.Helper()
	if err := k.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := k.Unlock(t.Context(), pass); err != nil {
		t.Fatal(err)
	}
}

// another is rosalia under another name.
func another(given, surname, birth, phone string) map[string]string {
	out := map[string]string{}
	for p, v := range rosalia {
		out[p] = v
	}
	out["who/given_name"], out["who/surname"], out["who/birth_date"], out["home/phone"] = given, surname, birth, phone
	return out
}

// TestJourneyDay: two officers register, nothing is sent before the supervisor
// has looked; what he gives back is corrected and goes with its correction to one
// person; the day's report counts it all and names nobody; practice stays apart.
func TestJourneyDay(t *testing.T) {
	o := newOffice(t)
	b := o.tablet()
	k := supervised(t, o, b)
	defer func() { _ = k.Close() }()
	ctx := t.Context()
	before := o.must("status").number(t, "registrations")

	first, _ := sealed(t, k, "identity", another("Toribio", "Ixcoatl", "1961-11-20", "9515550199"), true)
	sealed(t, k, "identity", another("Marcela", "Ortiz", "1988-07-02", "9515550311"), true)
	if err := k.SetPractice(ctx, true); err != nil {
		t.Fatal(err)
	}
	sealed(t, k, "identity", another("Invented", "Person", "1990-01-01", "9515550000"), true)
	as(t, k, evasPass)
	third, _ := sealed(t, k, "identity", another("Gaudencio", "Tlaxcalteco", "1972-04-14", "9515550422"), true)

	// Synced, carried and locked: nothing of it leaves the kit.
	synced(t, k, 0)
	if out, err := k.Export(ctx, t.TempDir()); err != nil || waits(t, k) != 3 {
		t.Fatalf("%+v %v, %d wait", out, err, waits(t, k))
	}
	as(t, k, evasPass)
	synced(t, k, 0)
	if n := o.must("status").number(t, "registrations"); n != before {
		t.Fatalf("%d registrations at the centre, %d before: a supervisor looked at none of them", n, before)
	}
	if counts, err := k.Status(ctx); err != nil || counts.Sealed != 3 {
		t.Fatalf("%+v %v", counts, err)
	}
	if h, err := k.Home(ctx); err != nil || h.Unseen != 3 || h.UnseenGoes.Before(time.Now().Add(6*24*time.Hour)) {
		t.Fatalf("the first page says %d wait until %v, %v", h.Unseen, h.UnseenGoes, err)
	}

	// Only the supervisor approves: by his own passphrase on another's kit.
	_, err := k.Approve(ctx, third)
	wantProblem(t, "an officer approves", err, civic.NotSupervisor)
	wantProblem(t, "an officer gives back", k.GiveBack(ctx, third, "x"), civic.NotSupervisor)
	_, err = k.Oddities(ctx, time.Now())
	wantProblem(t, "an officer looks for oddities", err, civic.NotSupervisor)
	_, err = k.Lead(ctx, evasPass)
	wantProblem(t, "a passphrase of no supervisor", err, civic.NotSupervisor)
	if name, err := k.Lead(ctx, leosPass); err != nil || name != "Leo" {
		t.Fatalf("%q %v", name, err)
	}
	if err := k.GiveBack(ctx, first, "the second surname is on the card"); err != nil {
		t.Fatal(err)
	}
	if n, err := k.Approve(ctx, third); err != nil || n != 1 {
		t.Fatalf("%d approved, %v", n, err)
	}
	if e, err := k.Registration(ctx, third, "en"); err != nil || e.Status != civic.Approved {
		t.Fatalf("%v %v", e.Status, err)
	}
	decided(t, k)
	if n := o.must("status").number(t, "registrations"); n != before+1 || waits(t, k) != 2 {
		t.Fatalf("%d registrations at the centre, %d before, %d wait", n, before, waits(t, k))
	}

	// The officer corrects what came back; the note stands with the draft.
	k.LeadEnd()
	as(t, k, journeyPass)
	drafts, err := k.Drafts(ctx)
	if err != nil || len(drafts) != 1 || drafts[0].Note != "the second surname is on the card" || drafts[0].Corrects != first {
		t.Fatalf("%+v %v", drafts, err)
	}
	iv, err := k.Resume(ctx, drafts[0].ID)
	if err != nil || value(iv, "who/given_name") != "Toribio" {
		t.Fatal(err)
	}
	if err := iv.Set(ctx, "who/second_surname", civic.Answer{Value: "Cuauhtle"}); err != nil {
		t.Fatal(err)
	}
	correction, err := k.Seal(ctx, iv)
	if err != nil || iv.Draft().Note == "" {
		t.Fatal(err)
	}
	synced(t, k, 0)
	if n := o.must("status").number(t, "registrations"); n != before+1 {
		t.Fatal("the correction went before it was approved")
	}

	// All that shows nothing odd goes; the correction takes the first along, and
	// both are one person.
	if _, err := k.Lead(ctx, leosPass); err != nil {
		t.Fatal(err)
	}
	if n, left, err := k.ApproveCalm(ctx); err != nil || n == 0 || left != 0 {
		for _, x := range must(k.Oddities(ctx, time.Now()))(t) {
			t.Logf("%s %v", x.Code, x.Words)
		}
		t.Fatalf("%d approved, %d left, %v", n, left, err)
	}
	decided(t, k)
	if s := o.must("status"); s.number(t, "registrations") != before+4 || s.number(t, "held") != 0 {
		t.Fatalf("%v", s.json)
	}
	a, err1 := k.Registration(ctx, first, "en")
	c, err2 := k.Registration(ctx, correction, "en")
	if err1 != nil || err2 != nil || !a.Status.Settled() || !c.Status.Settled() || a.Persons[0].Person != c.Persons[0].Person || c.Corrects != first {
		t.Fatalf("%+v %v, %+v %v", a, err1, c, err2)
	}

	// The day's report: counts by officer, and no name in its files.
	d, err := k.Day(ctx, time.Now())
	if err != nil || d.All.Sealed != 5 || len(d.Officers) != 3 || d.Approved != 4 || d.All.Corrections != 1 || d.WentUnseen != 0 {
		t.Fatalf("%+v %v", d, err)
	}
	table, err := k.DayCSV(ctx, time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Toribio", "Marcela", "Eva", "Leo", "Ixcoatl"} {
		if strings.Contains(string(table), name) {
			t.Errorf("%q stands in the table", name)
		}
	}
	if events := strings.Count(string(table), "\n"); events < 20 {
		t.Errorf("the table has %d lines", events)
	}
	pdf, err := k.DayPDF(ctx, time.Now(), "es", true)
	if err != nil || !strings.HasPrefix(string(pdf), "%PDF") {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}

	// The same on the command line, with the supervisor's passphrase in a file.
	leo := filepath.Join(t.TempDir(), "leo")
	if err := os.WriteFile(leo, []byte(leosPass+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.register(0, 3)
	if s := b.must("day"); s.json["approval"] != true || s.number(t, "unseen") != 3 || s.json["oddities"] != nil {
		t.Fatalf("%v", s.json)
	}
	b.refused(civic.NotSupervisor, "day", "approve", "--all")
	if s := b.must("day", "approve", "--all", "--supervisor", leo); s.number(t, "approved") != 3 || s.number(t, "unseen") != 0 {
		t.Fatalf("%v", s.json)
	}
	b.synced()
	if n := o.must("status").number(t, "registrations"); n != before+7 {
		t.Fatalf("%d registrations", n)
	}
	b.must("day", "approval", "off", "--supervisor", leo)
	if s := b.must("day"); s.json["approval"] != false {
		t.Fatalf("%v", s.json)
	}
}

// TestJourneyDayNobodyCame: no supervisor comes for a week. What was sealed goes
// out by itself, is safe at the centre, and the day's report says so.
func TestJourneyDayNobodyCame(t *testing.T) {
	o := newOffice(t)
	b := o.tablet()
	k := supervised(t, o, b)
	before := o.must("status").number(t, "registrations")
	sealed(t, k, "identity", another("Toribio", "Ixcoatl", "1961-11-20", "9515550199"), true)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	b.ahead.Store(int64(7*24*time.Hour + time.Minute))
	o.ahead.Store(int64(7*24*time.Hour + time.Minute))
	b.synced()
	if n := o.must("status").number(t, "registrations"); n != before+1 {
		t.Fatalf("%d registrations at the centre, %d before", n, before)
	}
	if s := b.must("day"); s.number(t, "went_unseen") != 1 || s.number(t, "unseen") != 0 {
		t.Fatalf("%v", s.json)
	}
}

// TestJourneyDayOrderedEnd: the registry ends a kit on which something waits for
// a supervisor. It is handed over all the same, and only then the kit is empty.
func TestJourneyDayOrderedEnd(t *testing.T) {
	o := newOffice(t)
	b := o.tablet()
	k := supervised(t, o, b)
	before := o.must("status").number(t, "registrations")
	sealed(t, k, "identity", another("Toribio", "Ixcoatl", "1961-11-20", "9515550199"), true)
	device := k.Identity().Device.String()
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	o.must("device", "revoke", device, "--wipe")
	until(t, "the kit ends", func() bool { return b.must("sync", "--wait", "5s").json["ended"] == true })
	at := o.must("status")
	if n := at.number(t, "registrations") + at.number(t, "quarantined"); n != before+1 {
		t.Fatalf("the centre says %v, %d before", at.json, before)
	}
}

// waits is how many registrations wait for a supervisor.
func waits(t *testing.T, k *kit.Kit) int {
	t.Helper()
	v, err := k.Oversight(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.Unseen
}

// must gives a value, or ends the test with its error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
