//go:build browser

package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/askonce/fieldkit/server/web"
)

// rules reads axe-core, which `make test` fetches by its lock file.
func rules(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal("axe-core is not there: npm ci --prefix server/web/testdata/axe")
	}
	return string(b)
}

// accessible holds the page that is shown against WCAG 2.2 A and AA.
func (b *tab) accessible(axe, name string) {
	b.t.Helper()
	b.run(chromedp.Evaluate(axe+"; true", nil))
	var found string
	b.run(chromedp.Evaluate(`axe.run(document, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(r =>
 JSON.stringify(r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 4).map(n => n.html.slice(0, 160)).join(' | '))))`, &found,
		func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	var list []string
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range list {
		b.t.Errorf("%s: %s", name, v)
	}
}

// shows opens a page the way one reader has it set up and looks at it.
func (b *tab) shows(axe, path, name string, width int64, language, scheme string) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}))
	b.open(path)
	where := fmt.Sprintf("%s-%s-%d-%s", name, language, width, scheme)
	var wide int64
	var title, lang string
	b.eval("document.documentElement.scrollWidth", &wide)
	b.eval("document.title", &title)
	b.eval("document.documentElement.lang", &lang)
	if wide > width {
		b.t.Errorf("%s is %d wide", where, wide)
	}
	// The same at half the width, as with text of twice the size, and between.
	for _, w := range []int64{width / 2, width * 3 / 4} {
		if w < 320 {
			continue
		}
		b.run(chromedp.EmulateViewport(w, 800))
		if b.eval("document.documentElement.scrollWidth", &wide); wide > w {
			b.t.Errorf("%s is %d wide at %d", where, wide, w)
		}
	}
	b.run(chromedp.EmulateViewport(width, 800))
	if title == "" || strings.HasPrefix(title, "title.") || lang != language {
		b.t.Errorf("%s: title %q in %q", where, title, lang)
	}
	b.accessible(axe, where)
	if dir := os.Getenv("PICTURES"); dir != "" {
		var shot []byte
		b.run(chromedp.FullScreenshot(&shot, 100))
		if err := os.WriteFile(filepath.Join(dir, where+".png"), shot, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestBrowserEveryPage looks at every page as everybody has it set up: wide and
// in Spanish, narrow and dark and in English.
func TestBrowserEveryPage(t *testing.T) {
	axe := rules(t)
	c := newBusy(t, 120, func(w *web.Config) {})
	b := newTab(t, c.console)
	b.run(emulation.SetScriptExecutionDisabled(false)) // the rules are a script; the pages have none
	person := "/console/persons/" + string(office) + "/" + c.known.Persons[0].Person.String()
	registration := "/console/registrations/" + string(office) + "/" + c.known.Registration.String()
	var review string
	{
		h := c.browser(t)
		h.signIn("reviewer")
		h.explain(person)
		_, body := h.do("GET", "/console/reviews", nil)
		_, after, _ := strings.Cut(body, `href="/console/reviews/`)
		at, _, _ := strings.Cut(after, `"`)
		at, _, _ = strings.Cut(at, "#")
		review = "/console/reviews/" + strings.ReplaceAll(at, "&amp;", "&")
	}
	for _, who := range []struct {
		role  string
		pages map[string]string
	}{
		{"", map[string]string{"sign-in": "/console/sign-in", "citizen": "/citizen/", "agreements": "/console/agreements", "agreement": "/console/agreements/cash-reuse", "absent": "/console/nothing-here"}},
		{"administrator", map[string]string{"overview": "/console/", "devices": "/console/devices", "withdraw": "/console/devices/" + c.kits[0].String() + "/withdraw", "help": "/console/help", "quarantine": "/console/quarantine", "forms": "/console/forms", "sessions": "/console/sessions", "forbidden": "/console/log"}},
		{"reviewer", map[string]string{"registrations": "/console/registrations", "registration": registration, "reviews": "/console/reviews", "review": review, "reason": person, "meter": "/console/meter", "due": "/console/evidence-due", "outcomes": "/console/outcomes"}},
		{"supervisor", map[string]string{"glasses": "/console/glass", "objections": "/console/objections"}},
		{"agreements", map[string]string{"agreements-officer": "/console/agreements"}},
		{"auditor", map[string]string{"log": "/console/log", "logrow": "/console/log/rows/0", "audit": "/console/audit"}},
		{"citizen", map[string]string{"looks": "/citizen/looks", "crossing": "/citizen/preview", "saved": "/citizen/saved", "objected": "/citizen/objected"}},
	} {
		b.run(network.ClearBrowserCookies(), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": "en"}))
		switch who.role {
		case "":
		case "citizen":
			b.visits(c)
		default:
			b.enters(c, who.role)
		}
		for name, path := range who.pages {
			b.shows(axe, path, name, 1280, "es", "light")
			b.shows(axe, path, name, 320, "en", "dark")
			if os.Getenv("PICTURES") != "" {
				b.shows(axe, path, name, 320, "es", "light")
				b.shows(axe, path, name, 1280, "en", "dark")
			}
		}
	}
}

// visits gives the tab the citizen's visit.
func (b *tab) visits(c *busy) {
	b.t.Helper()
	b.run(network.SetCookie("__Host-citizen", c.visit).WithURL(c.URL).WithPath("/").WithSecure(true).WithHTTPOnly(true).WithSameSite(network.CookieSameSiteStrict))
}

// enters gives the tab the session of somebody who signed in beside it.
func (b *tab) enters(c *busy, role string) {
	b.t.Helper()
	h := c.browser(b.t)
	h.signIn(role)
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, c.URL+"/console/", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range h.h.Jar.Cookies(r.URL) {
		b.run(network.SetCookie(k.Name, k.Value).WithURL(c.URL).WithPath("/").WithSecure(true).WithHTTPOnly(true).WithSameSite(network.CookieSameSiteStrict))
	}
}
