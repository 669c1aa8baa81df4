package web_test

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/web"
)

var (
	linked  = regexp.MustCompile(`<a [^>]*href="([^"#]+)[^"]*"`)
	formed  = regexp.MustCompile(`<form method="get" action="([^"]+)"`)
	keyLike = regexp.MustCompile(`[>(] ?((?:title|col|status|reason|field|level|relation|evidence|attribute|event|role|look|looks|review|reviews|deed|why|basis|purpose|service|value|month|said|now|help|absent|choice|kind|sensitivity|agreements|registration|person|log)\.[a-z0-9_.-]+) ?[<)]`)
	heading = regexp.MustCompile(`<h1[^>]*>\s*\S`)
)

// TestEveryLinkLeadsSomewhere follows every link as every role, in both
// languages, from the start page: each page is there, may be seen by whoever is
// led to it, has a heading, and shows no word's key instead of the word.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	c := newBusy(t, 60, func(*web.Config) {})
	reached := map[string]bool{}
	for _, language := range []string{"en", "es"} {
		for _, role := range access.Roles() {
			b := c.browser(t)
			b.signIn(string(role))
			if _, err := c.log.Sequence(t.Context()); err != nil { // rows that wait have no page yet
				t.Fatal(err)
			}
			b.crawl(string(role), language, "/console/", reached)
		}
		b := c.browser(t)
		b.crawl("nobody", language, "/console/sign-in", reached)
		b.crawl("a citizen outside", language, "/citizen/", reached)
		c.atHome(t).crawl("a citizen", language, "/citizen/looks", reached)
	}
	for _, page := range []string{
		"/console/registrations", "/console/reviews", "/console/outcomes", "/console/meter", "/console/evidence-due", "/console/devices", "/console/forms",
		"/console/agreements", "/console/quarantine", "/console/glass", "/console/objections", "/console/log", "/console/audit", "/console/sessions", "/console/help",
		"/console/registrations.csv", "/console/outcomes.csv", "/console/audit.csv", "/console/registrations/*", "/console/persons/*",
		"/console/reviews/*", "/console/agreements/*", "/console/log/*", "/console/devices/*", "/citizen/", "/citizen/looks", "/citizen/preview", "/console/sign-in",
	} {
		if !reached[page] {
			t.Errorf("no link leads to %s", page)
		}
	}
}

func (b *browser) crawl(who, language, start string, reached map[string]bool) {
	b.t.Helper()
	seen, sorts := map[string]bool{start: true}, map[string]int{}
	for open := []string{start}; len(open) > 0; open = open[1:] {
		path := open[0]
		sort, _, _ := strings.Cut(path, "?")
		if parts := strings.SplitN(sort, "/", 4); len(parts) == 4 && parts[3] != "" {
			sort = "/" + parts[1] + "/" + parts[2] + "/*"
		}
		if sorts[sort]++; sorts[sort] > 6 {
			continue // enough of one sort
		}
		reached[sort] = true
		code, body := b.do("GET", path, nil, "Accept-Language", language)
		reason := strings.HasPrefix(path, "/console/persons/") && code == 403 && strings.Contains(body, `name="reason"`)
		if code != 200 && !reason {
			b.t.Errorf("%s (%s) is led to %s, which says %d", who, language, path, code)
			continue
		}
		if strings.Contains(path, ".csv") || !strings.HasPrefix(body, "<!DOCTYPE html>") {
			continue
		}
		if !heading.MatchString(body) || !strings.Contains(body, `<html lang="`+language+`"`) {
			b.t.Errorf("%s has no heading or another language than %s", path, language)
		}
		if keys := keyLike.FindAllStringSubmatch(body, -1); len(keys) > 0 {
			b.t.Errorf("%s (%s) shows keys for words: %v", path, language, keys)
		}
		for _, m := range slices.Concat(linked.FindAllStringSubmatch(body, -1), formed.FindAllStringSubmatch(body, -1)) {
			to := html.UnescapeString(m[1])
			u, err := url.Parse(to)
			if err != nil || u.Host != "" || !strings.HasPrefix(to, "/") {
				b.t.Errorf("%s links to %q", path, to)
				continue
			}
			if !seen[to] && (strings.HasPrefix(to, "/console/") || strings.HasPrefix(to, "/citizen/")) {
				seen[to] = true
				open = append(open, to)
			}
		}
	}
}
