package serve_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/agency/agencytest"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// colleague is a member of staff at the console of a whole centre.
type colleague struct {
	t    *testing.T
	url  string
	http *http.Client
}

// signedIn makes an account of an office and signs it in.
func signedIn(t *testing.T, w *agencytest.World, name string, area civic.Area, role access.Role) *colleague {
	t.Helper()
	password, err := w.Centre.Access.AddStaff(t.Context(), name, area, role, "test")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(w.Centre.Handler())
	t.Cleanup(server.Close)
	c := &colleague{t, server.URL, server.Client()}
	if c.http.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatal(err)
	}
	if code, body := c.post("/console/sign-in", url.Values{"name": {name}, "password": {password}}); code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	return c
}

func (c *colleague) post(path string, form url.Values) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

func (c *colleague) get(path string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(r)
}

func (c *colleague) do(r *http.Request) (int, string) {
	c.t.Helper()
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

var formToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

// token is what the session's forms carry.
func (c *colleague) token(path string) string {
	c.t.Helper()
	_, body := c.get(path)
	m := formToken.FindStringSubmatch(body)
	if m == nil {
		c.t.Fatalf("no token on %s: %s", path, body)
	}
	return m[1]
}

// A reviewer takes the data of people of the own office along for them, and of
// nobody else, whatever office the form names.
func TestTakeAlongKeepsToTheOffice(t *testing.T) {
	const here, there = civic.Area("mx-20-067"), civic.Area("mx-20-400")
	w := agencytest.New(t, nil)
	visit := func(area civic.Area, given, born string) string {
		id := w.Visits(agencytest.Visit{Area: area, Services: []civic.ServiceID{"identity"}, Claims: map[civic.Attribute]string{
			"given_name": given, "surname": "Ek", "birth_date": born,
		}})[0]
		return w.Person(area, id).Person.String()
	}
	own, other := visit(here, "Juana", "1990-05-17"), visit(there, "Tomasa", "1971-03-02")
	c := signedIn(t, w, "rosa", here, access.Reviewer)
	token := c.token("/console/sessions")
	take := func(home civic.Area, person string) (int, string) {
		return c.post("/console/persons/take-along", url.Values{
			"token": {token}, "home": {string(home)}, "person": {person}, "as": {"semic"}, "reason": {"she asks for it at the counter"},
		})
	}
	if code, body := take(here, own); code != http.StatusOK || !strings.Contains(body, "Juana") {
		t.Fatalf("%d %s", code, body)
	}
	for _, home := range []civic.Area{there, here, ""} {
		if code, body := take(home, other); code == http.StatusOK || strings.Contains(body, "Tomasa") {
			t.Errorf("as of %q: %d %s", home, code, body)
		}
	}
	n := 0
	err := w.Centre.DB.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM log_row WHERE action = ?1", string(translog.Portability)).Scan(&n)
	})
	if err != nil || n != 1 {
		t.Errorf("%d rows in the log, %v", n, err)
	}
}
