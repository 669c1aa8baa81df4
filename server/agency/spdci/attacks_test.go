package spdci_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Every way a request can be wrong is refused in the codes of the standard, and
// stands in the log.
func TestAttacks(t *testing.T) {
	const number = "EEKJ900517MOCKXN09"
	w, c, id := setup(t, agreement.ByConsent, agencytest.Given("birth"))
	served := w.Served(spdci.PrefixCRVS + "/openapi.json")
	last := func(actor string) translog.Entry {
		rows := w.Rows(actor)
		if len(rows) == 0 {
			t.Fatalf("%s: nothing in the log", actor)
		}
		return rows[len(rows)-1].Entry
	}
	if a := c.Ask(agencytest.ByID(number)); len(a.Records(0)) != 1 {
		t.Fatalf("%s", a.Body)
	}
	check := func(name string, a agencytest.Answer, status int, code, why string) {
		t.Helper()
		if a.Status != status || !strings.Contains(string(a.Body), `"`+code+`"`) {
			t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Body, status, code)
		}
		for _, secret := range []string{"Juana", "9511234567", "1990-05-17"} {
			if strings.Contains(string(a.Body), secret) {
				t.Errorf("%s: an answer crossed: %s", name, a.Body)
			}
		}
		actor := "salud"
		if status == http.StatusUnauthorized && code == "err.request.unauthorized" {
			actor = "unknown"
		}
		if e := last(actor); e.Action != translog.Denial || !strings.Contains(string(e.Code), why) {
			t.Errorf("%s: the log says %+v", name, e)
		}
		served.Response(t, "/registry/sync/search", a.Status, a.Body)
	}
	send := func(change func(*agencytest.Message)) agencytest.Answer {
		m := c.Search(agencytest.ByID(number))
		change(&m)
		return c.Send("/registry/sync/search", m)
	}
	set := func(k string, v any) func(*agencytest.Message) {
		return func(m *agencytest.Message) { m.Header = map[string]any{k: v} }
	}
	question := func(q agencytest.Question) agencytest.Answer { return c.Ask(q) }

	// Who is asking.
	stranger := *c
	stranger.Token = "made-up"
	check("unknown sender", stranger.Ask(agencytest.ByID(number)), 401, "err.request.unauthorized", "sign_in_refused")
	check("another's name", send(set("sender_id", "cash")), 403, "err.sender_id.invalid", "sender_other")
	check("no signature", send(func(m *agencytest.Message) { m.Unsigned = true }), 401, "err.signature.missing", "signature_missing")
	forged := *c
	forged.Key = w.Agency(share.Agency{ID: "thief", Name: "Thief", Level: agreement.State}).Key
	check("another's key", forged.Ask(agencytest.ByID(number)), 401, "err.signature.invalid", "signature_invalid")
	check("changed on the way", send(func(m *agencytest.Message) {
		m.Change = func(b []byte) []byte { return []byte(strings.Replace(string(b), number, "EEKJ900517MOCKXN08", 1)) }
	}), 401, "err.signature.invalid", "signature_invalid")
	check("a key twice", send(func(m *agencytest.Message) {
		m.Change = func(b []byte) []byte {
			return []byte(strings.Replace(string(b), `"reference_id"`, `"reference_id":"x","reference_id"`, 1))
		}
	}), 401, "err.signature.invalid", "signature_invalid")
	check("no algorithm", send(func(m *agencytest.Message) {
		m.Change = func(b []byte) []byte {
			var e agency.Envelope
			_ = json.Unmarshal(b, &e)
			parts := strings.Split(e.Signature, ".")
			e.Signature = "eyJhbGciOiJub25lIn0." + parts[1] + "."
			out, _ := json.Marshal(e)
			return out
		}
	}), 401, "err.signature.invalid", "signature_invalid")

	// When and how often.
	again := c.Seal(c.Search(agencytest.ByID(number)))
	if a := c.Post("/registry/sync/search", again, nil); len(a.Records(0)) != 1 {
		t.Fatalf("%s", a.Body)
	}
	check("repeated", c.Post("/registry/sync/search", again, nil), 200, "rjct.message_id.duplicate", "message_repeated")
	check("old", send(set("message_ts", w.Now().Add(-6*time.Minute).Format(time.RFC3339))), 200, "rjct.message_ts.invalid", "message_old")
	check("ahead", send(set("message_ts", w.Now().Add(6*time.Minute).Format(time.RFC3339))), 200, "rjct.message_ts.invalid", "message_old")
	check("another action", send(set("action", "subscribe")), 200, "rjct.action.invalid", "action_other")
	check("another version", send(set("version", "9.0")), 400, "err.version.not_supported", "version_unknown")
	check("miscounted", send(set("total_count", 7)), 200, "rjct.total_count.invalid", "total_count_other")
	check("sealed", send(set("is_msg_encrypted", true)), 400, "err.encryption.invalid", "encryption_unknown")
	check("too many questions", c.Ask(slices.Repeat([]agencytest.Question{agencytest.ByID(number)}, 21)...), 200, "rjct.total_count.limit_exceeded", "too_many_questions")
	check("too large", c.Post("/registry/sync/search", make([]byte, agency.MaxBody+1), nil), 413, "err.request.bad", "")
	check("a number longer than a signature sees", question(agencytest.Question{Type: "idtype-value", Query: json.RawMessage(`{"type":"UIN","value":900719925474099312}`)}), 200, "rjct.search_criteria.invalid", "query_invalid")
	check("rubbish behind it", send(func(m *agencytest.Message) { m.Change = func(b []byte) []byte { return append(b, '}', 'x') } }), 400, "err.request.bad", "request_malformed")
	check("no JSON", c.Post("/registry/sync/search", []byte(`{"header":`), nil), 400, "err.request.bad", "request_malformed")

	// What for, and what.
	by := agencytest.ByID(number)
	by.Purpose = "-"
	check("no purpose", question(by), 200, "rjct.search_criteria.invalid", "purpose_missing")
	by.Purpose = "curiosity"
	check("another purpose", question(by), 200, "rjct.search_criteria.invalid", "purpose_other")
	by.Purpose, by.Fields = "", []string{"given_name", "disability"}
	check("beyond the agreement", question(by), 200, "rjct.filter.invalid", "not_covered")
	by.Fields = []string{"pregnant"}
	check("never handed on", question(by), 200, "rjct.filter.invalid", "never_reused")
	by.Fields, by.Page = nil, map[string]int{"page_size": 5000}
	check("oversized page", question(by), 200, "rjct.pagination.invalid", "page_invalid")
	by.Page, by.Sort = nil, []map[string]string{{"attribute_name": "nonsense"}}
	check("odd sort", question(by), 200, "rjct.sort.invalid", "sort_unknown")
	hidden := map[string]any{"query": map[string]any{"$and": []any{
		map[string]any{"national_id": map[string]any{"$eq": number}}, map[string]any{"disability": map[string]any{"$eq": "seeing"}},
	}}}
	check("asking about a hidden field", question(agencytest.Question{Type: "expression", Query: hidden}), 200, "rjct.filter.invalid", "not_covered")
	for name, query := range map[string]any{
		"an operator of a database": map[string]any{"query": map[string]any{"national_id": map[string]any{"$where": "1==1"}}},
		"a pattern":                 map[string]any{"query": map[string]any{"national_id": map[string]any{"$regex": ".*"}}},
		"a field of a database":     map[string]any{"query": map[string]any{"registry_said": map[string]any{"$eq": "x"}}},
		"a statement":               map[string]any{"query": map[string]any{"given_name'; DROP TABLE registry_said; --": map[string]any{"$eq": "x"}}},
		"depth":                     map[string]any{"query": map[string]any{"$and": []any{map[string]any{"$or": []any{map[string]any{"$and": []any{map[string]any{"$or": []any{map[string]any{"$and": []any{}}}}}}}}}}},
		"a collection":              map[string]any{"collection": "access_staff", "query": map[string]any{"name": map[string]any{"$eq": "admin"}}},
	} {
		check(name, question(agencytest.Question{Type: "expression", Query: query}), 200, "rjct.search_criteria.invalid", "query_invalid")
	}
	check("graphql", question(agencytest.Question{Type: "graphql", Query: map[string]any{"type": "x", "value": map[string]any{"expression": "{person{name}}"}}}), 200, "rjct.search_criteria.invalid", "query_invalid")
	check("everybody", question(agencytest.Question{Type: "expression", Query: map[string]any{"query": map[string]any{"birth_date": map[string]any{"$gte": "1900-01-01"}}}}), 200, "rjct.search_criteria.invalid", "too_wide")
	quoted := c.Ask(agencytest.ByID("' OR 1=1 --"))
	if quoted.Response(0)["status"] != "succ" || len(quoted.Records(0)) != 0 || last("salud").Action != translog.Empty {
		t.Errorf("%s", quoted.Body)
	}

	// Whether it may be told: before the next read.
	w.Later(time.Second)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := w.Centre.Share.Choose(ctx, tx, share.Choice{Area: office, Registration: id, State: "withdrawn", Channel: "receipt", Actor: "receipt", By: share.ByIndividual})
		return err
	})
	check("withdrawn consent", c.Ask(agencytest.ByID(number)), 200, "rjct.search_criteria.invalid", "consent_withdrawn")
	if e := last("salud"); e.Person != w.Person(office, id).Person {
		t.Error("the person does not learn of the question")
	}
	w.Later(24 * time.Hour)
	w.Visits(juana(agencytest.Given("birth")))
	c.SignIn()
	if a := c.Ask(agencytest.ByID(number)); len(a.Records(0)) != 1 {
		t.Errorf("a new yes does not count: %s", a.Body)
	}

	// The agreement, the key, the agency.
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Basis, a.Lifecycle.Until = agreement.ByConsent, "2026-11-23" }))
	w.Later(24 * time.Hour)
	c.SignIn()
	check("expired agreement", c.Ask(agencytest.ByID(number)), 200, "rjct.search_criteria.invalid", "agreement_expired")
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Lifecycle.State = "withdrawn" }))
	check("withdrawn agreement", c.Ask(agencytest.ByID(number)), 200, "rjct.search_criteria.invalid", "agreement_withdrawn")
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Areas = []civic.Area{"mx-21"} }))
	check("another area", c.Ask(agencytest.ByID(number)), 200, "rjct.search_criteria.invalid", "area_outside")
	w.Update(func(ctx context.Context, tx ledger.Tx) error { return w.Centre.Share.RevokeKey(ctx, tx, c.KID, "test") })
	check("revoked key", c.Ask(agencytest.ByID(number)), 401, "err.signature.invalid", "signature_invalid")
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return w.Centre.Share.EndAgency(ctx, tx, "salud", "test")
	})
	check("ended agency", c.Ask(agencytest.ByID(number)), 401, "err.request.unauthorized", "sign_in_refused")
	if c.SignIn() != http.StatusUnauthorized {
		t.Error("an ended agency signs in")
	}
}

// Limits: requests a minute, persons a day, tokens that run out.
func TestLimits(t *testing.T) {
	w := agencytest.New(t, nil)
	w.Visits(juana())
	c := w.Agency(share.Agency{ID: "small", Name: "Small", Level: agreement.Municipal, PerMinute: 6, PerDay: 3})
	w.Agree(agencytest.Agreement("small", agreement.Municipal, nil))
	q := agencytest.ByID("EEKJ900517MOCKXN09")
	for n := range 3 {
		if a := c.Ask(q); a.Status != 200 || len(a.Records(0)) != 1 {
			t.Fatalf("%d: %s", n, a.Body)
		}
	}
	if a := c.Ask(q); a.Status != 429 || !strings.Contains(string(a.Body), "quota_used") {
		t.Errorf("beyond the day's quota: %s", a.Body)
	}
	c.Ask(q)
	c.Ask(q)
	if a := c.Ask(q); a.Status != 429 || !strings.Contains(string(a.Body), "err.request.too_many_requests") {
		t.Errorf("beyond the minute's: %s", a.Body)
	}
	c.Ask(q)
	hurried := 0 // one row tells of a minute's
	for _, r := range w.Rows("small") {
		if r.Action == translog.Denial && r.Code == civic.TooManyTries {
			hurried++
		}
	}
	if hurried != 1 {
		t.Errorf("%d rows of what came too often", hurried)
	}
	w.Later(share.TokenLife + time.Second)
	if a := c.Ask(q); a.Status != 401 {
		t.Errorf("an old token serves: %s", a.Body)
	}
}
