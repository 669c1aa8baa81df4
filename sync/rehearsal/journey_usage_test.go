package rehearsal

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyOwnLogAtAnAgency: an agency shows somebody who looked. What others
// looked at it is told when the person stands there with receipt and slip, and
// not on its own word.
func TestJourneyOwnLogAtAnAgency(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 2)
	k.synced()
	ids := registrationIDs(t, k)
	receipt := func(id string) string {
		return receiptTextOf(t, k.must("receipt", id, "--png", filepath.Join(t.TempDir(), "receipt.png")))
	}
	text, slip, other, others := receipt(ids[0]), slipOf(t, k, ids[0]), receipt(ids[1]), slipOf(t, k, ids[1])
	o.stop()
	lookAt(t, o, ids[0], "a colleague's reason")

	centre := openOffice(t, o)
	id, err := civic.ParseRegistrationID(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	var client, secret, number string
	err = centre.DB.Update(t.Context(), func(tx ledger.Tx) (err error) {
		ctx := t.Context()
		if err = centre.Share.AddAgency(ctx, tx, share.Agency{ID: "portal", Name: "Portal", Level: agreement.State, Unsigned: true, Purpose: "portal-purpose"}, "test"); err != nil {
			return err
		}
		if client, secret, err = centre.Share.NewClient(ctx, tx, "portal", "test"); err != nil {
			return err
		}
		if err = agreeThrough(ctx, tx, centre.Share, agencytest.Agreement("portal", agreement.State, func(a *agreement.Agreement) {
			a.Sources = append(a.Sources, "febrl")
		})); err != nil {
			return err
		}
		links, err := centre.Registry.Linked(ctx, tx, rehearsalArea, []civic.RegistrationID{id})
		if err != nil {
			return err
		}
		number, err = centre.Desk.Alias(ctx, tx, "portal", links[id][0].To)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path string, body string, headers map[string]string) (int, string) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		centre.Handler().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}}
	_, answer := call(http.MethodPost, "/oauth2/client/token", form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	var token struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(answer), &token); err != nil {
		t.Fatal(err)
	}
	usage := func(receipt, code string) (int, string) {
		t.Helper()
		headers := map[string]string{"Authorization": "Bearer " + token.Token, "X-Explicit-Request": "letter 7"}
		if receipt != "" {
			headers["X-Citizen-Receipt"], headers["X-Citizen-Code"] = receipt, code
		}
		return call(http.MethodGet, "/data/myPersonalDataUsage/1.0?DatabaseID=persons&userID="+number, "", headers)
	}
	const staff = `"ReaderID":"staff"`
	if code, body := usage("", ""); code != http.StatusOK || strings.Contains(body, staff) || strings.Contains(body, "ana") {
		t.Fatalf("on its own word: %d %s", code, body)
	}
	for name, c := range map[string][2]string{"another slip": {text, others}, "no code": {text, ""}, "another person's": {other, others}} {
		if code, body := usage(c[0], c[1]); code != http.StatusForbidden || strings.Contains(body, "Reader") || !strings.Contains(body, string(civic.EntryRefused)) {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if code, body := usage(text, slip); code != http.StatusOK || !strings.Contains(body, staff) || strings.Contains(body, "ana") {
		t.Errorf("with receipt and slip: %d %s", code, body)
	}
}

// agreeThrough drafts and approves an agreement.
func agreeThrough(ctx context.Context, tx ledger.Tx, s *share.Share, a agreement.Agreement) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := s.Draft(ctx, tx, body, share.By{Name: "ana", Role: "agreements"}); err != nil {
		return err
	}
	_, err = s.Approve(ctx, tx, a.ID, a.Version, share.By{Name: "luis", Role: "supervisor"})
	return err
}
