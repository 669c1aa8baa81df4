package web_test

import (
	"encoding/csv"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
)

// Whoever has to sign in first comes to the page they wanted, and nowhere else.
func TestSigningInLeadsToThePageWanted(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	code, body := b.do("GET", "/console/registrations?status=held&office=mx-20-067", nil)
	has(t, body, "then the page you wanted", `name="next" value="/console/registrations?status=held&amp;office=mx-20-067"`)
	if code != 200 {
		t.Fatal(code)
	}
	form := url.Values{"name": {"reviewer"}, "password": {"wrong"}, "next": {"/console/registrations?status=held"}}
	if _, body = b.do("POST", "/console/sign-in", form); !strings.Contains(body, `value="/console/registrations?status=held"`) {
		t.Error("a mistyped password forgets where one wanted to go")
	}
	form.Set("password", c.page["reviewer"])
	if _, body = b.do("POST", "/console/sign-in", form); !strings.Contains(body, "<title>Registrations") {
		t.Error("not where it was wanted")
	}
	for _, elsewhere := range []string{"https://evil.example/console/", "//evil.example/console/", "/\\evil.example", "/console/../citizen/", "/console//evil.example", "javascript:alert(1)", "/console/\nx"} {
		form.Set("next", elsewhere)
		if _, body = b.do("POST", "/console/sign-in", form); !strings.Contains(body, "<title>Overview") {
			t.Errorf("%q leads elsewhere", elsewhere)
		}
	}
}

// A page that is not there, a form of another site, a session that is over and
// a form that is too large each say what happened and what to do.
func TestRefusalsSayWhatToDo(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	code, body := b.do("GET", "/console/nothing-here", nil)
	if has(t, body, "There is no such page", `href="/console/"`); code != 404 || strings.Contains(body, "<nav") {
		t.Errorf("%d %s", code, body)
	}
	code, body = b.do("POST", "/console/devices/invite", url.Values{"office": {"x"}})
	if has(t, body, "Nothing was changed", `href="/console/sign-in"`); code != 401 {
		t.Error(code)
	}
	// What was written is given back: browsers do not keep these pages.
	_, body = b.do("POST", "/console/reviews/decide", url.Values{"note": {"We asked <b>too much</b>; it is deleted."}})
	has(t, body, "What you wrote", "We asked &lt;b&gt;too much&lt;/b&gt;; it is deleted.")
	b.signIn("administrator")
	if code, body = b.do("GET", "/console/nothing-here", nil); code != 404 || !strings.Contains(body, "<nav") {
		t.Error("whoever is signed in keeps the menu", code)
	}
	code, body = b.do("POST", "/console/devices/invite", url.Values{"office": {"x"}}, "Sec-Fetch-Site", "cross-site")
	if has(t, body, "came from another site"); code != 403 {
		t.Error(code)
	}
	if code, body = b.do("POST", "/console/devices/invite", url.Values{"office": {"x"}, "token": {"old"}}); code != 400 {
		t.Error(code)
	}
	has(t, body, "The page was too old", "Nothing was changed")
	if code, body = b.do("POST", "/console/devices/invite", url.Values{"office": {strings.Repeat("x", 70<<10)}}); code != 413 {
		t.Error(code)
	}
	has(t, body, "too large")
	code, body = b.do("GET", "/console/log", nil)
	if has(t, body, "Your account may not see this", "what you may see is in the menu"); code != 403 {
		t.Error(code)
	}
	// Also in the reader's language, down to problems only the kits have words for.
	_, body = b.do("GET", "/console/agreements/x", nil, "Accept-Language", "es")
	has(t, body, "Esa página no existe")
}

func TestTheLanguageIsChangedInPlace(t *testing.T) {
	c := newConsole(t)
	b := c.browser(t)
	b.signIn("reviewer")
	_, body := b.do("GET", "/console/registrations?status=held", nil)
	has(t, body, `name="back" value="/console/registrations?status=held"`)
	_, body = b.do("POST", "/console/language", url.Values{"language": {"es"}, "back": {"/console/registrations?status=held"}})
	has(t, body, "<title>Registros", `value="held" selected`)
	if _, body = b.do("POST", "/console/language", url.Values{"language": {"en"}, "back": {"https://evil.example/"}}); !strings.Contains(body, "<title>Overview") {
		t.Error("it leads elsewhere")
	}
}

// A reviewer decides question after question: each answer brings the next one,
// with how many are left and a way back; questions answered do not come again.
func TestTheNextQuestionComesByItself(t *testing.T) {
	c := newBusy(t, 60, func(*web.Config) {})
	b := c.browser(t)
	b.signIn("reviewer")
	_, body := b.do("GET", "/console/reviews", nil)
	first := regexp.MustCompile(`class="main" href="([^"#]+)#case"`).FindStringSubmatch(body)
	left := regexp.MustCompile(`Left for you: ([0-9]+)`).FindStringSubmatch(body)
	if first == nil || left == nil || left[1] == "0" {
		t.Fatal(body)
	}
	_, page := b.do("GET", strings.ReplaceAll(first[1], "&amp;", "&"), nil)
	seen := map[string]bool{}
	n := 0
	for ; strings.Contains(page, `id="note"`); n++ {
		_, form, _ := strings.Cut(page, `action="/console/reviews/decide"`)
		field := func(name string) string {
			m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(form)
			if m == nil {
				t.Fatalf("no %s on %s", name, page)
			}
			return m[1]
		}
		if seen[field("registration")] {
			t.Fatal("the same question twice")
		}
		seen[field("registration")] = true
		has(t, page, "For one person speak:", `accesskey="7"`, `list="usual"`)
		said := url.Values{"token": {field("token")}, "office": {field("office")}, "registration": {field("registration")}, "subject": {field("subject")}, "note": {"Another birth and other papers"}, "answer": {"other"}}
		if n == 1 {
			said.Set("answer", "unsure")
		}
		code := 0
		if code, page = b.do("POST", "/console/reviews/decide", said); code != http.StatusOK {
			t.Fatal(code, page)
		}
		if n == 1 {
			has(t, page, "Kept: somebody else looks at it")
		} else {
			has(t, page, "You decided:", "Undo")
		}
	}
	if n < 3 || !strings.Contains(page, "<title>To review") {
		t.Errorf("%d questions, then %s", n, page)
	}
	// The last answer can be taken back from where one stands.
	m := regexp.MustCompile(`action="/console/reviews/undo".*?name="office" value="([^"]*)".*?name="registration" value="([^"]*)".*?name="subject" value="([^"]*)"`).FindStringSubmatch(strings.ReplaceAll(page, "\n", ""))
	if m == nil {
		t.Fatal(page)
	}
	if _, page = b.do("POST", "/console/reviews/undo", url.Values{"token": tokenField.FindStringSubmatch(page)[1:], "office": {m[1]}, "registration": {m[2]}, "subject": {m[3]}}); !strings.Contains(page, `id="note"`) {
		t.Error("undone, the question does not come back")
	}
}

// The overview says what waits for each role, and to a new centre what comes
// first.
func TestTheOverviewSaysWhatNow(t *testing.T) {
	c := newBusy(t, 60, func(*web.Config) {})
	for role, wants := range map[string][]string{
		"administrator": {"Set aside: 1.", "Kits silent for three days: 3"},
		"reviewer":      {"People to review: "},
		"supervisor":    {"Looks against the rules to be reviewed: 1", "Objections that wait for an answer: 2", "People to review: "},
		"auditor":       {"Looks against the rules to be reviewed: 1"},
		"agreements":    {"Nothing waits for you"},
	} {
		b := c.browser(t)
		b.signIn(role)
		_, body := b.do("GET", "/console/", nil)
		has(t, body, wants...)
		_, body = b.do("GET", "/console/help", nil)
		has(t, body, "Your account", "Held for review")
	}
	empty := newConsoleWith(t, []reconcile.Incoming{}, func(*web.Config, *reconcile.Config) {})
	b := empty.browser(t)
	b.signIn("administrator")
	_, body := b.do("GET", "/console/", nil)
	has(t, body, "First steps of a new centre", "Make a code for each tablet")
	if _, body = b.do("GET", "/console/registrations", nil); !strings.Contains(body, "Nothing has come yet") {
		t.Error("an empty list says nothing")
	}
}

// A kit is withdrawn on a page that says what that does.
func TestWithdrawingSaysWhatItDoes(t *testing.T) {
	c := newConsole(t)
	kit := c.kit(t, "Tablet 1")
	b := c.browser(t)
	b.signIn("administrator")
	_, body := b.do("GET", "/console/devices", nil)
	if has(t, body, "/console/devices/"+kit.String()+"/withdraw"); strings.Contains(body, `action="/console/devices/revoke"`) {
		t.Error("one slip withdraws a kit")
	}
	_, body = b.do("GET", "/console/devices/"+kit.String()+"/withdraw", nil)
	has(t, body, "Withdraw Tablet 1?", "cannot be undone", "Keep the kit")
	_, body = b.do("POST", "/console/devices/revoke", url.Values{"token": {b.token("/console/devices/" + kit.String() + "/withdraw")}, "kit": {kit.String()}, "wipe": {"no"}})
	if has(t, body, "The kit is withdrawn", "withdrawn on"); strings.Contains(body, "told to hand over") {
		t.Error("it is erased as well")
	}
	if code, _ := b.do("GET", "/console/devices/"+civic.DeviceID{9}.String()+"/withdraw", nil); code != 404 {
		t.Error(code)
	}
}

// Lists are to be had for a spreadsheet, as whole and as filtered as the page,
// and nothing in them is a formula.
func TestListsToTakeAlong(t *testing.T) {
	c := newBusy(t, 120, func(*web.Config) {})
	b := c.browser(t)
	b.signIn("auditor")
	for path, first := range map[string]string{
		"/console/registrations.csv": "office,registration", "/console/registrations.csv?status=held": "office,registration",
		"/console/outcomes.csv": "office,status", "/console/evidence-due.csv": "by,evidence", "/console/audit.csv": "time,office",
	} {
		body := string(b.bytes(path))
		rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil || !strings.HasPrefix(body, first) || len(rows) < 1 {
			t.Fatalf("%s: %v %s", path, err, body)
		}
		for _, r := range rows[1:] {
			for _, s := range r {
				if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
					t.Errorf("%s: %q is a formula", path, s)
				}
			}
			if strings.HasSuffix(path, "held") && r[6] != "held" {
				t.Errorf("%v", r)
			}
		}
		if path == "/console/registrations.csv" && len(rows) != 121 {
			t.Errorf("%d rows", len(rows))
		}
	}
}

// The citizen's pages are light enough for a cheap telephone on a slow link, and
// wait in words that are the citizen's.
func TestCitizensPagesAreLight(t *testing.T) {
	c := newBusy(t, 30, func(*web.Config) {})
	b := c.atHome(t)
	sheet := 0
	res, err := b.h.Get(c.URL + "/console/static/console.css")
	if err != nil {
		t.Fatal(err)
	}
	css, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	sheet = len(css)
	for path, most := range map[string]int{"/citizen/": 8 << 10, "/citizen/looks": 24 << 10, "/citizen/preview": 16 << 10, "/citizen/saved": 4 << 10} {
		code, body := b.do("GET", path, nil)
		if code != 200 || len(body) > most {
			t.Errorf("%s: %d, %d bytes of at most %d", path, code, len(body), most)
		}
		t.Logf("%s: %.1f kB, with the stylesheet %.1f kB", path, float64(len(body))/1000, float64(len(body)+sheet)/1000)
	}
	if sheet > 20<<10 {
		t.Errorf("the stylesheet has %d bytes", sheet)
	}
	_, body := b.do("GET", "/citizen/looks", nil, "Accept-Language", "es")
	has(t, body, "no se le preguntó", "se cierra sola en 15 minutos", "prestación de un servicio", "función pública", "Registro "+c.known.Registration.String()[:8])
	for _, raw := range []string{"consent_missing", "public_task", "ServiceProvision", "service provision"} {
		if strings.Contains(strings.ReplaceAll(body, `value="https://w3id.org/dpv#ServiceProvision"`, ""), raw) {
			t.Errorf("the citizen reads %q", raw)
		}
	}
	out := c.browser(t)
	if code, body := out.do("GET", "/citizen/looks", nil); code != 200 || !strings.Contains(body, "Your visit is over") {
		t.Errorf("%d %s", code, body)
	}
	code, body := out.do("POST", "/citizen/object", url.Values{"words": {"They asked for my birth date."}})
	if has(t, body, "this was not sent yet", "They asked for my birth date."); code != 401 {
		t.Error(code)
	}
	if code, body := out.do("GET", "/citizen/nothing", nil); code != 404 || !strings.Contains(body, `href="/citizen/"`) {
		t.Errorf("%d %s", code, body)
	}
}
