package rehearsal

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// rosalia is somebody of the district, by the answers of the identity form.
var rosalia = map[string]string{
	"who/given_name": "Rosalía", "who/surname": "Quiahua", "who/second_surname": "Paz", "who/sex": "female", "who/birth_date": "1994-03-05",
	"who/nationality": "mex", "life/occupation": "teje petates", "home/address": "Camino al pozo 4", "home/locality": "Santa Ana Xochitl",
	"home/municipality": "Teozacoalco", "home/state": "Oaxaca", "home/phone": "9515550142", "proof/evidence": "self_declared", "proof/print": "yes",
}

// sealed registers a person on a kit and gives the receipt's text.
func sealed(t *testing.T, k *kit.Kit, form civic.FormID, answers map[string]string, share bool) (civic.RegistrationID, string) {
	t.Helper()
	ctx := t.Context()
	iv, err := k.Begin(ctx, form)
	if err != nil {
		t.Fatal(err)
	}
	return finish(t, k, iv, answers, share)
}

func finish(t *testing.T, k *kit.Kit, iv *capture.Interview, answers map[string]string, share bool) (civic.RegistrationID, string) {
	t.Helper()
	ctx := t.Context()
	var paths []string
	for p := range answers {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for range 2 { // what one answer brings up may come before it by name
		for _, p := range paths {
			if err := iv.Set(ctx, p, civic.Answer{Value: answers[p]}); err != nil {
				t.Fatal(p, err)
			}
		}
	}
	if err := iv.SetConsent(ctx, civic.Consent{Service: iv.Form().Service(), Given: share}); err != nil {
		t.Fatal(err)
	}
	id, err := k.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	r, err := k.Receipt(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	return id, r.Text
}

func synced(t *testing.T, k *kit.Kit, wait time.Duration) kit.SyncResult {
	t.Helper()
	r, err := k.Sync(t.Context(), wait, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// decided syncs until nothing of a kit is undecided.
func decided(t *testing.T, k *kit.Kit) {
	t.Helper()
	until(t, "the centre decides", func() bool { return synced(t, k, 2*time.Second).Pending == 0 })
}

func found(t *testing.T, k *kit.Kit, name string) []kit.Person {
	t.Helper()
	list, err := k.Search(t.Context(), name, 10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func value(iv *capture.Interview, path string) string { return iv.State(path).Answer.Value }

func wantProblem(t *testing.T, what string, err error, codes ...civic.Code) {
	t.Helper()
	if !slices.Contains(codes, civic.CodeOf(err)) {
		t.Fatalf("%s: %v, want %v", what, err, codes)
	}
}

// TestJourneyPack: people whom one kit registered are found on another without
// a network, shut, and open with their receipt, a supervisor or the centre; what
// opens is asked once, and every opening stands in the log.
func TestJourneyPack(t *testing.T) {
	o := newOffice(t)
	first, second := o.tablet(), o.tablet()
	a := first.opened(t)
	defer func() { _ = a.Close() }()
	ctx := t.Context()

	_, paper := sealed(t, a, "identity", rosalia, true)
	other := map[string]string{}
	for p, v := range rosalia {
		other[p] = v
	}
	other["who/given_name"], other["who/surname"], other["who/birth_date"], other["home/phone"] = "Toribio", "Ixcoatl", "1961-11-20", "9515550199"
	_, hisPaper := sealed(t, a, "identity", other, true)
	decided(t, a)
	if s := o.must("pack", "build", "--area", rehearsalArea, "--every", "1h"); len(s.json["packs"].([]any)) != 1 {
		t.Fatal(s.json)
	}

	b := second.opened(t)
	closed := false
	defer func() {
		if !closed {
			_ = b.Close()
		}
	}()
	until(t, "the pack arrives", func() bool {
		synced(t, b, 0)
		d, err := b.District(ctx)
		return err == nil && d.Present && !d.Coming && d.People == 2
	})

	// Found offline by the index layer: name, year, place, and no more.
	who := found(t, b, "rosalia quiahua")
	if len(who) != 1 || !who[0].District || who[0].BirthDate != "1994" || who[0].Place != "Santa Ana Xochitl" || who[0].Opened {
		t.Fatalf("found %+v", who)
	}
	person := who[0].Person
	if held := b.Held(person); held != nil {
		t.Fatalf("held before it was opened: %+v", held)
	}
	iv, err := b.BeginFor(ctx, "health", who[0].Ref(), nil)
	if err != nil || value(iv, "who/given_name") != "" {
		t.Fatalf("an answer of somebody who was not opened: %q, %v", value(iv, "who/given_name"), err)
	}
	if err := b.Discard(ctx, iv.ID()); err != nil {
		t.Fatal(err)
	}

	// Refused: another's receipt, no supervisor, a passphrase of no supervisor.
	_, err = b.OpenByReceipt(ctx, person, hisPaper)
	wantProblem(t, "another's receipt", err, civic.PersonShut)
	_, err = b.OpenByReceipt(ctx, person, paper[:len(paper)-3])
	wantProblem(t, "half a receipt", err, civic.ReceiptUnreadable)
	_, err = b.OpenBySupervisor(ctx, person, journeyPass, "her papers were lost in the flood")
	wantProblem(t, "an officer who is no supervisor", err, civic.NotSupervisor)
	if d, _ := b.District(ctx); d.Unsent != 0 {
		t.Fatal("a refused opening was noted as one")
	}

	// Her own receipt opens, and the next service asks less.
	p, err := b.OpenByReceipt(ctx, person, paper)
	if err != nil || p.BirthDate != "1994-03-05" || !p.Opened {
		t.Fatalf("%+v, %v", p, err)
	}
	if d, _ := b.District(ctx); d.Unsent != 1 {
		t.Fatalf("openings to tell: %d", d.Unsent)
	}
	iv, err = b.BeginFor(ctx, "health", p.Ref(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var given string
	for _, q := range iv.Form().Questions() {
		if q.Attribute == "given_name" && q.Subject == "" {
			given = q.Path
		}
	}
	l, ok := iv.Origin(given)
	if value(iv, given) != "Rosalía" || !ok || l.Way != capture.Show || l.Held.Service != "identity" || string(l.Held.Area) != rehearsalArea || l.Held.At.IsZero() {
		t.Fatalf("%s: %q from %+v", given, value(iv, given), l)
	}

	// The row travels, and stands in the log of the centre.
	synced(t, b, 0)
	until(t, "the opening is told", func() bool { d, err := b.District(ctx); return err == nil && d.Unsent == 0 })
	until(t, "the opening is logged", func() bool { return slices.Contains(o.openings(t), "opened_by_receipt") })

	// A supervisor, approved by the code that he reads out.
	code, err := b.ApplySupervisor(ctx)
	if err != nil {
		t.Fatal(err)
	}
	synced(t, b, 0)
	device := b.Identity().Device.String()
	if s := o.run("pack", "approve", device, "00000-00000"); s.problem() != civic.OfficerAbsentThere {
		t.Fatalf("a wrong code was approved: %v", s.json)
	}
	o.must("pack", "approve", device, code)
	synced(t, b, 0)
	his := found(t, b, "toribio ixcoatl")
	if len(his) != 1 {
		t.Fatalf("%+v", his)
	}
	_, err = b.OpenBySupervisor(ctx, his[0].Person, journeyPass, "  ")
	wantProblem(t, "no reason", err, civic.ReasonRequired)
	_, err = b.OpenBySupervisor(ctx, his[0].Person, "some other passphrase here", "lost papers")
	wantProblem(t, "another passphrase", err, civic.NotSupervisor)
	if p, err = b.OpenBySupervisor(ctx, his[0].Person, journeyPass, "his papers were lost in the flood"); err != nil || p.BirthDate != "1961-11-20" {
		t.Fatalf("%+v, %v", p, err)
	}
	synced(t, b, 0)
	until(t, "the supervisor's opening is logged", func() bool { return slices.Contains(o.openings(t), "opened_by_supervisor") })

	// The centre answers for one person, and logs before it does.
	p, err = b.LookUp(ctx, kit.LookUp{Given: "Rosalía", Surname: "Quiahua Paz", Birth: "1994-03-05", Place: "Teozacoalco", Service: "cash"})
	if err != nil || p.Person != person || len(b.Held(person)) == 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	_, err = b.LookUp(ctx, kit.LookUp{Given: "Nadie", Surname: "Ninguno", Birth: "1970-01-01", Service: "cash"})
	wantProblem(t, "nobody", err, civic.PersonAbsent)
	_, err = b.LookUp(ctx, kit.LookUp{Person: person})
	wantProblem(t, "no reason", err, civic.ReasonRequired)
	if !slices.Contains(o.openings(t), "opened_by_centre") {
		t.Fatal("the centre answered and logged nothing")
	}
	// Locked, nothing stays open.
	if err := b.Lock(ctx); err != nil {
		t.Fatal(err)
	}
	if b.Held(person) != nil {
		t.Fatal("locked, and still open")
	}
	if err := b.Unlock(ctx, journeyPass); err != nil {
		t.Fatal(err)
	}

	// She comes again with another telephone: her pack entry follows.
	again := map[string]string{}
	for p, v := range rosalia {
		again[p] = v
	}
	again["home/phone"] = "9515550777"
	_, newPaper := sealed(t, a, "identity", again, true)
	decided(t, a)
	built := o.must("pack", "build")
	if pack := built.json["packs"].([]any)[0].(map[string]any); pack["changed"].(float64) != 1 || pack["new"].(bool) {
		t.Fatalf("built %v", pack)
	}
	before := synced(t, b, 0)
	t.Logf("a pass that brings one changed person: %d bytes down", before.BytesDown)
	for _, text := range []string{paper, newPaper} { // both papers open
		if p, err = b.OpenByReceipt(ctx, person, text); err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(b.Held(person), func(h kit.HeldClaim) bool { return h.Attribute == "phone" && h.Value == "9515550777" }); i < 0 {
			t.Fatalf("the new telephone is not held: %+v", b.Held(person))
		}
	}

	// He speaks to another office: he leaves this one's pack.
	far := newTablet(t)
	far.must("enrol", "--file", o.invite("--area", "mx-09-001"))
	c := far.opened(t)
	defer func() { _ = c.Close() }()
	sealed(t, c, "identity", other, true)
	decided(t, c)
	built = o.must("pack", "build")
	if pack := built.json["packs"].([]any)[0].(map[string]any); pack["gone"].(float64) != 1 || pack["people"].(float64) != 1 {
		t.Fatalf("built %v", pack)
	}
	until(t, "he leaves the kit", func() bool { synced(t, b, 0); return len(found(t, b, "toribio ixcoatl")) == 0 })
	_, err = b.OpenByReceipt(ctx, civic.PersonID{}, hisPaper)
	wantProblem(t, "a receipt of somebody who left", err, civic.ReceiptOther)

	// Another pack replaces this one; the old pieces go.
	o.must("pack", "build", "--area", rehearsalArea, "--anew")
	until(t, "the new pack is whole", func() bool {
		synced(t, b, 0)
		d, err := b.District(ctx)
		return err == nil && !d.Coming && d.People == 1
	})
	if _, err := b.OpenByReceipt(ctx, person, newPaper); err != nil {
		t.Fatal(err)
	}

	// Nothing of anybody stands readable on the second kit's disk.
	secrets := []string{"Rosalía", "Quiahua", "Santa Ana Xochitl", "Camino al pozo", "teje petates", "9515550777", "1994-03-05", "Toribio", "Ixcoatl", "9515550199"}
	look(t, second.home, "with a pack, unlocked", secrets)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	closed = true
	look(t, second.home, "with a pack, closed", secrets)
	if s := second.must("pack", "status"); s.json["people"].(float64) != 1 || s.json["complete"] != true {
		t.Fatalf("status %v", s.json)
	}
	code1 := filepath.Join(t.TempDir(), "paper")
	if err := os.WriteFile(code1, []byte(newPaper), 0o600); err != nil {
		t.Fatal(err)
	}
	s := second.must("pack", "open", "--receipt", code1)
	if s.text("name") == "" || !strings.Contains(s.text("birth_date"), "1994-03-05") {
		t.Fatalf("open says %v", s.json)
	}
	if s := second.run("pack", "open", "--supervisor", second.pass, "--reason", "x"); s.code != 2 || s.problem() != civic.WrongUse {
		t.Fatalf("a supervisor without a person: %v", s.json)
	}
}

// openings are the codes of the rows of openings in the centre's log.
func (o *office) openings(t testing.TB) (codes []string) {
	t.Helper()
	ctx := context.Background()
	db, err := ledger.Open(ctx, o.place())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.View(ctx, func(tx ledger.Tx) error {
		codes = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var body []byte
			if err := r.Scan(&body); err != nil {
				return err
			}
			row, err := translog.ReadBody(body)
			codes = append(codes, string(row.Code))
			return err
		}, "SELECT body FROM log_row WHERE action = ?1", string(translog.PackOpening))
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}
