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
// window with the real voice, through a player that keeps what it is given; what
// was heard to its end is sealed with its mark.
func TestConsentIsHeard(t *testing.T) {
	b := newBench(t)
	home := b.enrolled(t)
	player, err := filepath.Abs("../voice/testdata/bin/hears")
	if err != nil {
		t.Fatal(err)
	}
	players := t.TempDir()
	if err := os.Symlink(player, filepath.Join(players, "pacat")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", players+":"+os.Getenv("PATH"))
	if err := os.WriteFile(filepath.Join(home, "look.json"), []byte(`{"pace":"fast"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	draft(t, home)
	h := b.opened(t, home, 10*time.Minute)
	if err := first(h.click("home.draft.0"), h.page("interview")); err != nil {
		t.Fatal(err)
	}
	for range 40 { // through the sections and the review
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
	if err := first(h.page("consent"), h.click("consent:birth=yes"), h.key("F10")); err != nil {
		t.Fatal(err)
	}
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
	if c := entry.Consents; len(c) != 1 || !c[0].ReadAloud || !c[0].Given || c[0].Language != "es" || c[0].Words.IsZero() {
		t.Errorf("%+v", c)
	}
}

// draft leaves an interview with all that is required.
func draft(t *testing.T, home string) {
	t.Helper()
	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	iv, err := k.Begin(t.Context(), "birth")
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{"child/given_name": "Ana", "child/sex": "female", "child/birth_date": "2026-11-03", "mother/given_name": "Eva",
		"father/father_named": "no", "proof/informant": "mother"} {
		if err := iv.Set(t.Context(), path, civic.Answer{Value: value}); err != nil {
			t.Fatal(path, err)
		}
	}
}
