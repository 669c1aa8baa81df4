//go:build window

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestConsentIsHeard has the built program read the consent aloud in a real
// window with the real voice, through a player that keeps what it is given: what
// was heard to its end is sealed with its mark, what was broken off is kept
// without, and a window that is closed is silent.
func TestConsentIsHeard(t *testing.T) {
	b := newBench(t)
	home := b.enrolled(t)
	players := t.TempDir()
	through := func(player string) { // what stands for the loudspeaker
		file, err := filepath.Abs(filepath.Join("../voice/testdata/bin", player))
		if err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(players, "pacat")) // of the one before
		if err := os.Symlink(file, filepath.Join(players, "pacat")); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", players+":"+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(home, "look.json"), []byte(`{"pace":"fast"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	drafted := func(name string) {
		k := unlocked(t, kit.Options{Home: home})
		defer closed(t, k)
		iv, err := k.Begin(t.Context(), "birth")
		if err != nil {
			t.Fatal(err)
		}
		for path, value := range map[string]string{"child/given_name": name, "child/sex": "female", "child/birth_date": "2026-11-03", "mother/given_name": "Eva",
			"father/father_named": "no", "proof/informant": "mother"} {
			if err := iv.Set(t.Context(), path, civic.Answer{Value: value}); err != nil {
				t.Fatal(path, err)
			}
		}
	}
	var h *hands
	consenting := func(name, player string) {
		through(player)
		drafted(name)
		h = b.opened(t, home, 10*time.Minute)
		if err := first(h.click("home.draft.0"), h.page("interview")); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			w, err := h.look()
			if err != nil {
				t.Fatal(err)
			}
			if w.Page == "consent" {
				break
			}
			if err := h.key("ctrl+Return"); err != nil {
				t.Fatal(err)
			}
		}
		if err := first(h.page("consent"), h.click("consent:birth=yes")); err != nil {
			t.Fatal(err)
		}
	}
	// playing begins to read and gives what never ends by itself.
	playing := func() (pid string) {
		if err := h.key("F10"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.until("the player", func(window) bool {
			b, err := os.ReadFile(filepath.Join(h.d.dir, "home", "child"))
			pid = strings.TrimSpace(string(b))
			return err == nil
		}); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	gone := func(pid string) {
		t.Helper()
		for range 3000 {
			stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
			if err != nil || strings.Contains(string(stat), ") Z ") {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("the player %s goes on", pid)
	}

	// Heard to its end, in Spanish, and noted.
	consenting("Ana", "hears")
	if err := h.key("F10"); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 4 { // a busy machine reads slowly
		if _, err = h.until("the end of the reading", func(w window) bool { return strings.Contains(w.Told, "anotado") }); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(h.d.dir, "home", "heard"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d seconds were heard", info.Size()/44100)
	if seconds := info.Size() / 44100; seconds < 8 || seconds > 90 {
		t.Errorf("%d seconds were heard", seconds)
	}
	if err := first(h.click("seal"), h.page("receipt"), h.quit()); err != nil {
		t.Fatal(err)
	}

	// Broken off by the same key, then by closing the window.
	consenting("Clara", "sleeps")
	pid := playing()
	if err := h.key("F10"); err != nil {
		t.Fatal(err)
	}
	gone(pid)
	if err := os.Remove(filepath.Join(h.d.dir, "home", "child")); err != nil {
		t.Fatal(err)
	}
	pid = playing()
	if err := h.quit(); err != nil {
		log, _ := os.ReadFile(filepath.Join(h.d.dir, "program.log"))
		t.Fatalf("%v\n%s", err, log)
	}
	gone(pid)

	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	rows, err := k.Registrations(t.Context(), kit.Filter{Query: "Ana"})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d registrations, %v", len(rows), err)
	}
	entry, err := k.Registration(t.Context(), rows[0].ID, "es")
	if err != nil {
		t.Fatal(err)
	}
	drafts, err := k.Drafts(t.Context())
	if err != nil || len(drafts) != 1 {
		t.Fatalf("%d drafts, %v", len(drafts), err)
	}
	iv, err := k.Resume(t.Context(), drafts[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		all  []civic.Consent
		want bool
	}{{entry.Consents, true}, {iv.Draft().Consents, false}} {
		if len(c.all) != 1 || c.all[0].ReadAloud != c.want || !c.all[0].Given || c.all[0].Language != "es" || c.all[0].Words.IsZero() {
			t.Errorf("%+v", c.all)
		}
	}
}
