package rehearsal

import (
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// agree makes two people of the registry who release keys.
func (o *office) agree() []string {
	o.t.Helper()
	var words []string
	for _, name := range []string{"ana", "ben"} {
		s := o.must("staff", "add", name, "--role", "reviewer")
		words = append(words, "--agree", name+"="+s.text("password_file"))
	}
	return words
}

func passFile(t testing.TB, words string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "pass")
	journeyFile(t, f, []byte(words+"\n"))
	return f
}

// TestJourneyForgottenPassphrase: nobody can unlock the kit. Two people of the
// registry release it to a new officer; the data are not touched.
func TestJourneyForgottenPassphrase(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 15)
	k.pass = passFile(t, "window copper seven oranges") // the new officer's
	k.refused(civic.WrongPassphrase, "status")
	request := filepath.Join(t.TempDir(), "request")
	k.must("recover", "request", request, "--officer", "Eva")
	k.refused(civic.WrongPassphrase, "status") // asking opens nothing

	words := o.agree()
	if s := o.run(append([]string{"recover", request}, words[:2]...)...); s.code != 1 || s.problem() != civic.TwoPeople {
		t.Fatalf("one person alone: %d, %v", s.code, s.json)
	}
	release := o.must(append([]string{"recover", request}, words...)...).text("release")

	// Another kit cannot use it.
	other := o.tablet()
	if s := other.run("recover", "apply", release); s.code != 1 {
		t.Fatalf("another kit took the release: %v", s.json)
	}
	k.must("recover", "apply", release)
	k.wantStatus(map[string]int{"sealed": 15})
	k.synced()
	k.wantStatus(map[string]int{"sealed": 0, "sent": 0})
}
