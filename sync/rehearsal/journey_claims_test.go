package rehearsal

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// agencyTable is what an agency knew before the first kit went out.
const (
	agencyTable = "folio;nombre;ap1;ap2;nacio;sexo;localidad;municipio;estado;oficio;sangre\n" +
		"A-1;Xóchitl;Quiahua;Paz;05/03/1994;M;Santa Ana;Teozacoalco;Oaxaca;teje petates;O\n" +
		"A-2;Toribio;Ixcoatl;Luna;20/11/1961;H;Santa Ana;Teozacoalco;Oaxaca;campesino;A\n" +
		"A-3;;;;;;;;;;\n"
	agencyMap = `{"id":"folio","given_name":"nombre","surname":["ap1","ap2"],"birth_date":"nacio","sex":"sexo","place":["localidad","municipio","estado"],
"occupation":"oficio","blood_group":"sangre","evidence":{"value":"document"}}`
)

// TestJourneyClaims: an agency's table is taken in; a kit that asks the centre
// about somebody of it asks her less; what no agreement covers stays there.
func TestJourneyClaims(t *testing.T) {
	o := newOffice(t)
	tab := o.tablet()
	file, mapped := write(t, "padron.csv", agencyTable), write(t, "map.json", agencyMap)
	day := time.Now().AddDate(0, 0, -20).Format(time.DateOnly)
	args := []string{"claims", "import", file, "--map", mapped, "--source", "list", "--date", day}
	if s := o.run(args...); s.problem() != civic.ClaimsMap { // blood groups are special
		t.Fatalf("%v", s.json)
	}
	args = append(args, "--special")
	done := o.run(args...)
	if done.code != 1 || done.problem() != civic.ClaimsRejected || done.number(t, "taken") != 2 || done.number(t, "rejected") != 1 || done.number(t, "new") != 2 {
		t.Fatalf("%d %v", done.code, done.json)
	}
	refused, err := os.ReadFile(done.text("rejected_file"))
	if info, serr := os.Stat(done.text("rejected_file")); err != nil || serr != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(refused), "A-3") || !strings.Contains(string(refused), "reason") {
		t.Fatalf("%q %v", refused, err)
	}
	if again := o.run(args...); again.number(t, "taken") != 0 || again.number(t, "known") != 2 {
		t.Fatalf("the second time: %v", again.json)
	}
	if status := o.must("status"); status.number(t, "registrations") != 0 || status.number(t, "persons") != 2 {
		t.Fatalf("%v", status.json)
	}

	k := tab.opened(t)
	defer func() { _ = k.Close() }()
	ctx := t.Context()
	synced(t, k, 0)
	before, err := k.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	asked := before.Meter()
	p, err := k.LookUp(ctx, kit.LookUp{Given: "Xóchitl", Surname: "Quiahua Paz", Birth: "1994-03-05", Place: "Teozacoalco", Service: "identity"})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range k.Held(p.Person) {
		if h.Attribute == "blood_group" {
			t.Error("what no agreement lets be reused of the table reached the kit")
		}
	}
	iv, err := k.BeginFor(ctx, "identity", p.Ref(), nil)
	if err != nil {
		t.Fatal(err)
	}
	now := iv.Meter()
	t.Logf("identity enrolment: %d questions asked of somebody new, %d of somebody of the table", asked.Asked, now.Asked-len(iv.StillSo("es")))
	if now.Reused < 4 || len(iv.StillSo("es")) < 2 || value(iv, "who/given_name") != "Xóchitl" {
		t.Fatalf("%+v, %d to confirm", now, len(iv.StillSo("es")))
	}
	if l, ok := iv.Origin("who/birth_date"); !ok || l.Way != capture.Show || l.Held.Service != "list" || l.Held.At.Format(time.DateOnly) != day {
		t.Errorf("%+v", l)
	}

	// Sealed, the figures of the interview travel and stand at the centre.
	if err := iv.Confirm(ctx); err != nil {
		t.Fatal(err)
	}
	finish(t, k, iv, map[string]string{"who/nationality": "mex", "proof/evidence": "self_declared", "proof/print": "no"}, true)
	decided(t, k)
	csv := write(t, "meter.csv", "")
	m := o.must("meter", "--csv", csv)
	sum, _ := m.json["sum"].(map[string]any)
	if sum["registrations"].(float64) != 1 || sum["reused"].(float64) < 4 || sum["confirmed"].(float64) < 2 || sum["asked_again"].(float64) > 2 {
		t.Errorf("the meter says %v", m.json)
	}
	if lines, err := os.ReadFile(csv); err != nil || strings.Count(string(lines), "\n") != 2 || !strings.Contains(string(lines), "identity") {
		t.Errorf("%s %v", lines, err)
	}
	if status := o.must("status"); status.number(t, "merged") != 1 || status.number(t, "persons") != 2 {
		t.Errorf("she became somebody else: %v", status.json)
	}

	// Taken back, his row counts no longer; she stands by what she said herself.
	if w := o.must("claims", "withdraw", "--source", "list", "--reason", "wrong file"); w.number(t, "withdrawn") != 2 {
		t.Fatalf("%v", w.json)
	}
	if status := o.must("status"); status.number(t, "persons") != 1 {
		t.Errorf("%v", status.json)
	}
	_, err = k.LookUp(ctx, kit.LookUp{Given: "Toribio", Surname: "Ixcoatl Luna", Birth: "1961-11-20", Service: "identity"})
	wantProblem(t, "somebody who was taken back", err, civic.PersonAbsent)
}

// TestJourneyAskedAgain: who refuses that others use what he said is asked
// again, and the office is not blamed; who was asked anew though an agreement
// let it be reused counts.
func TestJourneyAskedAgain(t *testing.T) {
	o := newOffice(t)
	a, b := o.tablet().opened(t), o.tablet().opened(t)
	defer func() { _, _ = a.Close(), b.Close() }()
	sealed(t, a, "identity", rosalia, true)
	decided(t, a)
	// The second kit never met her and asks everything anew a while later.
	time.Sleep(1100 * time.Millisecond) // the centre counts in seconds
	sealed(t, b, "identity", rosalia, true)
	decided(t, b)
	m := o.must("meter")
	sum, _ := m.json["sum"].(map[string]any)
	if sum["registrations"].(float64) != 2 || sum["asked_again"].(float64) < 5 || sum["reused"].(float64) != 0 {
		t.Errorf("%v", m.json)
	}
}

// TestJourneyIntroducer: an introducer vouches for more new people than the
// office lets; the kit warns, the centre holds, weak evidence is listed.
func TestJourneyIntroducer(t *testing.T) {
	o := newOffice(t)
	tab := o.tablet()
	if r := o.must("identity", "rules", "--introducer-limit", "2", "--review-months", "2"); r.json["rules"].(map[string]any)["introducer_limit"].(float64) != 2 {
		t.Fatalf("%v", r.json)
	}
	events := write(t, "events.csv", "year,until,es,en\n1978,,El año del cometa,The year of the comet\n")
	o.must("events", "import", events)
	k := tab.opened(t)
	defer func() { _ = k.Close() }()
	ctx := t.Context()
	until(t, "the rules arrive", func() bool {
		synced(t, k, 0)
		s, err := k.IdentitySettings(ctx)
		return err == nil && s.Rules.IntroducerLimit == 2 && len(s.Events) == 1 && s.Events[0].Year == 1978
	})
	people := [][2]string{{"Gumersinda", "1951-01-01"}, {"Bartolomeo", "1962-02-02"}, {"Kuauhtemok", "1973-03-03"}}
	var held []civic.RegistrationID
	for i, p := range people {
		iv, err := k.Begin(ctx, "identity")
		if err != nil {
			t.Fatal(err)
		}
		answers := map[string]string{"who/given_name": p[0], "who/sex": "other", "who/birth_date": p[1], "who/nationality": "mex",
			"home/locality": fmt.Sprintf("Rancho %d", i), "proof/evidence": "introducer", "proof/introducer": "Pedro Luna", "proof/print": "no"}
		for range 2 {
			for path, v := range answers {
				if err := iv.Set(ctx, path, civic.Answer{Value: v}); err != nil {
					t.Fatal(err)
				}
			}
		}
		doubts, err := k.Doubts(ctx, iv)
		if err != nil || (len(doubts) == 1 && doubts[0].Code == civic.IntroducerLimit) != (i == 2) {
			t.Errorf("person %d: the kit says %v, %v", i, doubts, err)
		}
		id, _ := finish(t, k, iv, nil, true)
		held = append(held, id)
	}
	decided(t, k)
	rows, err := k.Registrations(ctx, kit.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		third := r.ID == held[2]
		if (r.Status == civic.Held) != third || third && (len(r.Reasons) == 0 || r.Reasons[0].Code != civic.IntroducerLimit) {
			t.Errorf("%s is %s %v", r.Name, r.Status, r.Reasons)
		}
	}
	weak := o.must("identity", "weak")
	if list, _ := weak.json["weak"].([]any); len(list) != 3 {
		t.Errorf("%v", weak.json)
	}
	// At the next visit the kit says that better evidence is wanted.
	iv, err := k.BeginFor(ctx, "identity", capture.Ref{Registration: held[0]}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if doubts, err := k.Doubts(ctx, iv); err != nil || len(doubts) != 1 || doubts[0].Code != civic.EvidenceDue {
		t.Errorf("%v %v", doubts, err)
	}
	if bad := o.run("events", "import", write(t, "events.csv", "year,until,es\n1521,,x\n")); bad.problem() != civic.EventsRefused {
		t.Errorf("%v", bad.json)
	}
}
