package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
)

// Whoever looks leaves rows; auditors read them, with proofs, and take them
// along; that they did is a row too.
func TestAuditorReadsTheLog(t *testing.T) {
	c := newConsole(t)
	path := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	reviewer := c.browser(t)
	reviewer.signIn("reviewer")
	reviewer.explain(path)
	if code, _ := reviewer.do("GET", path, nil); code != 200 {
		t.Fatal(code)
	}
	reviewer.do("GET", "/console/reviews", nil)
	if code, _ := reviewer.do("GET", "/console/log", nil); code != 403 {
		t.Fatalf("a reviewer reads the log: %d", code)
	}
	if n, err := c.log.Sequence(t.Context()); err != nil || n == 0 {
		t.Fatal(n, err)
	}
	auditor := c.browser(t)
	auditor.signIn("auditor")
	code, body := auditor.do("GET", "/console/log?action=look&actor=reviewer", nil)
	if code != 200 || !strings.Contains(body, "reviewer") || !strings.Contains(body, "read what is to review") || strings.Contains(body, "Ñuu") {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := auditor.do("GET", "/console/log?sample=yes", nil); code != 200 || !strings.Contains(body, `name="leaf"`) {
		t.Fatalf("%d %s", code, body)
	}
	if code, body := auditor.do("GET", "/console/log/rows/0", nil); code != 200 || !strings.Contains(body, "c2sp.org/tlog-proof@v1") {
		t.Fatalf("%d %s", code, body)
	}
	for _, bad := range []string{"/console/log/rows/99999", "/console/log/rows/x", "/console/log/rows/-1"} {
		if code, _ := auditor.do("GET", bad, nil); code < 400 || code >= 500 {
			t.Errorf("%s: %d", bad, code)
		}
	}
	form := url.Values{"token": {auditor.token("/console/log")}, "leaf": {"0", "1"}}
	code, zip := auditor.do("POST", "/console/log/evidence", form)
	if code != 200 {
		t.Fatalf("%d %s", code, zip)
	}
	if got, err := translog.CheckEvidence([]byte(zip), c.log.Name()); err != nil || got.Rows != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if code, _ := auditor.do("POST", "/console/log/evidence", url.Values{"leaf": {"0"}}); code < 400 || code > 403 {
		t.Errorf("evidence without the session's token: %d", code)
	}
	err := c.log.DB.View(t.Context(), func(tx ledger.Tx) error {
		found, err := c.log.List(t.Context(), tx, translog.Filter{Action: translog.LogReading, Actor: "auditor"}, translog.Cursor{}, 0)
		rows := found.Rows
		if len(rows) < 4 {
			t.Errorf("the auditor's readings left %d rows", len(rows))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
