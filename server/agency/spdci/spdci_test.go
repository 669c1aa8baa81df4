package spdci_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

const office = civic.Area("mx-20-067")

func juana(consents ...civic.Consent) agencytest.Visit {
	return agencytest.Visit{
		Area: office, Services: []civic.ServiceID{"birth"}, Consents: consents,
		Claims: map[civic.Attribute]string{
			"national_id": "EEKJ900517MOCKXN09", "given_name": "Juana", "surname": "Ek", "birth_date": "1990-05-17", "sex": "f",
			"phone": "9511234567", "disability": "seeing", "locality": "San Juan",
		},
	}
}

func setup(t *testing.T, basis agreement.Basis, consents ...civic.Consent) (*agencytest.World, *agencytest.Client, civic.RegistrationID) {
	t.Helper()
	w := agencytest.New(t, nil)
	id := w.Visits(juana(consents...))[0]
	c := w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Callback: "https://salud.example/callback"})
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) {
		a.Basis = basis
		a.Attributes = append(a.Attributes, agreement.Covered{Name: "phone"})
	}))
	c.Prefix, c.Description = spdci.PrefixCRVS, nil
	return w, c, id
}

// What crosses is what is agreed, in the words of the standard, and the row of
// the log says so.
func TestSearch(t *testing.T) {
	w, c, id := setup(t, agreement.PublicTask, agencytest.Given("birth"))
	c.Description = w.Served(spdci.PrefixCRVS + "/openapi.json")
	byName := agencytest.Question{Type: "predicate", Query: []map[string]any{{
		"seq_num": 1, "expression1": map[string]any{"attribute_name": "given_name", "operator": "eq", "attribute_value": "juana"}, "condition": "and",
		"expression2": map[string]any{"attribute_name": "surname", "operator": "eq", "attribute_value": "Ek"},
	}, {"seq_num": 2, "expression1": map[string]any{"attribute_name": "birth_date", "operator": "eq", "attribute_value": "1990-05-17"}}}}
	byExpression := agencytest.Question{Type: "expression", Query: map[string]any{"type": "ns:org:QueryType:expression", "value": map[string]any{"expression": map[string]any{
		"collection": "Person", "query": map[string]any{"$and": []any{
			map[string]any{"given_name": map[string]any{"$eq": "Juana"}}, map[string]any{"surname": map[string]any{"$eq": "Ek"}},
			map[string]any{"birth_date": map[string]any{"$eq": "1990-05-17"}}, map[string]any{"birth_date": map[string]any{"$gte": "1990-01-01"}},
		}},
	}}}}
	a := c.Ask(agencytest.ByID("EEKJ900517MOCKXN09"), byName, byExpression)
	if a.Status != 200 || a.Header["action"] != "on-search" || a.Header["status"] != "succ" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	person := w.Person(office, id)
	for n := range 3 {
		records := a.Records(n)
		if len(records) != 1 {
			t.Fatalf("answer %d: %v", n, a.Response(n))
		}
		text, _ := json.Marshal(records[0])
		for _, want := range []string{`"UIN"`, "EEKJ900517MOCKXN09", `"given_name":"Juana"`, `"female"`, `"1990-05-17"`, "9511234567", "CRVS_Person"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		for _, not := range []string{"seeing", "San Juan", "disab", person.Person.String()} {
			if strings.Contains(string(text), not) {
				t.Errorf("%s crossed: %s", not, text)
			}
		}
	}
	rows := w.Rows("salud")
	if len(rows) != 3 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		want := []civic.Attribute{"birth_date", "given_name", "national_id", "phone", "sex", "surname"}
		if r.Action != translog.Disclosure || r.Person != person.Person || !slices.Equal(r.Fields, want) || r.Purpose != "salud-purpose" || r.Agreement != "salud-agreement" || r.Revision != 1 {
			t.Errorf("%+v", r.Entry)
		}
	}
	// The same person as the social registry tells it, by our own number.
	alias := records(t, a)
	c.Prefix, c.Description = spdci.PrefixSocial, w.Served(spdci.PrefixSocial+"/openapi.json")
	b := c.Ask(agencytest.Question{Type: "idtype-value", Query: map[string]string{"type": "REGISTRY_ID", "value": alias}, Fields: []string{"given_name"}})
	text, _ := json.Marshal(b.Records(0))
	if len(b.Records(0)) != 1 || !strings.Contains(string(text), "member_identifier") || strings.Contains(string(text), "1990") {
		t.Errorf("%s", b.Body)
	}
	// Another agency does not know the number, and learns nothing.
	other := w.Agency(share.Agency{ID: "cash", Name: "Cash", Level: agreement.Federal})
	w.Agree(agencytest.Agreement("cash", agreement.Federal, nil))
	if d := other.Ask(agencytest.Question{Type: "idtype-value", Query: map[string]string{"type": "REGISTRY_ID", "value": alias}}); len(d.Records(0)) != 0 || d.Response(0)["status"] != "succ" {
		t.Errorf("%s", d.Body)
	}
	if rows := w.Rows("cash"); len(rows) != 1 || rows[0].Action != translog.Empty {
		t.Errorf("%+v", rows)
	}
}

func records(t *testing.T, a agencytest.Answer) string {
	t.Helper()
	list, _ := a.Records(0)[0]["identifier"].([]any)
	for _, one := range list {
		if m, _ := one.(map[string]any); m["identifier_type"] == "REGISTRY_ID" {
			return m["identifier_value"].(string)
		}
	}
	t.Fatal("no number of ours")
	return ""
}

// Every described path is served, and every served one described.
func TestDescription(t *testing.T) {
	w, c, _ := setup(t, agreement.PublicTask)
	d := w.Served(spdci.PrefixCRVS + "/openapi.json")
	if d.Doc.Paths.Len() != 11 {
		t.Errorf("%d paths are described", d.Doc.Paths.Len())
	}
	for path := range d.Doc.Paths.Map() {
		if a := c.Post(path, []byte("{}"), nil); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	// What the description refuses is refused.
	m := c.Search(agencytest.ByID("x"))
	m.Header = map[string]any{"message_id": ""}
	body := c.Seal(m)
	if d.Try(t, "/registry/sync/search", body) == nil && c.Post("/registry/sync/search", body, nil).Status == 200 {
		t.Error("a message without a number was taken")
	}
}
