package share_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const office = civic.Area("mx-20-067")

func try(t *testing.T, w *agencytest.World, do func(ctx context.Context, tx ledger.Tx) error) error {
	t.Helper()
	return w.Centre.DB.Update(t.Context(), func(tx ledger.Tx) error { return do(t.Context(), tx) })
}

// One drafts, another in another role approves; a revision follows on the one
// before; what is approved is signed, and what is written stays as it is.
func TestTwoPeopleAgree(t *testing.T) {
	w := agencytest.New(t, nil)
	s := w.Centre.Share
	a := agencytest.Agreement("salud", agreement.State, nil)
	body, _ := json.Marshal(a)
	ana := share.By{Name: "ana", Role: "agreements"}
	w.Update(func(ctx context.Context, tx ledger.Tx) error { _, err := s.Draft(ctx, tx, body, ana); return err })
	for name, by := range map[string]share.By{
		"who drafted it": ana, "who drafted it, in another role": {Name: "ana", Role: "supervisor"}, "another in the same role": {Name: "luis", Role: "agreements"}, "nobody": {Role: "supervisor"},
	} {
		if err := try(t, w, func(ctx context.Context, tx ledger.Tx) error { _, err := s.Approve(ctx, tx, a.ID, 1, by); return err }); civic.CodeOf(err) != civic.TwoPeople {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		if r, err := s.ForPurpose(ctx, tx, "salud", "salud-purpose", w.Now()); err != nil || r != nil {
			t.Errorf("a draft counts: %v %v", r, err)
		}
		return nil
	})
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		r, err := s.Approve(ctx, tx, a.ID, 1, share.By{Name: "luis", Role: "supervisor"})
		if err != nil {
			return err
		}
		var signed []byte
		if err := protocol.Open(protocol.StatementAgreement, r.Statement, w.Centre.Access.Keys().Statements(), &signed); err != nil || string(signed) != string(body) {
			t.Errorf("%v %s", err, signed)
		}
		return nil
	})
	if err := try(t, w, func(ctx context.Context, tx ledger.Tx) error {
		_, err := s.Approve(ctx, tx, a.ID, 1, share.By{Name: "luis", Role: "supervisor"})
		return err
	}); civic.CodeOf(err) != civic.MovedOn {
		t.Errorf("approved twice: %v", err)
	}
	for name, change := range map[string]func(*agreement.Agreement){
		"the same version":   func(*agreement.Agreement) {},
		"a gap":              func(a *agreement.Agreement) { a.Version = 3 },
		"a wrong digest":     func(a *agreement.Agreement) { a.Version, a.Previous = 2, strings.Repeat("0", 64) },
		"another purpose":    func(a *agreement.Agreement) { a.Version, a.Purpose.Code = 2, "other" },
		"an unheard-of word": func(a *agreement.Agreement) { a.ID, a.Attributes[0].Name = "other", "unheard_of" },
	} {
		b := agencytest.Agreement("salud", agreement.State, change)
		text, _ := json.Marshal(b)
		if err := try(t, w, func(ctx context.Context, tx ledger.Tx) error { _, err := s.Draft(ctx, tx, text, ana); return err }); civic.CodeOf(err) != civic.AgreementRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What begins later counts later; what is withdrawn counts at once.
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Lifecycle.From, a.Attributes = "2026-12-01", a.Attributes[:1] }))
	counts := func(want int) {
		t.Helper()
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			r, err := s.ForPurpose(ctx, tx, "salud", "salud-purpose", w.Now())
			if err != nil || r == nil || r.Agreement.Version != want {
				t.Errorf("want revision %d, have %+v, %v", want, r, err)
			}
			return nil
		})
	}
	counts(1)
	w.Later(10 * 24 * time.Hour)
	counts(2)
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Lifecycle.State, a.Lifecycle.From = "withdrawn", "2027-01-01" }))
	counts(3)
	// A row that somebody changed in the database is not believed.
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE share_revision SET body = ?2 WHERE agreement = ?1 AND revision = 1", "birth-reuse", body)
		return err
	})
	if err := try(t, w, func(ctx context.Context, tx ledger.Tx) error {
		_, err := s.Revisions(ctx, tx, "birth-reuse")
		return err
	}); civic.CodeOf(err) != civic.LedgerDamaged {
		t.Errorf("%v", err)
	}
}

// Who is of one office agrees for it and what lies below, and for nobody else.
func TestAgreementsOfOneOffice(t *testing.T) {
	w := agencytest.New(t, nil)
	s := w.Centre.Share
	draft := func(id string, of civic.Area, areas ...civic.Area) error {
		return try(t, w, func(ctx context.Context, tx ledger.Tx) error {
			a := agencytest.Agreement("salud", agreement.Municipal, func(a *agreement.Agreement) { a.ID, a.Areas = id, areas })
			var err error
			if a.Version, a.Previous, err = s.Next(ctx, tx, a.ID); err != nil {
				return err
			}
			body, _ := json.Marshal(a)
			_, err = s.Draft(ctx, tx, body, share.By{Name: "ana", Role: "agreements", Area: of})
			return err
		})
	}
	approve := func(id string, of civic.Area) error {
		return try(t, w, func(ctx context.Context, tx ledger.Tx) error {
			_, err := s.Approve(ctx, tx, id, 1, share.By{Name: "luis", Role: "supervisor", Area: of})
			return err
		})
	}
	for id, areas := range map[string][]civic.Area{"everywhere": nil, "elsewhere": {"mx-20-068"}, "both": {office, "mx-20-068"}, "above": {"mx-20"}, "alike": {office + "1"}} {
		if err := draft(id, office, areas...); civic.CodeOf(err) != civic.NotYours {
			t.Errorf("%s is drafted: %v", id, err)
		}
		if err := draft(id, "", areas...); err != nil {
			t.Fatal(err)
		}
		if err := approve(id, office); civic.CodeOf(err) != civic.NotYours {
			t.Errorf("%s is approved: %v", id, err)
		}
		if err := draft(id, office, office); civic.CodeOf(err) != civic.NotYours {
			t.Errorf("%s is ended by a revision: %v", id, err)
		}
	}
	if err := draft("own", office, office, office+"-0012"); err != nil {
		t.Fatal(err)
	}
	if err := approve("own", "mx-20-068"); civic.CodeOf(err) != civic.NotYours {
		t.Errorf("another office approves: %v", err)
	}
	if err := approve("own", office); err != nil {
		t.Error(err)
	}
}

// What a citizen chose is kept with how it was asked, by whom, and stands in the
// log; a no that comes late from a clock that lies still holds.
func TestChoices(t *testing.T) {
	w := agencytest.New(t, nil)
	given := agencytest.Given("birth")
	given.ReadAloud = true
	id := w.Visits(agencytest.Visit{
		Area: office, Services: []civic.ServiceID{"birth"}, Consents: []civic.Consent{given, {Service: "cash", Purpose: policy.HeldPurpose, Language: "es"}},
		Claims: map[civic.Attribute]string{"national_id": "X1", "given_name": "Itzel", "surname": "Ku", "birth_date": "2026-01-02", "guardian": "Petra Ku"},
	})[0]
	ref := w.Person(office, id)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		all, err := share.Choices(ctx, tx, office, []civic.RegistrationID{id})
		if err != nil || len(all) != 2 {
			t.Fatalf("%v %+v", err, all)
		}
		yes := all[0]
		if yes.State != policy.Given || yes.By != share.ByGuardian || !yes.ReadAloud || yes.Language != "es" || yes.Channel != "kit" || len(yes.Record) != 32 || yes.Notice == "" || yes.Scope.Source != "birth" {
			t.Errorf("%+v", yes)
		}
		if no := all[1]; no.State != policy.Refused || no.Scope.Target != "cash" {
			t.Errorf("%+v", no)
		}
		rows, err := w.Centre.Log.ForPerson(ctx, tx, ref, w.Now().Unix(), translog.Page{})
		if err != nil || len(rows.Rows) != 2 || !slices.ContainsFunc(rows.Rows, func(r translog.Row) bool { return r.Action == translog.Consented }) {
			t.Errorf("%v %+v", err, rows.Rows)
		}
		return nil
	})
	reads := func(service civic.ServiceID) bool {
		ok := false
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			persons, err := w.Centre.Registry.Known(ctx, tx, []registry.Ref{ref})
			if err != nil {
				return err
			}
			a, err := w.Centre.Share.Agency(ctx, tx, agreement.AgencyID(service))
			if err != nil {
				return err
			}
			e, err := w.Centre.Share.Explain(ctx, tx, share.Ask{Agency: a, Purpose: civic.Purpose(service) + "-purpose"}, persons[0])
			ok = e.Allowed
			if e.Sentence == "" || len(e.Fields) == 0 {
				t.Errorf("nothing is explained: %+v", e)
			}
			return err
		})
		return ok
	}
	for _, who := range []agreement.AgencyID{"health", "cash"} {
		w.Agency(share.Agency{ID: who, Name: string(who), Level: agreement.State})
		w.Agree(agencytest.Agreement(who, agreement.State, func(a *agreement.Agreement) { a.Basis = agreement.ByConsent }))
	}
	if !reads("health") || reads("cash") {
		t.Error("one was refused and the rest kept: that is not what holds")
	}
	// A kit whose clock stands years back brings a no: it counts from when it came.
	w.Later(time.Hour)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := w.Centre.Share.Choose(ctx, tx, share.Choice{Area: office, Registration: id, State: policy.Refused, Scope: policy.Scope{Source: "birth"}, Channel: "kit", Actor: "k", Said: time.Unix(0, 0)})
		return err
	})
	if reads("health") {
		t.Error("an old clock keeps a no from counting")
	}
	// An objection holds back what rests on a public task until it is answered.
	w.Agency(share.Agency{ID: "identity", Name: "identity", Level: agreement.Federal})
	w.Agree(agencytest.Agreement("identity", agreement.Federal, func(a *agreement.Agreement) { a.Basis = agreement.LegalObligation }))
	if !reads("identity") {
		t.Error("a law is not a consent")
	}
}

// Preview and explicit request, where the agreement wants them.
func TestExplicitRequestAndPreview(t *testing.T) {
	w := agencytest.New(t, nil)
	w.Visits(agencytest.Visit{Area: office, Services: []civic.ServiceID{"birth"}, Claims: map[civic.Attribute]string{"national_id": "X1", "given_name": "Itzel", "surname": "Ku", "birth_date": "2026-01-02"}})
	c := w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State})
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.ExplicitRequest = true }))
	ask := func(meta map[string]any) agencytest.Answer {
		m := c.Search(agencytest.ByID("X1"))
		m.Header = map[string]any{"meta": meta}
		return c.Send("/registry/sync/search", m)
	}
	if a := ask(nil); !strings.Contains(string(a.Body), "explicit_request_missing") {
		t.Errorf("%s", a.Body)
	}
	a := ask(map[string]any{"explicit_request": "letter 7", "procedure": "enrolment", "preview": true})
	if a.Response(0)["status"] != "pdng" || strings.Contains(string(a.Body), "Itzel") || !strings.Contains(string(a.Body), "given_name") {
		t.Errorf("%s", a.Body)
	}
	if a := ask(map[string]any{"explicit_request": "letter 7", "previewed": true, "procedure": "enrolment"}); len(a.Records(0)) != 1 {
		t.Errorf("%s", a.Body)
	}
	rows := w.Rows("salud")
	last := rows[len(rows)-1]
	if last.Action != translog.Disclosure || !last.Explicit || !last.Preview || last.Procedure != "enrolment" {
		t.Errorf("%+v", last.Entry)
	}
}

// What an investigation sees stays hidden from the person for its days, and only
// what its agreement carries does.
func TestInvestigation(t *testing.T) {
	w := agencytest.New(t, nil)
	w.Visits(agencytest.Visit{Area: office, Services: []civic.ServiceID{"birth"}, Claims: map[civic.Attribute]string{"national_id": "X1", "given_name": "Itzel", "surname": "Ku", "birth_date": "2026-01-02"}})
	c := w.Agency(share.Agency{ID: "fiscalia", Name: "Fiscalía", Level: agreement.Federal})
	w.Agree(agencytest.Agreement("fiscalia", agreement.Federal, func(a *agreement.Agreement) {
		a.Basis, a.Investigation = agreement.LegalObligation, &agreement.Investigation{Days: 90, Law: "art. 16"}
	}))
	if a := c.Send("/registry/sync/search", c.Search(agencytest.ByID("X1"))); len(a.Records(0)) != 1 {
		t.Fatalf("%s", a.Body)
	}
	c.Purpose = "curiosity"
	c.Send("/registry/sync/search", c.Search(agencytest.ByID("X1")))
	rows := w.Rows("fiscalia")
	if len(rows) != 2 || rows[0].Action != translog.Disclosure || rows[1].Action != translog.Denial {
		t.Fatalf("%+v", rows)
	}
	if got, want := rows[0].HiddenUntil, rows[0].At+90*24*3600; got != want {
		t.Errorf("hidden until %d, not %d", got, want)
	}
	if rows[1].HiddenUntil != 0 {
		t.Error("a look beyond the agreement's purpose hides behind it")
	}
}

// Kits are told of what was approved, once each, and of nothing that ships.
func TestKitsAreTold(t *testing.T) {
	w := agencytest.New(t, nil)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		for n := range 2 {
			_, err := tx.Exec(ctx, `INSERT INTO access_device (area, device, name, sign_key, transport, kit_secret, enrolled_at) VALUES (?1, ?2, '', ?2, ?2, ?2, 1)`,
				string(office), []byte(strings.Repeat(string(rune('a'+n)), 16)))
			if err != nil {
				return err
			}
		}
		return nil
	})
	tell := func() int {
		t.Helper()
		n, err := w.Centre.Share.Tell(t.Context(), w.Centre.DB)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := tell(); n != 0 {
		t.Errorf("%d messages of what every kit carries", n)
	}
	w.Agree(agencytest.Agreement("salud", agreement.State, nil))
	w.Agree(agencytest.Agreement("salud", agreement.State, nil))
	if a, b := tell(), tell(); a != 4 || b != 0 {
		t.Errorf("%d and %d messages", a, b)
	}
}
