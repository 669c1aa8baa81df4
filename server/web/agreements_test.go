package web_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/attributes"
)

// Anybody reads agreements; two people in two roles make one.
func TestAgreements(t *testing.T) {
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	var s *share.Share
	c := newConsoleWith(t, nil, func(w *web.Config, r *reconcile.Config) {
		embedded, _ := r.Registry.(*registry.Embedded)
		s, err = share.New(share.Config{
			Registry: embedded, Dictionary: dictionary, Clock: func() time.Time { return time.Unix(1_790_000_000, 0) }, Rand: rand.Reader,
			Sign: func(body []byte) ([]byte, error) { return body, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Share = s
	})
	if err := s.Seed(t.Context(), c.db, assets.Agreements, "init"); err != nil {
		t.Fatal(err)
	}
	reader := c.browser(t)
	code, body := reader.do("GET", "/console/agreements", nil)
	if code != 200 || !strings.Contains(body, "Cash transfer") || !strings.Contains(body, "legal obligation") || strings.Contains(body, "<textarea") {
		t.Errorf("%d %s", code, body)
	}
	code, body = reader.do("GET", "/console/agreements/birth-reuse", nil)
	if code != 200 || !strings.Contains(body, "Nobody is asked for consent") || !strings.Contains(body, "revision 1") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ = reader.do("GET", "/console/agreements/nothing", nil); code != 404 {
		t.Errorf("%d", code)
	}
	for _, path := range []string{"/console/agreements/draft", "/console/agreements/decide"} {
		if code, _ = reader.do("POST", path, url.Values{}); code != 401 {
			t.Errorf("%s: %d", path, code)
		}
	}
	drafter, decider := c.browser(t), c.browser(t)
	drafter.signIn("agreements")
	decider.signIn("supervisor")
	text, err := assets.Agreements.ReadFile("agreements/school.json")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"retention_days": 1825`, `"retention_days": 30`, 1)
	code, body = drafter.do("POST", "/console/agreements/draft", url.Values{"token": {drafter.token("/console/agreements")}, "text": {changed}})
	if code != 200 || !strings.Contains(body, "Somebody else") || !strings.Contains(body, "30 days") {
		t.Fatalf("%d %s", code, body)
	}
	if _, body = reader.do("GET", "/console/agreements/school-reuse", nil); strings.Contains(body, "30 days") {
		t.Error("a draft is public")
	}
	decision := url.Values{"agreement": {"school-reuse"}, "revision": {"2"}, "decision": {"approve"}}
	decision.Set("token", drafter.token("/console/agreements"))
	if code, body = drafter.do("POST", "/console/agreements/decide", decision); code != 403 {
		t.Errorf("who drafted it approves it: %d %s", code, body)
	}
	decision.Set("token", decider.token("/console/agreements"))
	if code, body = decider.do("POST", "/console/agreements/decide", decision); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if _, body = reader.do("GET", "/console/agreements/school-reuse", nil); !strings.Contains(body, "30 days") || !strings.Contains(body, "in force") {
		t.Error("what is approved is not shown")
	}
	code, body = drafter.do("POST", "/console/agreements/draft", url.Values{"token": {drafter.token("/console/agreements")}, "text": {"{"}})
	if code != 422 {
		t.Errorf("%d %s", code, body)
	}
}
