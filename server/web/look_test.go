package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
)

// explain says why the visitor looks at a person.
func (b *browser) explain(person string) {
	b.t.Helper()
	parts := strings.Split(person, "/")
	form := url.Values{"token": {b.token(person)}, "home": {parts[3]}, "person": {parts[4]}, "reason": {"she asks at the counter"}}
	if code, body := b.do("POST", "/console/persons/reason", form); code != 200 {
		b.t.Fatalf("%d %s", code, body)
	}
}

func TestLookingTakesAReason(t *testing.T) {
	c := newConsole(t)
	path := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	b := c.browser(t)
	b.signIn("reviewer")
	if code, body := b.do("GET", path, nil); code != 403 || !strings.Contains(body, "Why do you look?") || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	form := url.Values{"token": {b.token(path)}, "home": {string(office)}, "person": {strings.Split(path, "/")[4]}, "reason": {"work"}}
	if code, body := b.do("POST", "/console/persons/reason", form); code != 422 || strings.Contains(body, "Ñuu") {
		t.Fatalf("any word is a reason: %d %s", code, body)
	}
	b.explain(path)
	if code, body := b.do("GET", path, nil); code != 200 || !strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
}

// Who runs the servers reads nobody, whatever they say; others may break the
// glass, and everybody sees that.
func TestBrokenGlass(t *testing.T) {
	c := newConsole(t)
	id := c.outcomes[0].Persons[0].Person.String()
	path := "/console/persons/" + string(office) + "/" + id
	ask := func(b *browser, token, reason string) (int, string) {
		return b.do("POST", "/console/persons/glass", url.Values{"token": {token}, "home": {string(office)}, "person": {id}, "reason": {reason}})
	}
	const reason = "a court asks tonight and nobody else is here"
	operator := c.browser(t)
	operator.signIn("administrator")
	if code, body := ask(operator, operator.token("/console/devices"), reason); code != 403 || strings.Contains(body, "Ñuu") {
		t.Fatalf("an administrator breaks the glass: %d %s", code, body)
	}

	auditor := c.browser(t)
	auditor.signIn("auditor")
	if code, body := auditor.do("GET", path, nil); code != 403 || !strings.Contains(body, "Break the glass") || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	token := auditor.token(path)
	form := url.Values{"token": {token}, "home": {string(office)}, "person": {id}, "reason": {reason}}
	if code, body := auditor.do("POST", "/console/persons/reason", form); code != 403 || strings.Contains(body, "Ñuu") {
		t.Fatalf("an auditor needs no glass: %d %s", code, body)
	}
	if code, body := auditor.do("GET", path, nil); code != 403 || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask(auditor, token, "because I may"); code != 422 || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := ask(auditor, token, reason); code != 200 || !strings.Contains(body, "Ñuu") || strings.Contains(body, "persons/undo") {
		t.Fatalf("%d %s", code, body)
	}
	if _, body := operator.do("GET", "/console/", nil); !strings.Contains(body, "against the rules: 1") {
		t.Errorf("it is not loud: %s", body)
	}
	if _, body := auditor.do("GET", "/console/glass", nil); !strings.Contains(body, reason) || strings.Contains(body, `name="remark"`) {
		t.Errorf("who broke it reviews it: %s", body)
	}

	supervisor := c.browser(t)
	supervisor.signIn("supervisor")
	_, body := supervisor.do("GET", "/console/glass", nil)
	key := regexp.MustCompile(`name="id" value="([0-9a-f]+)"`).FindStringSubmatch(body)
	if key == nil {
		t.Fatalf("nothing to review: %s", body)
	}
	review := url.Values{"token": {supervisor.token("/console/glass")}, "office": {string(office)}, "id": {key[1]}, "verdict": {"not"}, "remark": {"there was no such court"}}
	if code, body := supervisor.do("POST", "/console/glass/review", review); code != 200 || !strings.Contains(body, "there was no such court") {
		t.Fatalf("%d %s", code, body)
	}
	if _, body := operator.do("GET", "/console/", nil); strings.Contains(body, "against the rules") {
		t.Error("still loud after the review")
	}
	var rows int
	err := c.db.View(t.Context(), func(tx ledger.Tx) error {
		return tx.QueryRow(t.Context(), "SELECT count(*) FROM log_row").Scan(&rows)
	})
	if err != nil || rows < 2 {
		t.Errorf("%d rows in the log, %v", rows, err)
	}
}

var secretShown = regexp.MustCompile(`<code>([A-Z2-7]{16,})</code>`)

func TestSecondFactorAtTheDoor(t *testing.T) {
	c := newConsole(t)
	err := c.db.Update(t.Context(), func(tx ledger.Tx) error {
		return access.SetSetting(t.Context(), tx, access.SecondFactorSetting, access.SecondFactorRequired)
	})
	if err != nil {
		t.Fatal(err)
	}
	b := c.browser(t)
	code, body := b.do("POST", "/console/sign-in", url.Values{"name": {"reviewer"}, "password": {c.page["reviewer"]}})
	secret := secretShown.FindStringSubmatch(body)
	if code != 200 || secret == nil || !strings.Contains(body, "<svg") {
		t.Fatalf("%d %s", code, body)
	}
	for _, path := range []string{"/console/", "/console/reviews", "/console/devices"} {
		if _, body := b.do("GET", path, nil); !strings.Contains(body, "Second factor") {
			t.Errorf("%s is shown without the second factor", path)
		}
	}
	token := b.token("/console/second")
	if code, body := b.do("POST", "/console/second", url.Values{"token": {token}, "code": {"000000"}}); code != 403 || !strings.Contains(body, "not right") {
		t.Fatalf("%d %s", code, body)
	}
	if code, _ := b.do("POST", "/console/second", url.Values{"token": {"x"}, "code": {"000000"}}); code != 400 {
		t.Fatalf("taken from a foreign page: %d", code)
	}
	now, err := totp.GenerateCode(secret[1], c.now)
	if err != nil {
		t.Fatal(err)
	}
	if code, body := b.do("POST", "/console/second", url.Values{"token": {token}, "code": {now}}); code != 200 || !strings.Contains(body, "Sign out") || strings.Contains(body, "Second factor") {
		t.Fatalf("%d %s", code, body)
	}
}
