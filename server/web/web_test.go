package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

func TestNothingWithoutSigningIn(t *testing.T) {
	b := newConsole(t).browser(t)
	for _, path := range []string{"/console/", "/console/registrations", "/console/devices", "/console/audit"} {
		if _, body := b.do("GET", path, nil); !strings.Contains(body, `name="password"`) {
			t.Errorf("%s is open", path)
		}
	}
	if code, _ := b.do("POST", "/console/devices/invite", url.Values{"office": {"x"}}); code != 401 {
		t.Errorf("%d", code)
	}
	if code, body := b.do("POST", "/console/sign-in", url.Values{"name": {"reviewer"}, "password": {"wrong"}}); code != 401 || !strings.Contains(body, "Name or password is wrong.") {
		t.Errorf("%d %s", code, body)
	}
}

func TestNoFolderIsListed(t *testing.T) {
	b := newConsole(t).browser(t)
	for path, want := range map[string]int{"/console/static/": 404, "/console/static/console.css": 200, "/console/page/frame.html": 404, "/console/static/../page/frame.html": 404} {
		if code, body := b.do("GET", path, nil); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

func TestCookieIsStrict(t *testing.T) {
	c := newConsole(t)
	h := *c.Client()
	h.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := h.PostForm(c.URL+"/console/sign-in", url.Values{"name": {"auditor"}, "password": {c.page["auditor"]}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	set := res.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-console=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
		if !strings.Contains(set, want) {
			t.Errorf("%q lacks %s", set, want)
		}
	}
}

func TestListsShowWhatBecameOfRegistrations(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	_, body := b.do("GET", "/console/registrations?status=merged", nil)
	id := c.outcomes[1].Registration.String()
	if !strings.Contains(body, id[:8]) || strings.Contains(body, c.outcomes[0].Registration.String()) || !strings.Contains(body, "Known already") {
		t.Errorf("%s", body)
	}
	_, body = b.do("GET", "/console/registrations/"+string(office)+"/"+id, nil)
	if !strings.Contains(body, id) || strings.Contains(body, "Ñuu") {
		t.Errorf("%s", body)
	}
	if code, _ := b.do("GET", "/console/registrations/"+string(office)+"/"+strings.Repeat("0", 32), nil); code != 404 {
		t.Errorf("%d", code)
	}
	if _, body = b.do("GET", "/console/outcomes", nil); !strings.Contains(body, "Too little was said") {
		t.Errorf("%s", body)
	}
}

func TestPersonsAreForReviewers(t *testing.T) {
	c := newConsole(t)
	path := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	b := c.browser(t)
	b.signIn("administrator")
	if code, body := b.do("GET", path, nil); code != 403 || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	b = c.browser(t)
	b.signIn("reviewer")
	b.explain(path)
	code, body := b.do("GET", path, nil)
	for _, want := range []string{"Ñuu", "Xóchitl &lt;b&gt;", "weaver", "own word", "Known already", match.DefaultModel().Version} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("%d, without %q", code, want)
		}
	}
	if strings.Contains(body, "only-the-clinic") || !strings.Contains(body, "shoe size") {
		t.Error("an attribute that is never shown is shown, or one of a form's own is not")
	}
	// The reading is written down, and only auditors read that.
	if code, _ := b.do("GET", "/console/audit", nil); code != 403 {
		t.Errorf("%d", code)
	}
	var reason string
	err := c.db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM log_row").Scan(&reason)
	})
	if err != nil || reason == "0" {
		t.Errorf("a look left no row: %s, %v", reason, err)
	}
}

func TestInviteShowsTheCodeOnce(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	token := b.token("/console/devices")
	code, body := b.do("POST", "/console/devices/invite", url.Values{"token": {token}, "office": {string(office)}})
	if code != 200 || !strings.Contains(body, "<svg") || !strings.Contains(body, "https://centre.example:8443") {
		t.Fatalf("%d %s", code, body)
	}
	if code, _ := b.do("POST", "/console/devices/invite", url.Values{"token": {"forged"}, "office": {"x"}}); code != 400 {
		t.Errorf("a forged token: %d", code)
	}
	if code, _ := b.do("POST", "/console/devices/invite", url.Values{"token": {token}, "office": {"x"}}, "Sec-Fetch-Site", "cross-site"); code != 403 {
		t.Errorf("from elsewhere: %d", code)
	}
}

func TestRetryIsTheAdministrators(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("administrator")
	token := b.token("/console/quarantine")
	form := url.Values{"token": {token}, "office": {string(office)}, "file": {civic.Digest{7}.String()}}
	if code, _ := b.do("POST", "/console/quarantine/retry", form); code != 200 || len(c.retried) != 1 || c.retried[0] != (civic.Digest{7}) {
		t.Errorf("%d %v", code, c.retried)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	b := newConsole(t).browser(t)
	b.signIn("auditor")
	b.do("POST", "/console/sign-out", url.Values{})
	if _, body := b.do("GET", "/console/", nil); !strings.Contains(body, `name="password"`) {
		t.Error("still signed in")
	}
}

func TestSignOutAllEndsEverySession(t *testing.T) {
	c := newConsole(t)
	here, lost, other := c.browser(t), c.browser(t), c.browser(t)
	here.signIn("auditor")
	lost.signIn("auditor")
	other.signIn("reviewer")
	form := url.Values{"token": {here.token("/console/sessions")}}
	_, body := here.do("GET", "/console/sessions", nil)
	if strings.Count(body, `name="session"`) != 1 {
		t.Errorf("not the one other session of the auditor: %s", body)
	}
	if code, _ := lost.do("POST", "/console/sign-out-all", form); code == 200 {
		t.Error("ended by another session's token")
	}
	if code, _ := here.do("POST", "/console/sign-out-all", form); code != 200 {
		t.Fatal(code)
	}
	for name, b := range map[string]*browser{"here": here, "on the lost device": lost} {
		if _, body = b.do("GET", "/console/", nil); !strings.Contains(body, `name="password"`) {
			t.Errorf("still signed in %s", name)
		}
	}
	if _, body := other.do("GET", "/console/", nil); strings.Contains(body, `name="password"`) {
		t.Error("somebody else was signed out")
	}
}

func TestLanguageIsKept(t *testing.T) {
	b := newConsole(t).browser(t)
	b.do("POST", "/console/language", url.Values{"language": {"es"}})
	if _, body := b.do("GET", "/console/sign-in", nil); !strings.Contains(body, "Contraseña") || !strings.Contains(body, `lang="es"`) {
		t.Errorf("%s", body)
	}
}

// Both languages have the same words, and every word a page asks for is there.
func TestWordsAreWhole(t *testing.T) {
	read := func(name string) map[string]string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ Words map[string]string }
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		return v.Words
	}
	es, en := read("words/es.json"), read("words/en.json")
	a, b := slices.Sorted(maps.Keys(es)), slices.Sorted(maps.Keys(en))
	if !slices.Equal(a, b) {
		t.Errorf("the languages differ in their words")
	}
	names, err := filepath.Glob("page/*.html")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`\{\{t "([^"]+)"|\(t "([^"]+)"`)
	for _, name := range names {
		page, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(page), -1) {
			if _, ok := en[m[1]+m[2]]; !ok {
				t.Errorf("%s asks for %q", name, m[1]+m[2])
			}
		}
	}
}

func TestReviewSideBySide(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("reviewer")
	id := c.outcomes[3].Registration.String()
	if _, body := b.do("GET", "/console/reviews", nil); !strings.Contains(body, id) {
		t.Fatalf("%s", body)
	}
	path := "/console/reviews/" + string(office) + "/" + id + "?subject="
	_, body := b.do("GET", path, nil)
	for _, want := range []string{"Xóchitl</span>", "Xóchitl &lt;b&gt;", "differs", "surnames", "same " + string(office)} {
		if !strings.Contains(body, want) {
			t.Errorf("without %q", want)
		}
	}
	form := url.Values{
		"token": {b.token(path)}, "office": {string(office)}, "registration": {id}, "subject": {""}, "note": {"she showed her paper"},
		"answer": {"same " + string(office) + " " + c.outcomes[0].Persons[0].Person.String()},
	}
	if code, body := b.do("POST", "/console/reviews/decide", form); code != 200 || !strings.Contains(body, "There is nothing to review.") {
		t.Fatalf("%d %s", code, body)
	}
	if len(c.told) != 1 || c.told[0].Status != civic.Merged {
		t.Errorf("%+v", c.told)
	}
	if code, _ := b.do("POST", "/console/reviews/decide", form); code != 409 {
		t.Errorf("decided twice: %d", code)
	}
	person := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	b.explain(person)
	if _, body := b.do("GET", person, nil); !strings.Contains(body, "she showed her paper") {
		t.Errorf("%s", body)
	}
	undo := url.Values{"token": {b.token(person)}, "office": {string(office)}, "registration": {id}, "subject": {""}, "n": {"2"}}
	if code, _ := b.do("POST", "/console/persons/undo", undo); code != 200 || len(c.told) != 2 || c.told[1].Status != civic.Registered {
		t.Errorf("%d %+v", code, c.told)
	}
}

// The session says whose files may be taken up, whatever the form says.
func TestRetryKeepsToTheOffice(t *testing.T) {
	c := newConsole(t)
	password, err := c.access.AddStaff(t.Context(), "neighbour", "other", access.Administrator, "test")
	if err != nil {
		t.Fatal(err)
	}
	c.page["neighbour"] = password
	b := c.browser(t)
	b.signIn("neighbour")
	form := url.Values{"token": {b.token("/console/devices")}, "office": {"other"}, "file": {civic.Digest{7}.String()}}
	if code, _ := b.do("POST", "/console/quarantine/retry", form); code != 403 || len(c.retried) != 0 {
		t.Errorf("%d %v", code, c.retried)
	}
}
