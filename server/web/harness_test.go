package web_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
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
	citizens *citizen.Citizens // where there are agreements
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
	if config.Meter != nil {
		config.Meter.DB = config.DB
	}
	mux := http.NewServeMux()
	if config.Share != nil {
		c.citizens = citizen.New(citizen.Config{
			DB: config.DB, Access: config.Access, Registry: config.Registry, Log: c.log, Share: config.Share, Clock: config.Clock, Rand: rand.Reader, Logger: config.Logger,
		})
		config.Citizens = c.citizens
		people, err := web.NewCitizen(web.CitizenConfig{Config: config, Share: config.Share})
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle("/citizen/", people)
	}
	h, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", h)
	c.Server = httptest.NewTLSServer(mux)
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
