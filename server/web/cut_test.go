package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestCutSearchesAreShown: where more people share a name than are compared, the
// queue and the first page say how many registrations that met, by office, in
// both languages.
func TestCutSearchesAreShown(t *testing.T) {
	var in []reconcile.Incoming
	for i := range uint64(registry.MaxNamesakes + 12) {
		reg := &civic.Registration{
			ID: civic.NewRegistrationID([]byte("k"), i+1), Counter: i + 1, Area: office, Form: civic.FormRef{ID: "birth", Version: "1"},
			Answers: []civic.Answer{
				{Path: "given_name", Value: "Juana"}, {Path: "surname", Value: "Ek"}, {Path: "birth_date", Value: fmt.Sprintf("1990-%02d-%02d", 1+i%12, 1+i/12)},
				{Path: "municipality", Value: "Ticul"},
			},
		}
		in = append(in, reconcile.Incoming{Registration: reg, Digest: civic.Digest{byte(i), byte(i >> 8)}, Form: plain{}})
	}
	c := newConsoleWith(t, in, func(*web.Config, *reconcile.Config) {})
	b := c.browser(t)
	b.signIn("reviewer")
	for language, words := range map[string][2]string{
		"en": {string(office) + ": 12 registrations.", "<b>12</b> in 30 days with a name too common"},
		"es": {string(office) + ": 12 registros.", "<b>12</b> en 30 días con un nombre demasiado común"},
	} {
		b.do("POST", "/console/language", url.Values{"language": {language}})
		for i, path := range []string{"/console/reviews", "/console/"} {
			if _, body := b.do("GET", path, nil); !strings.Contains(body, words[i]) {
				t.Errorf("%s %s: without %q:\n%s", language, path, words[i], body)
			}
		}
	}
	none := newConsole(t).browser(t)
	none.signIn("reviewer")
	if _, body := none.do("GET", "/console/reviews", nil); strings.Contains(body, "so common") {
		t.Error("it is said where nothing was cut short")
	}
}
