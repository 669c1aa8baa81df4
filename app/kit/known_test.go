package kit

import (
	"slices"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
)

// birthOf seals the birth of Inés with mother and brother, and gives her
// registration.
func birthOf(w *world, consent bool) civic.RegistrationID {
	w.t.Helper()
	ctx := w.t.Context()
	iv, err := w.Begin(ctx, "birth")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range [][2]string{
		{"child/given_name", "Inés"}, {"child/surname", "Luna"}, {"child/sex", "female"}, {"child/birth_date", "2026-10-28"}, {"child/born_at", "clinic"},
		{"mother/given_name", "Rosalía"}, {"mother/surname", "Paz"}, {"mother/birth_date", "1994-03-05"}, {"mother/occupation", "teje"},
		{"father/father_named", "no"}, {"home/address", "Camino al pozo 4"}, {"home/locality", "Santa Ana"}, {"proof/informant", "mother"},
	} {
		if err := iv.Set(ctx, a[0], civic.Answer{Value: a[1]}); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := iv.SetConsent(ctx, civic.Consent{Service: "birth", Given: consent}); err != nil {
		w.t.Fatal(err)
	}
	id, err := w.Seal(ctx, iv)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func value(iv *capture.Interview, path string) string { return iv.State(path).Answer.Value }

// TestKnownPerson: what one service was told is not asked by the next; what may
// have changed waits to be confirmed, and all of it survives a crash.
func TestKnownPerson(t *testing.T) {
	w := enrolled(t)
	ctx := t.Context()
	id := birthOf(w, true)
	mother := capture.Ref{Registration: id, Subject: "mother"}
	w.clock.Add(5 * 24 * time.Hour)

	iv, err := w.BeginFor(ctx, "identity", mother, nil)
	if err != nil {
		t.Fatal(err)
	}
	if value(iv, "who/given_name") != "Rosalía" || value(iv, "who/birth_date") != "1994-03-05" {
		t.Fatalf("her name is asked again: %+v", iv.Draft().Answers)
	}
	if value(iv, "home/address") != "" || value(iv, "life/occupation") != "" {
		t.Fatal("what may have changed was filled in without a question")
	}
	still := paths(iv.StillSo("es"))
	if !slices.Equal(still, []string{"life/occupation", "home/address", "home/locality"}) {
		t.Fatalf("to confirm: %v", still)
	}
	l, ok := iv.Origin("who/given_name")
	if !ok || l.Way != capture.Show || l.Held.Service != "birth" || l.Held.Days != 5 || l.Held.From.Subject != "mother" {
		t.Fatalf("origin %+v", l)
	}

	w.reopen() // the battery dies
	if err := w.Unlock(ctx, testPassphrase); err != nil {
		t.Fatal(err)
	}
	if iv, err = w.Resume(ctx, iv.ID()); err != nil {
		t.Fatal(err)
	}
	if got := paths(iv.StillSo("es")); !slices.Equal(got, still) {
		t.Fatalf("after the crash, to confirm: %v", got)
	}
	before := iv.Meter()
	if err := iv.Confirm(ctx, "home/address"); err != nil {
		t.Fatal(err)
	}
	if err := iv.Anew(ctx, "life/occupation"); err != nil {
		t.Fatal(err)
	}
	if m := iv.Meter(); m.Confirmed != 1 || m.Reused != before.Reused || m.Asked != before.Asked-1 {
		t.Fatalf("meter %+v, before %+v", m, before)
	}
	if value(iv, "home/address") != "Camino al pozo 4" || !slices.Equal(paths(iv.StillSo("es")), []string{"home/locality"}) {
		t.Fatalf("still to confirm: %v", paths(iv.StillSo("es")))
	}

	plans, err := w.Plan(ctx, []civic.ServiceID{"health", "identity"}, mother)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) != 2 || plans[0].Meter.Saved() < 6 || plans[1].Meter.Saved() <= plans[0].Meter.Saved() {
		t.Fatalf("plans %+v %+v", plans[0].Meter, plans[1].Meter)
	}
	_, err = w.Plan(ctx, []civic.ServiceID{"health"}, capture.Ref{})
	wantCode(t, err, civic.RegistrationAbsent)
	_, err = w.Plan(ctx, []civic.ServiceID{"fishing"}, mother)
	wantCode(t, err, civic.FormUnknown)
	family, err := w.Family(ctx, mother)
	if err != nil || len(family) != 1 || family[0].Kin != "child" || family[0].Name != "Inés Luna" {
		t.Fatalf("family %+v, %v", family, err)
	}
}

// TestMeters: the day's questions by service, counted again from what was
// sealed, agree with what the interview showed.
func TestMeters(t *testing.T) {
	w := enrolled(t)
	ctx := t.Context()
	mother := capture.Ref{Registration: birthOf(w, true), Subject: "mother"}
	w.clock.Add(24 * time.Hour)
	iv, err := w.BeginFor(ctx, "identity", mother, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := iv.Confirm(ctx); err != nil {
		t.Fatal(err)
	}
	for _, l := range iv.Plan("es").Ask {
		for path, v := range map[string]string{"who/sex": "female", "who/nationality": "mex", "proof/evidence": "self_declared", "proof/print": "yes"} {
			if l.Path == path {
				if err := iv.Set(ctx, path, civic.Answer{Value: v}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	want := iv.Meter()
	if _, err := w.Seal(ctx, iv); err != nil {
		t.Fatal(err)
	}
	got, err := w.Meters(ctx, w.clock.Now().Add(-time.Hour))
	if err != nil || len(got) != 1 || got[0].Service != "identity" || got[0].Registrations != 1 || got[0].Meter != want || want.Saved() < 6 {
		t.Fatalf("%+v, %v, the interview said %+v", got, err, want)
	}
	if got, err = w.Meters(ctx, time.Time{}); err != nil || len(got) != 2 || got[0].Meter.Saved() != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
}

// TestRefusals: a citizen who did not let others use a registration is asked
// again, and so is one who refuses at the new service; both cost nothing.
func TestRefusals(t *testing.T) {
	w := enrolled(t)
	ctx := t.Context()
	mother := capture.Ref{Registration: birthOf(w, false), Subject: "mother"}
	iv, err := w.BeginFor(ctx, "identity", mother, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l, _ := iv.Origin("who/given_name"); l.Why != capture.WhyConsent || value(iv, "who/given_name") != "" {
		t.Fatalf("a refused answer was used: %+v", l)
	}

	w = enrolled(t)
	mother.Registration = birthOf(w, true)
	if iv, err = w.BeginFor(ctx, "identity", mother, nil); err != nil {
		t.Fatal(err)
	}
	if err := iv.Set(ctx, "who/birth_place", civic.Answer{Value: "San Juan"}); err != nil {
		t.Fatal(err)
	}
	if err := iv.RefuseReuse(ctx, true); err != nil {
		t.Fatal(err)
	}
	if l, _ := iv.Origin("who/given_name"); l.Why != capture.WhyRefused || value(iv, "who/given_name") != "" || value(iv, "who/birth_place") == "" {
		t.Fatalf("after the refusal: %+v", l)
	}
	refusal := civic.Consent{Service: "identity", Purpose: capture.HeldPurpose, Language: "es"}
	if d := iv.Draft(); !slices.Contains(d.Consents, refusal) {
		t.Fatalf("the refusal is not recorded: %+v", d.Consents)
	}
	if err := iv.RefuseReuse(ctx, false); err != nil {
		t.Fatal(err)
	}
	if value(iv, "who/given_name") != "Rosalía" {
		t.Fatal("a refusal taken back does not bring the answers back")
	}
}

func paths(lines []capture.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, l.Path)
	}
	return out
}
