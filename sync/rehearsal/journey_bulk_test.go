package rehearsal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyBulkExport takes everybody's answers out: nobody does so alone, nor
// who runs the servers, nor without a reason; and everybody can read that it
// was done.
func TestJourneyBulkExport(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 5)
	k.synced()
	file := filepath.Join(t.TempDir(), "all.csv")
	word := func(name, role string) string {
		s := o.must("staff", "add", name, "--role", role)
		return name + "=" + s.text("password_file")
	}
	ana, eva, root := word("ana", "reviewer"), word("eva", "supervisor"), word("root", "administrator")
	drafts, local := word("luz", "agreements"), o.must("staff", "add", "rita", "--role", "reviewer", "--area", rehearsalArea)
	const reason = "the census office takes the register over"
	ask := func(more ...string) said {
		return o.run(append([]string{"registry", "export", file, "--answers"}, more...)...)
	}
	for name, c := range map[string]struct {
		code civic.Code
		args []string
	}{
		"alone":            {civic.TwoPeople, []string{"--reason", reason, "--agree", ana}},
		"twice the same":   {civic.TwoPeople, []string{"--reason", reason, "--agree", ana, "--agree", ana}},
		"an administrator": {civic.NotYours, []string{"--reason", reason, "--agree", ana, "--agree", root}},
		"who only drafts":  {civic.NotYours, []string{"--reason", reason, "--agree", ana, "--agree", drafts}},
		"of one office":    {civic.NotYours, []string{"--reason", reason, "--agree", ana, "--agree", "rita=" + local.text("password_file")}},
		"no reason":        {civic.ReasonWanted, []string{"--agree", ana, "--agree", eva}},
		"a wrong password": {civic.SignInRefused, []string{"--reason", reason, "--agree", ana, "--agree", "eva=" + strings.SplitN(root, "=", 2)[1]}},
	} {
		if s := ask(c.args...); s.problem() != c.code {
			t.Errorf("%s: %v", name, s.json)
		}
		if _, err := os.Stat(file); err == nil {
			t.Fatalf("%s: the list was made", name)
		}
	}
	if s := ask("--reason", reason, "--agree", ana, "--agree", eva); s.code != 0 || s.number(t, "registrations") != 5 {
		t.Fatalf("%v\n%s", s.json, s.stderr)
	}
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), "given_name,mitchell") {
		t.Fatalf("%v\n%s", err, b)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, info.Mode())
	}

	// Anybody concerned sees it.
	id := registrationIDs(t, k)[0]
	h := newAtHome(t, o.listen)
	code, body := h.enter(receiptTextOf(t, k.must("receipt", id)), "", slipOf(t, k, id))
	if code != 200 || !strings.Contains(body, "took out the records of many people") || !strings.Contains(body, reason) {
		t.Fatalf("%d %s", code, body)
	}
}
