package spdci_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// post sends bytes without moving the clock, so that many may send at once.
func post(c *agencytest.Client, body []byte) (int, string) {
	r := httptest.NewRequest(http.MethodPost, c.Prefix+"/registry/sync/search", strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c.Token)
	w := httptest.NewRecorder()
	c.World.Centre.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// Requests of one moment share transactions; quota, repeats and rows of the log
// come out as if each had come alone, and a bad request keeps nobody else back.
func TestManyAtOnce(t *testing.T) {
	w := agencytest.New(t, nil)
	const people = 20
	visits := make([]agencytest.Visit, people)
	for i := range visits {
		visits[i] = agencytest.Visit{Area: office, Services: []civic.ServiceID{"birth"}, Claims: map[civic.Attribute]string{
			"national_id": fmt.Sprintf("XEXX%07dMOC", i), "given_name": fmt.Sprintf("Name%c", 'a'+i), "surname": fmt.Sprintf("Ek%c", 'a'+i), "birth_date": "1990-05-17",
		}}
	}
	w.Visits(visits...)
	const quota = 30
	var clients []*agencytest.Client
	for _, id := range []agreement.AgencyID{"one", "two", "three"} {
		c := w.Agency(share.Agency{ID: id, Name: string(id), Level: agreement.Federal, PerDay: quota, PerMinute: 1 << 20})
		c.Prefix = spdci.PrefixCRVS
		w.Agree(agencytest.Agreement(id, agreement.Federal, nil))
		clients = append(clients, c)
	}
	type sent struct {
		c    *agencytest.Client
		body []byte
		kind string
	}
	var all []sent
	for i := range 40 { // more than the quota holds
		for _, c := range clients {
			body := c.Seal(c.Search(agencytest.ByID(fmt.Sprintf("XEXX%07dMOC", i%people))))
			all = append(all, sent{c, body, "asks"})
			switch i {
			case 3, 7:
				all = append(all, sent{c, body, "asks"}) // the same message at the same moment
			case 11:
				all = append(all, sent{c, []byte(strings.Replace(string(body), "search_request", "search_requost", 1)), "changed"})
			case 13:
				all = append(all, sent{c, c.Seal(c.Search(agencytest.Question{Type: "idtype-value", Query: map[string]string{"type": "UIN", "value": "XEXX0000001MOC"}, Purpose: "other"})), "purpose"})
			}
		}
	}
	codes := map[string]int{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, s := range all {
		wait.Go(func() {
			status, body := post(s.c, s.body)
			word := "shown"
			switch {
			case strings.Contains(body, "rjct.message_id.duplicate"):
				word = "repeated"
			case !strings.Contains(body, `"given_name"`):
				word = "refused"
			}
			mu.Lock()
			defer mu.Unlock()
			codes[fmt.Sprintf("%s %d %s", s.kind, status, word)]++
		})
	}
	wait.Wait()
	if codes["asks 200 shown"] != len(clients)*quota || codes["asks 429 refused"]+codes["asks 200 repeated"] != len(clients)*12 ||
		codes["changed 401 refused"] != len(clients) || codes["purpose 200 refused"] != len(clients) {
		t.Errorf("%v", codes)
	}
	for _, c := range clients {
		shown, others := 0, 0
		for _, r := range w.Rows(string(c.Agency)) {
			if r.Action == translog.Disclosure {
				shown++
			} else {
				others++
			}
		}
		if shown != quota || others != len(all)/len(clients)-quota {
			t.Errorf("%s: %d rows of what was shown, %d others", c.Agency, shown, others)
		}
	}
}

// What another process ends, ends here with the next request, although agencies,
// keys and agreements are remembered.
func TestChangesOfAnotherProcess(t *testing.T) {
	w, c, id := setup(t, agreement.PublicTask)
	other, err := share.New(w.Centre.Share.Config)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want int, word string) {
		t.Helper()
		w.Later(time.Second) // a no goes before a yes of the same second
		body := c.Seal(c.Search(agencytest.ByID("EEKJ900517MOCKXN09")))
		if status, text := post(c, body); status != want || !strings.Contains(text, word) {
			t.Errorf("%d %s", status, text)
		}
	}
	ask(200, "Juana")
	ask(200, "Juana") // now all is remembered
	// A no of the citizen's, in a process that knows nothing of this one.
	choose := func(state policy.State) {
		t.Helper()
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			_, err := other.Choose(ctx, tx, share.Choice{Area: office, Registration: id, State: state, Channel: "counter", Actor: "ana", Said: w.Now()})
			return err
		})
	}
	choose(policy.Withdrawn)
	ask(200, "consent_withdrawn")
	choose(policy.Given)
	ask(200, "Juana")
	object := func(stands bool) {
		t.Helper()
		w.Update(func(ctx context.Context, tx ledger.Tx) error {
			return other.Object(ctx, tx, office, id, "salud", "", stands)
		})
	}
	object(true)
	ask(200, "objection")
	object(false)
	ask(200, "Juana")
	// A change that was rolled back is none.
	_ = w.Centre.DB.Update(t.Context(), func(tx ledger.Tx) error {
		if err := w.Centre.Share.EndAgency(t.Context(), tx, "salud", "test"); err != nil {
			t.Error(err)
		}
		if _, err := w.Centre.Share.Bearer(t.Context(), tx, c.Token); civic.CodeOf(err) != civic.SignInRefused {
			t.Errorf("within the transaction: %v", err)
		}
		return context.Canceled
	})
	ask(200, "Juana")
	withdraw := agencytest.Agreement("salud", agreement.State, func(a *agreement.Agreement) { a.Lifecycle.State = "withdrawn" })
	keep := w.Centre.Share
	w.Centre.Share = other // the agreement is withdrawn there
	w.Agree(withdraw)
	w.Centre.Share = keep
	ask(200, "agreement_withdrawn")
	w.Update(func(ctx context.Context, tx ledger.Tx) error { return other.RevokeKey(ctx, tx, c.KID, "test") })
	ask(401, "signature_invalid")
	w.Update(func(ctx context.Context, tx ledger.Tx) error { return other.EndClient(ctx, tx, c.Client, "test") })
	ask(401, "err.request.unauthorized")
	c.Client, c.Secret = "", ""
	w.Update(func(ctx context.Context, tx ledger.Tx) (err error) {
		c.Client, c.Secret, err = other.NewClient(ctx, tx, "salud", "test")
		return err
	})
	if c.SignIn() != 200 {
		t.Fatal("no token")
	}
	ask(401, "signature_invalid") // the token is good, the key still is not
	w.Update(func(ctx context.Context, tx ledger.Tx) error { return other.EndAgency(ctx, tx, "salud", "test") })
	ask(401, "err.request.unauthorized")
	if n, last := w.Last("salud"); n == 0 || last.Action != translog.Denial {
		t.Errorf("%d %+v", n, last.Entry)
	}
}

// What X-Road says about the asker stands in the row of the log, whatever it
// says: it is clipped, and never believed for more.
func TestXRoad(t *testing.T) {
	w, c, _ := setup(t, agreement.PublicTask)
	m := c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
	m.HTTP = map[string]string{
		"X-Road-Client": "MX/GOV/7/salud", "X-Road-Id": "road-17", "X-Road-UserId": "ana", "X-Road-Issue": "case 9", "X-Road-Represented-Party": "COM/12",
	}
	if a := c.Send("/registry/sync/search", m); a.Status != 200 || len(a.Records(0)) != 1 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if _, r := w.Last("salud"); r.Action != translog.Disclosure || r.Request != "road-17" || r.Issue != "case 9" || r.OnBehalf != "MX/GOV/7/salud ana COM/12" {
		t.Errorf("%+v", r.Entry)
	}
	m = c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
	m.HTTP = map[string]string{"X-Road-Client": strings.Repeat("x", 5000), "X-Road-Issue": "a\xff" + strings.Repeat("y", 5000)}
	if a := c.Send("/registry/sync/search", m); a.Status != 200 || len(a.Records(0)) != 1 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if _, r := w.Last("salud"); len(r.OnBehalf) != translog.MaxText || len(r.Issue) > translog.MaxText || r.Request == "road-17" {
		t.Errorf("%+v", r.Entry)
	}
	// Asked for later, the headers are those of the question.
	m = c.Search(agencytest.ByID("EEKJ900517MOCKXN09"))
	m.HTTP = map[string]string{"X-Road-Client": "MX/GOV/7/salud", "X-Road-Issue": "case 10"}
	if a := c.Send("/registry/search", m); a.Status != 202 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
}
