package rehearsal

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyCrossing: at home, with receipt and slip, a citizen sees what each
// agency would be handed before anything is, and what would stay back and why;
// what another agreement reaches of others never shows, and the look is a row.
func TestJourneyCrossing(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 2)
	k.synced()
	ids := registrationIDs(t, k)
	text, slip := receiptTextOf(t, k.must("receipt", ids[0])), slipOf(t, k, ids[0])
	o.stop()
	centre := openOffice(t, o)
	agreeOn(t, centre, "obliged", agreement.LegalObligation)
	agreeOn(t, centre, "hopeful", agreement.ByConsent)
	// An agreement may stand before its agency has joined: nobody can ask under it yet.
	err := centre.DB.Update(t.Context(), func(tx ledger.Tx) error {
		return agreeThrough(t.Context(), tx, centre.Share, agencytest.Agreement("unjoined", agreement.State, nil))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := centre.Close(); err != nil {
		t.Fatal(err)
	}
	o.serve()
	h := newAtHome(t, o.listen)
	if _, body := h.get("/citizen/preview"); strings.Contains(body, "Agency obliged") {
		t.Fatal("shown to nobody in particular")
	}
	if code, body := h.enter(text, "", slip); code != 200 || !strings.Contains(body, "/citizen/preview") {
		t.Fatalf("%d %s", code, body)
	}
	code, body := h.get("/citizen/preview")
	if code != 200 || strings.Contains(body, "unjoined") {
		t.Fatalf("%d %s", code, body)
	}
	obliged, hopeful := sectionOf(t, body, "Agency obliged"), sectionOf(t, body, "Agency hopeful")
	if !strings.Contains(obliged, "<dt>Given name</dt>") || strings.Contains(obliged, "Surname: ") {
		t.Errorf("%s", obliged)
	}
	if strings.Contains(hopeful, "<dt>") || !strings.Contains(hopeful, "Nothing.") || !strings.Contains(hopeful, "Given name: ") {
		t.Errorf("without a yes: %s", hopeful)
	}
	if _, body := h.get("/citizen/looks"); !strings.Contains(body, "preview") && !strings.Contains(body, "Given name") {
		t.Errorf("the look left no row: %s", body)
	}
}

// sectionOf cuts one agency's part out of a page.
func sectionOf(t *testing.T, body, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, "<h2>"+name+"</h2>")
	if !ok {
		t.Fatalf("no %s: %s", name, body)
	}
	part, _, _ := strings.Cut(rest, "</section>")
	return part
}

// agreeOn makes an agency with an agreement that reaches every service.
func agreeOn(t *testing.T, centre *serve.Centre, id agreement.AgencyID, basis agreement.Basis) {
	t.Helper()
	ctx := context.Background()
	a := agreement.Agreement{
		ID: string(id) + "-agreement", Version: 1, Name: map[string]string{"en": "Crossing"}, Controller: "Controller", Agency: id, Level: agreement.State,
		Policy:  agreement.Policy{Jurisdiction: "MX", RetentionDays: 30, Storage: "MX"},
		Purpose: agreement.Purpose{Code: civic.Purpose(id), Text: map[string]string{"en": "A purpose"}}, Basis: basis, DataUse: "data_using_service",
		Lifecycle: agreement.Lifecycle{State: "active", From: "2020-01-01"}, Service: "school",
		Attributes: []agreement.Covered{{Name: "given_name"}, {Name: "surname"}},
	}
	err := centre.DB.View(ctx, func(tx ledger.Tx) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var services string
			err := r.Scan(&services)
			for s := range strings.FieldsSeq(services) {
				a.Sources = append(a.Sources, civic.ServiceID(s))
			}
			return err
		}, "SELECT DISTINCT services FROM share_visit")
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	err = centre.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := centre.Share.AddAgency(ctx, tx, share.Agency{ID: id, Name: "Agency " + string(id), Level: agreement.State}, "test"); err != nil {
			return err
		}
		if _, err := centre.Share.Draft(ctx, tx, body, share.By{Name: "ana", Role: "agreements"}); err != nil {
			return err
		}
		_, err := centre.Share.Approve(ctx, tx, a.ID, 1, share.By{Name: "luis", Role: "supervisor"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
