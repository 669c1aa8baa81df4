package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/match"
)

const office = civic.Area("mx-20-067")

type plain struct{}

func (plain) Claims(r *civic.Registration) (out []civic.Claim) {
	for _, a := range r.Answers {
		out = append(out, civic.Claim{Attribute: civic.Attribute(a.Path), Value: a.Value, Registration: r.ID, Area: r.Area, At: r.Sealed})
	}
	return out
}

type console struct {
	log *translog.Log
	*httptest.Server
	db       ledger.DB
	access   *access.Access
	outcomes []civic.Outcome
	told     []civic.Outcome
	retried  []civic.Digest
	page     map[string]string // passwords by role
	now      time.Time
	forms    *forms.Forms
}

func newConsole(t *testing.T) *console {
	t.Helper()
	return newConsoleWith(t, nil, func(*web.Config, *reconcile.Config) {})
}

// newConsoleWith makes a console of registrations, the usual ones when there
// are none; tweak changes what it is made with.
func newConsoleWith(t *testing.T, in []reconcile.Incoming, tweak func(*web.Config, *reconcile.Config)) *console {
	t.Helper()
	dir := t.TempDir()
	db, err := ledger.Open(t.Context(), ledgertest.Place(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := time.Unix(1_790_000_000, 0)
	clock := func() time.Time { return now }
	keys, err := access.MakeKeys(filepath.Join(dir, "keys"), "test", now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{db: db, page: map[string]string{}, now: now}
	c.access = access.New(db, keys, access.Options{
		Registry: "test", Clock: clock, Rand: rand.Reader, PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	})
	for _, role := range access.Roles() {
		password, err := c.access.AddStaff(t.Context(), string(role), "", role, "test")
		if err != nil {
			t.Fatal(err)
		}
		c.page[string(role)] = password
	}
	e, err := registry.NewEmbedded(keys.Data(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if in == nil {
		in = usual()
	}
	var config web.Config
	deciding := reconcile.Config{Registry: e, Clock: clock}
	tweak(&config, &deciding)
	r := reconcile.New(deciding)
	err = db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		c.outcomes, err = r.Settle(t.Context(), tx, office, in)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.forms = forms.New(forms.Config{DB: db, Access: c.access, Catalogue: form.NewCatalogue(), Clock: clock, Rand: rand.Reader, Logger: slog.New(slog.DiscardHandler)})
	config.Forms, config.DB, config.Access, config.Registry, config.Reconciler, config.Clock = c.forms, db, c.access, e, r, clock
	c.serve(t, config)
	return c
}

// usual are four registrations: one, the same again, an empty one, and one that
// may be a twin.
func usual() (in []reconcile.Incoming) {
	for i := range uint64(4) {
		reg := &civic.Registration{
			ID: civic.NewRegistrationID([]byte("k"), i+1), Counter: i + 1, Area: office, Form: civic.FormRef{ID: "birth", Version: "1"},
			Answers: []civic.Answer{
				{Path: "given_name", Value: "Xóchitl <b>"}, {Path: "surname", Value: "Ñuu"}, {Path: "birth_date", Value: "1990-01-02"},
				{Path: "phone", Value: "9511234567"}, {Path: "occupation", Value: strings.Repeat("weaver ", int(i))},
				{Path: "pregnant", Value: "only-the-clinic-may-know"}, {Path: "shoe_size", Value: "23"},
			},
		}
		in = append(in, reconcile.Incoming{Registration: reg, Digest: civic.Digest{byte(i)}, Form: plain{}})
	}
	in[2].Registration.Answers = nil
	in[3].Registration.Answers[0].Value = "Xóchitl" // a twin, or the same with one name left out
	return in
}

// serve gives the console what it takes from other rooms, and serves it.
func (c *console) serve(t *testing.T, config web.Config) {
	t.Helper()
	config.Tell = func(_ context.Context, _ ledger.Tx, _ civic.DeviceID, outcomes []civic.Outcome) error {
		c.told = append(c.told, outcomes...)
		return nil
	}
	config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	config.URL = func(context.Context) (string, error) { return "https://centre.example:8443", nil }
	config.Aside = func(context.Context, civic.Area) ([]web.Aside, error) {
		return []web.Aside{{Area: office, File: civic.Digest{7}, Kind: "batch", Reason: civic.DeviceUnknown, At: c.now}}, nil
	}
	config.Retry = func(_ context.Context, area civic.Area, d civic.Digest, _ string) error {
		if area != "" && area != office {
			return civic.NewProblem(civic.NotYours, nil)
		}
		c.retried = append(c.retried, d)
		return nil
	}
	keys := config.Access.Keys()
	var err error
	if c.log, err = translog.Open(translog.Config{DB: config.DB, Key: keys.LogSigner(), Public: keys.LogKey(), Clock: config.Clock}); err != nil {
		t.Fatal(err)
	}
	config.Log = c.log
	config.SignEvidence = func(n translog.EvidenceNote) ([]byte, error) { return keys.Sign(translog.StatementEvidence, n) }
	h, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewTLSServer(h)
	t.Cleanup(c.Close)
}

// browser is somebody at the console.
type browser struct {
	t *testing.T
	c *console
	h *http.Client
}

func (c *console) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := *c.Client()
	h.Jar = jar
	return &browser{t, c, &h}
}

func (b *browser) do(method, path string, form url.Values, header ...string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.c.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := b.h.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	policy := res.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		b.t.Errorf("%s: policy %q", path, policy)
	}
	if s := string(body); strings.Contains(s, "<script") || strings.Contains(s, " style=") || strings.Contains(s, "<style") {
		b.t.Errorf("%s holds script or style", path)
	}
	return res.StatusCode, string(body)
}

func (b *browser) signIn(role string) {
	b.t.Helper()
	code, body := b.do("POST", "/console/sign-in", url.Values{"name": {role}, "password": {b.c.page[role]}})
	if code != 200 || !strings.Contains(body, "Sign out") {
		b.t.Fatalf("%d %s", code, body)
	}
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

func (b *browser) token(path string) string {
	b.t.Helper()
	_, body := b.do("GET", path, nil)
	m := tokenField.FindStringSubmatch(body)
	if m == nil {
		b.t.Fatalf("no token on %s", path)
	}
	return m[1]
}

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
