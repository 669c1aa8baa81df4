package spdci_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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
	m := c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
	a := c.Send("/registry/search", m)
	if a.Status != 202 || !strings.Contains(string(a.Body), `"ACK"`) {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	ack, _ := a.Message["correlation_id"].(string)
	box.fails = 2
	for range 2 {
		works(t, w)
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
	works(t, w)
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
	works(t, w)
	letters = box.letters["/callback/on-search"]
	if len(letters) != 2 || strings.Contains(string(letters[1].Message), "Juana") || !strings.Contains(string(letters[1].Message), "consent_withdrawn") {
		t.Errorf("%s", letters[len(letters)-1].Message)
	}
	// An answer goes nowhere but to the agency.
	for _, to := range []string{"https://thief.example/callback/on-search", server.URL + "/other", server.URL + "/callback/../x", server.URL + "/callback/%2e%2e/x", server.URL + "/callback/a%2f..%2f..%2fx", server.URL + "/callbackx"} {
		m := c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
		m.Header = map[string]any{"sender_uri": to}
		if a := c.Send("/registry/search", m); a.Status != 400 || !strings.Contains(string(a.Body), "err.sender_uri.invalid") {
			t.Errorf("%s: %d %s", to, a.Status, a.Body)
		}
	}
	// What was told is kept for a month, then forgotten.
	for _, c := range []struct {
		after time.Duration
		kept  int
	}{{29 * 24 * time.Hour, 2}, {2 * 24 * time.Hour, 0}} {
		w.Later(c.after)
		if err := w.Centre.SPDCI.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var jobs int
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			return tx.QueryRow(ctx, "SELECT count(*) FROM agency_job").Scan(&jobs)
		})
		if jobs != c.kept {
			t.Errorf("%d jobs are kept, not %d", jobs, c.kept)
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

// joins makes an agency whose server the test keeps.
func (i *inbox) joins(w *agencytest.World, id agreement.AgencyID, base string) *agencytest.Client {
	c := w.Agency(share.Agency{ID: id, Name: string(id), Level: agreement.State, Callback: base + "/" + string(id)})
	w.Agree(agencytest.Agreement(id, agreement.State, nil))
	c.Prefix = spdci.PrefixCRVS
	return c
}

// subscription asks for word of every registration.
func subscription(w *agencytest.World, purpose string, n int) agencytest.Message {
	now := w.Now().Format(time.RFC3339)
	one := map[string]any{"reference_id": "r1", "timestamp": now, "subscribe_criteria": map[string]any{
		"reg_event_type": "REGISTER", "notify_record_type": "spdci-extensions-dci:Person",
		"authorize": map[string]any{"ts": now, "purpose": map[string]string{"code": purpose}},
	}}
	items := make([]any, n)
	for i := range items {
		items[i] = one
	}
	return agencytest.Message{Action: "subscribe", Message: map[string]any{"transaction_id": "t", "subscribe_request": items}}
}

// An agency has so many subscriptions and no more: each costs every registration
// something.
func TestSubscriptionsAreCounted(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	server := httptest.NewServer(box)
	defer server.Close()
	w := agencytest.New(t, server.Client())
	c := box.joins(w, "salud", server.URL)
	for range 3 {
		if a := c.Send("/registry/subscribe", subscription(w, "salud-purpose", 20)); a.Status != 202 {
			t.Fatalf("%s", a.Body)
		}
	}
	var stands int
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM agency_subscription WHERE ended_at = 0").Scan(&stands)
	})
	if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, e := range box.letters["/salud/on-subscribe"] { // in whatever order
		refused += strings.Count(string(e.Message), "too_many_subscriptions")
	}
	if stands != 50 || refused != 10 {
		t.Errorf("%d stand; %d refused", stands, refused)
	}
}

// works sends what is due.
func works(t *testing.T, w *agencytest.World) {
	t.Helper()
	if _, err := w.Centre.SPDCI.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What is to be sent goes where the agency is now, not where it was when it asked;
// an agency that ended gets nothing more.
func TestAnswersFollowTheAgency(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	server := httptest.NewServer(box)
	defer server.Close()
	w := agencytest.New(t, server.Client())
	c := box.joins(w, "salud", server.URL)
	if a := c.Send("/registry/subscribe", subscription(w, "salud-purpose", 1)); a.Status != 202 {
		t.Fatalf("%s", a.Body)
	}
	works(t, w)
	w.Visits(juana())
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return w.Centre.Share.AddAgency(ctx, tx, share.Agency{ID: "salud", Name: "Salud", Level: agreement.State, Callback: server.URL + "/moved"}, "test")
	})
	works(t, w)
	if len(box.letters["/salud/notify"]) != 0 || len(box.letters["/moved/notify"]) != 1 {
		t.Fatalf("%v", box.letters)
	}
	second := juana()
	second.Claims = map[civic.Attribute]string{"given_name": "Itzel", "surname": "Ku", "birth_date": "1951-11-20"}
	w.Visits(second)
	w.Update(func(ctx context.Context, tx ledger.Tx) error {
		return w.Centre.Share.EndAgency(ctx, tx, "salud", "test")
	})
	works(t, w)
	if len(box.letters["/moved/notify"]) != 1 {
		t.Error("an agency that ended is told")
	}
}

// An answer that nobody took for a month is given up, and forgotten a month later,
// though its agency was never there to be tried.
func TestWhatNobodyTakes(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	server := httptest.NewServer(box)
	defer server.Close()
	w := agencytest.New(t, server.Client())
	c := box.joins(w, "salud", server.URL)
	if a := c.Send("/registry/search", c.Search(agencytest.ByID("X"))); a.Status != 202 {
		t.Fatalf("%s", a.Body)
	}
	for _, want := range []struct {
		after   time.Duration
		waiting int
		kept    int
	}{{29 * 24 * time.Hour, 1, 1}, {2 * 24 * time.Hour, 0, 1}, {31 * 24 * time.Hour, 0, 0}} {
		w.Later(want.after)
		if err := w.Centre.SPDCI.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var waiting, kept int
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			err := tx.QueryRow(ctx, "SELECT count(*) FROM agency_job WHERE state = 1").Scan(&waiting)
			if err != nil {
				return err
			}
			return tx.QueryRow(ctx, "SELECT count(*) FROM agency_job").Scan(&kept)
		})
		if waiting != want.waiting || kept != want.kept {
			t.Errorf("%v later %d wait of %d", want.after, waiting, kept)
		}
	}
}

// An agency that takes nothing rests, and is told two days later all the same;
// the others hear at once.
func TestOneAgencyHoldsNoOtherUp(t *testing.T) {
	box := &inbox{letters: map[string][]agency.Envelope{}}
	deaf := 0
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/salud/") && deaf >= 0 {
			deaf++
			http.Error(rw, "not now", http.StatusServiceUnavailable)
			return
		}
		box.ServeHTTP(rw, r)
	}))
	defer server.Close()
	w := agencytest.New(t, server.Client())
	salud, cash := box.joins(w, "salud", server.URL), box.joins(w, "cash", server.URL)
	for range 20 {
		if a := salud.Send("/registry/search", salud.Search(agencytest.ByID("X"))); a.Status != 202 {
			t.Fatalf("%s", a.Body)
		}
	}
	if a := cash.Send("/registry/search", cash.Search(agencytest.ByID("X"))); a.Status != 202 {
		t.Fatalf("%s", a.Body)
	}
	works(t, w)
	if deaf != 1 || len(box.letters["/cash/on-search"]) != 1 {
		t.Errorf("%d tries; %v", deaf, len(box.letters["/cash/on-search"]))
	}
	for range 47 * 2 {
		w.Later(30 * time.Minute)
		works(t, w)
	}
	deaf = -1
	for range 20 {
		w.Later(30 * time.Minute)
		works(t, w)
	}
	if n := len(box.letters["/salud/on-search"]); n != 20 {
		t.Errorf("%d of 20 answers after two days", n)
	}
}
