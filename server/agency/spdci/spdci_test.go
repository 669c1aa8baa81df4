package spdci_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
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
	w.Later(share.TokenLife + time.Second)
	if a := c.Ask(q); a.Status != 401 {
		t.Errorf("an old token serves: %s", a.Body)
	}
}

// inbox is an agency's own server.
type inbox struct {
	mu      sync.Mutex
	fails   int
	letters map[string][]agency.Envelope
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fails > 0 {
		i.fails--
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	var e agency.Envelope
	_ = json.NewDecoder(r.Body).Decode(&e)
	i.letters[r.URL.Path] = append(i.letters[r.URL.Path], e)
	w.WriteHeader(http.StatusAccepted)
}

// Answers by callback: retried, decided when they are sent, told by status.
func TestLater(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	server := httptest.NewServer(box)
	defer server.Close()
	w := agencytest.New(t, server.Client())
	id := w.Visits(juana(agencytest.Given("birth")))[0]
	c := w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Callback: server.URL + "/callback"})
	w.Agree(agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Basis = agreement.ByConsent }))
	c.Prefix, c.Description = spdci.PrefixCRVS, w.Served(spdci.PrefixCRVS+"/openapi.json")
	work := func() {
		t.Helper()
		if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m := c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
	a := c.Send("/registry/search", m)
	if a.Status != 202 || !strings.Contains(string(a.Body), `"ACK"`) {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	ack, _ := a.Message["correlation_id"].(string)
	box.fails = 2
	for range 2 {
		work()
		w.Later(time.Minute)
	}
	if len(box.letters) != 0 {
		t.Fatal("a refused letter counts as delivered")
	}
	txn := m.Message.(map[string]any)["transaction_id"]
	ask := func(kind string) string {
		s := c.Send("/registry/sync/txn/status", agencytest.Message{Action: "txn-status", Message: map[string]any{
			"transaction_id": "status", "txnstatus_request": map[string]any{"reference_id": "r", "txn_type": kind, "attribute_type": "transaction_id", "attribute_value": txn},
		}})
		if s.Header["action"] != "txn-on-status" {
			t.Errorf("%s", s.Body)
		}
		return string(s.Body)
	}
	if s := ask("search"); !strings.Contains(s, `"pdng"`) {
		t.Errorf("%s", s)
	}
	w.Later(10 * time.Minute)
	c.SignIn()
	work()
	letters := box.letters["/callback/on-search"]
	if len(letters) != 1 || !strings.Contains(string(letters[0].Message), "Juana") || !strings.Contains(string(letters[0].Message), ack) {
		t.Fatalf("%+v", box.letters)
	}
	c.Verify(letters[0])
	if s := ask("search"); !strings.Contains(s, `"succ"`) {
		t.Errorf("%s", s)
	}
	// A withdrawal between question and answer is in time.
	c.Send("/registry/search", c.Search(agencytest.ByID("EEKJ900517MOCKXN09")))
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		_, err := w.Centre.Share.Choose(ctx, tx, share.Choice{Area: office, Registration: id, State: "withdrawn", Channel: "counter", Actor: "ana"})
		return err
	})
	work()
	letters = box.letters["/callback/on-search"]
	if len(letters) != 2 || strings.Contains(string(letters[1].Message), "Juana") || !strings.Contains(string(letters[1].Message), "consent_withdrawn") {
		t.Errorf("%s", letters[len(letters)-1].Message)
	}
	// An answer goes nowhere but to the agency.
	for _, to := range []string{"https://thief.example/callback/on-search", server.URL + "/other", server.URL + "/callback/../x", server.URL + "/callbackx"} {
		m := c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
		m.Header = map[string]any{"sender_uri": to}
		if a := c.Send("/registry/search", m); a.Status != 400 || !strings.Contains(string(a.Body), "err.sender_uri.invalid") {
			t.Errorf("%s: %d %s", to, a.Status, a.Body)
		}
	}
}

// Subscribe, hear of a birth, hear no more.
func TestNotify(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	server := httptest.NewServer(box)
	defer server.Close()
	w := agencytest.New(t, server.Client())
	c := w.Agency(share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Callback: server.URL + "/callback"})
	w.Agree(agencytest.Agreement("salud", agreement.State, nil))
	c.Prefix, c.Description = spdci.PrefixCRVS, w.Served(spdci.PrefixCRVS+"/openapi.json")
	now := w.Now().Format(time.RFC3339)
	subscribe := func(event, purpose string, filter any) map[string]any {
		return map[string]any{"transaction_id": "t-" + event + purpose, "subscribe_request": []any{map[string]any{
			"reference_id": "r1", "timestamp": now, "subscribe_criteria": map[string]any{
				"reg_event_type": event, "filter_type": "expression", "filter": filter, "notify_record_type": "spdci-extensions-dci:Person",
				"authorize": map[string]any{"ts": now, "purpose": map[string]string{"code": purpose}},
			},
		}}}
	}
	send := func(path, action string, message any) {
		t.Helper()
		if a := c.Send(path, agencytest.Message{Action: action, Message: message}); a.Status != 202 {
			t.Fatalf("%s", a.Body)
		}
		if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	send("/registry/subscribe", "subscribe", subscribe("spdci-common:RegistryEventType:LiveBirth", "salud-purpose", map[string]any{"query": map[string]any{"sex": map[string]any{"$eq": "f"}}}))
	send("/registry/subscribe", "subscribe", subscribe("LiveBirth", "curiosity", map[string]any{}))
	answers := box.letters["/callback/on-subscribe"]
	if len(answers) != 2 || !strings.Contains(string(answers[0].Message), `"succ"`) || !strings.Contains(string(answers[1].Message), "rjct.notify_details.invalid") {
		t.Fatalf("%+v", box.letters)
	}
	var made struct {
		Responses []struct {
			Subscriptions []struct{ Code string }
		} `json:"subscribe_response"`
	}
	if err := json.Unmarshal(answers[0].Message, &made); err != nil {
		t.Fatal(err)
	}
	born := func(name, sex string) {
		v := juana()
		v.Claims = map[civic.Attribute]string{"given_name": name, "surname": "Ku", "birth_date": "2026-11-20", "sex": sex, "disability": "seeing"}
		w.Visits(v)
		for range 2 {
			if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	born("Itzel", "f")
	born("Canek", "m")
	letters := box.letters["/callback/notify"]
	if len(letters) != 1 || !strings.Contains(string(letters[0].Message), "Itzel") || strings.Contains(string(letters[0].Message), "seeing") {
		t.Fatalf("%+v", letters)
	}
	c.Verify(letters[0])
	if rows := w.Rows("salud"); rows[len(rows)-1].Action != translog.Disclosure {
		t.Errorf("%+v", rows)
	}
	send("/registry/unsubscribe", "unsubscribe", map[string]any{"transaction_id": "u", "timestamp": now, "subscription_codes": []string{made.Responses[0].Subscriptions[0].Code}})
	if n := len(box.letters["/callback/on-unsubscribe"]); n != 1 {
		t.Fatalf("%d", n)
	}
	born("Nicte", "f")
	if len(box.letters["/callback/notify"]) != 1 {
		t.Error("an ended subscription still tells")
	}
	// What others may send us is taken and ends there.
	for _, path := range []string{"/registry/on-search", "/registry/on-subscribe", "/registry/on-unsubscribe", "/registry/txn/on-status", "/registry/notify"} {
		action := strings.TrimPrefix(strings.ReplaceAll(path, "txn/on-status", "txn-on-status"), "/registry/")
		if a := c.Send(path, agencytest.Message{Action: action, Message: map[string]any{}, Header: map[string]any{"status": "succ"}}); a.Status != 202 {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
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
