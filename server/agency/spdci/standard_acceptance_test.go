//go:build acceptance

package spdci_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
)

// The standard's own documents hold our requests, answers, acknowledgements,
// refusals and callbacks, of both registries.
func TestAcceptanceStandardDocuments(t *testing.T) {
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder with the standard's documents")
	}
	for file, prefix := range map[string]string{"crvs_api_v1.0.0.yaml": spdci.PrefixCRVS, "social_api_v1.0.0.yaml": spdci.PrefixSocial} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(shared, "vectors", "spdci", file))
			if err != nil {
				t.Fatal(err)
			}
			box := &inbox{letters: map[string][]agency.Envelope{}}
			server := httptest.NewServer(box)
			defer server.Close()
			w := agencytest.New(t, server.Client())
			w.Visits(juana(agencytest.Given("birth")))
			c := w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Callback: server.URL + "/registry"})
			w.Agree(agencytest.Agreement("salud", agreement.State, nil))
			d := agencytest.Describe(t, text)
			c.Prefix, c.Description = prefix, d
			by := agencytest.ByID("EEKJ900517MOCKXN09")
			consented := by
			consented.Consent, consented.Page = true, map[string]int{"page_size": 5, "page_number": 1}
			predicate := agencytest.Question{Type: "predicate", Query: []map[string]any{{
				"seq_num": 1, "expression1": map[string]any{"attribute_name": "UIN", "operator": "eq", "attribute_value": "EEKJ900517MOCKXN09"},
			}}}
			other := by
			other.Purpose = "curiosity"
			a := c.Ask(by, consented, predicate, other)
			if a.Status != 200 || len(a.Records(0)) != 1 || len(a.Records(1)) != 1 || len(a.Records(2)) != 1 || a.Response(3)["status"] != "rjct" {
				t.Fatalf("%s", a.Body)
			}
			again := c.Seal(c.Search(by))
			c.Post("/registry/sync/search", again, nil)
			c.Post("/registry/sync/search", again, nil) // answered as rejected
			c.Send("/registry/sync/search", agencytest.Message{Action: "search", Unsigned: true, Message: map[string]any{}})
			c.Token += "x"
			c.Ask(by)
			c.SignIn()
			now := w.Now().Format(time.RFC3339)
			c.Send("/registry/search", c.Search(by))
			event := "LiveBirth"
			if prefix == spdci.PrefixSocial {
				event = "REGISTER"
			}
			c.Send("/registry/subscribe", agencytest.Message{Action: "subscribe", Message: map[string]any{"transaction_id": "s", "subscribe_request": []any{map[string]any{
				"reference_id": "r", "timestamp": now, "subscribe_criteria": map[string]any{
					"reg_event_type": event, "filter_type": "predicate", "notify_record_type": "spdci-extensions-dci:Person",
					"filter":    []map[string]any{{"expression1": map[string]any{"attribute_name": "sex", "operator": "eq", "attribute_value": "f"}}},
					"authorize": map[string]any{"ts": now, "purpose": map[string]string{"code": "salud-purpose"}},
				},
			}}}})
			c.Send("/registry/unsubscribe", agencytest.Message{Action: "unsubscribe", Message: map[string]any{"transaction_id": "u", "timestamp": now, "subscription_codes": []string{"00"}}})
			c.Send("/registry/txn/status", agencytest.Message{Action: "txn-status", Message: map[string]any{"transaction_id": "q", "txnstatus_request": map[string]any{
				"reference_id": "r", "txn_type": "search", "attribute_type": "transaction_id", "attribute_value": "x",
			}}})
			visit := juana()
			visit.Claims["given_name"] = "Itzel"
			visit.Claims["national_id"] = "KUXI261120MOCKXN01"
			w.Visits(visit)
			for range 3 {
				if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for path, letters := range box.letters {
				for _, e := range letters {
					body := c.Raw(e)
					at := path
					if path == "/registry/txn-on-status" {
						at = "/registry/txn/on-status"
					}
					d.Request(t, at, body)
				}
			}
			if len(box.letters) < 5 {
				t.Errorf("%d kinds of letters: %v", len(box.letters), box.letters)
			}
		})
	}
}
