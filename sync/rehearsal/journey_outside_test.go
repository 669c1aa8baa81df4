package rehearsal

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/registry/fhir"
	"github.com/askonce/fieldkit/server/registry/registrytest"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyOutsideRegistry: a centre that asks and tells a FHIR registry.
// Whom only that registry knows is recognised; it is told of each person once,
// through outages and lost replies; what reviewers join and part reaches the
// kits and the registry; receipts outlive all of it.
func TestJourneyOutsideRegistry(t *testing.T) {
	fake := registrytest.NewFHIR()
	defer fake.Close()
	o := newOffice(t)
	o.stop()
	zoe := fake.Add(`{"resourceType":"Patient","name":[{"use":"official","family":"Quill","given":["Zoe"]}],"birthDate":"1971-08-09",
 "address":[{"city":"suburb 7","postalCode":"2077","state":"nsw"}],"generalPractitioner":[{"reference":"Practitioner/1"}]}`)
	o.more = []string{"--registry", "fhir:" + fake.URL, "--registry-name", "national"}
	o.serve()
	k := o.tablet()

	outbox := func() map[string]any {
		list, _ := o.must("status").json["outside_registries"].([]any)
		if len(list) != 1 {
			t.Fatalf("%v", list)
		}
		return list[0].(map[string]any)
	}
	told := func() bool { return outbox()["waiting"] == float64(0) }
	register := func(name string, rows ...string) {
		f := filepath.Join(t.TempDir(), name)
		journeyFile(t, f, []byte("rec_id,given_name,surname,street_number,address_1,suburb,postcode,state,date_of_birth\n"+strings.Join(rows, "\n")+"\n"))
		k.must("import", "--form", "febrl", f)
	}

	// One new, one who may be his twin, one whom only the registry knows. The
	// first answers of the registry are lost, broken or late.
	fake.Only("POST /Patient")
	fake.Next(registrytest.Nothing, registrytest.Error500)
	register("first.csv",
		"r1,agustin,lopez,3,street 4,suburb 9,2011,nsw,20010203",
		"r2,agustin federico,lopez,3,street 4,suburb 9,2011,nsw,20010203",
		"r3,zoe,quill,,,suburb 7,2077,nsw,19710809")
	k.synced()
	s := k.must("status")
	if s.number(t, "settled") != 2 || s.number(t, "held") != 1 {
		t.Fatalf("%v", s.json)
	}
	until(t, "the registry is told", told)
	if fake.Count() != 2 {
		t.Fatalf("%d Patients: the one who waits for a reviewer is nobody's business yet", fake.Count())
	}
	if p := fake.Patient(zoe); !strings.Contains(p, fhir.System) || !strings.Contains(p, "Practitioner/1") {
		t.Errorf("zoe was not joined: %s", p)
	}

	// A reviewer joins, takes it back, and says it is a twin: the kit hears of
	// each, the registry of what it came to.
	centre := openOffice(t, o)
	decide := func(do func(tx ledger.Tx, open reconcile.Open, same registry.Ref) ([]reconcile.Told, error), open reconcile.Open, same registry.Ref) {
		t.Helper()
		err := centre.DB.Update(t.Context(), func(tx ledger.Tx) error {
			list, err := do(tx, open, same)
			if err != nil {
				return err
			}
			for _, x := range list {
				if err := centre.Ingest.TellKit(t.Context(), tx, x.Device, []civic.Outcome{x.Outcome}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	open, same := question(t, centre.Registry, centre.DB)
	answer := func(a reconcile.Answer) func(tx ledger.Tx, open reconcile.Open, same registry.Ref) ([]reconcile.Told, error) {
		return func(tx ledger.Tx, open reconcile.Open, same registry.Ref) ([]reconcile.Told, error) {
			return centre.Reconciler.Decide(t.Context(), tx, reconcile.Said{
				Area: open.Area, Registration: open.Registration, Subject: open.Subject, Answer: a, Same: same, Note: "they came together", Reviewer: "rosa",
			})
		}
	}
	wants := func(held, settled int) {
		t.Helper()
		k.synced()
		if s := k.must("status"); s.number(t, "held") != held || s.number(t, "settled") != settled {
			t.Fatalf("%v", s.json)
		}
	}
	decide(answer(reconcile.AnswerSame), open, same)
	wants(0, 3)
	decide(func(tx ledger.Tx, open reconcile.Open, _ registry.Ref) ([]reconcile.Told, error) {
		return centre.Reconciler.Reopen(t.Context(), tx, open.Area, open.Registration, open.Subject, "rosa", "a mistake")
	}, open, same)
	wants(1, 2)
	fake.Only("POST /Patient")
	fake.Next(registrytest.LostReply)
	decide(answer(reconcile.AnswerTwin), open, same)
	wants(0, 3)
	until(t, "the registry is told of the twin", told)
	if fake.Count() != 3 {
		t.Fatalf("%d Patients", fake.Count())
	}

	// Receipts of all three stay good.
	out := filepath.Join(t.TempDir(), "receipts")
	k.must("receipt", "--all", out)
	pictures, err := filepath.Glob(filepath.Join(out, "*.png"))
	if err != nil || len(pictures) != 3 {
		t.Fatal(len(pictures), err)
	}
	for _, p := range pictures {
		if v := k.locked("verify", p); v.json["valid"] != true {
			t.Errorf("%v", v.json)
		}
	}

	// The registry is down: what comes waits at the centre, and nothing is
	// decided blindly; then it goes on by itself.
	fake.Only("")
	fake.Always(registrytest.NoAnswer)
	register("down.csv", "r4,zoe,quill,,,suburb 7,2077,nsw,19710809")
	if s := k.locked("sync", "--wait", "1s"); s.number(t, "received") != 1 {
		t.Fatalf("%v", s.json)
	}
	if s := k.must("status"); s.number(t, "settled") != 3 || s.number(t, "received") != 1 {
		t.Fatalf("%v", s.json)
	}
	fake.Always(registrytest.Nothing)
	wants(0, 4)
	until(t, "everything is told", told)
	if fake.Count() != 3 {
		t.Errorf("%d Patients", fake.Count())
	}
}

// question finds the one open question, and the first person that it compares
// with.
func question(t *testing.T, e *registry.Embedded, db ledger.DB) (open reconcile.Open, same registry.Ref) {
	t.Helper()
	err := db.View(t.Context(), func(tx ledger.Tx) error {
		list, err := reconcile.Reviews(t.Context(), tx, "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %+v", err, list)
		}
		open = list[0]
		links, err := e.Linked(t.Context(), tx, open.Area, []civic.RegistrationID{open.Registration})
		if err != nil {
			return err
		}
		people, err := e.Known(t.Context(), tx, []registry.Ref{links[open.Registration][0].To})
		if err != nil {
			return err
		}
		events, err := e.Events(t.Context(), tx, people[0])
		for _, v := range events {
			for _, ref := range v.Detail.Other {
				same = ref
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return open, same
}
