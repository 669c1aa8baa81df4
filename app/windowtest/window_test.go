//go:build window

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestWindow walks one registration through the built program in a real window,
// from the first start to the settled outcome, and looks at what came of it:
// the code on the screen, the answers in the store, the kit's own counts.
func TestWindow(t *testing.T) {
	b := newBench(t)

	for _, c := range []struct{ size, language string }{{"800x1280", "es_MX"}, {"1280x800", "en_US"}} {
		t.Run(c.size+" "+c.language, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			defer cancel()
			dir, home, pictures := t.TempDir(), filepath.Join(t.TempDir(), "kit"), t.TempDir()
			if keep := os.Getenv("PICTURES"); keep != "" {
				pictures = filepath.Join(keep, c.size+"-"+c.language)
				if err := os.MkdirAll(pictures, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			d, err := openDisplay(ctx, dir, c.size, c.language)
			if err != nil {
				t.Fatal(err)
			}
			defer d.close()
			h := &hands{ctx: ctx, d: d, pictures: pictures, log: t.Logf}
			o, err := walk(h, journey{Program: b.app, Home: home, Passphrase: testPassphrase, Server: b.url,
				Code: b.invite(t), Officer: "Ana Prueba", Answers: answers()})
			if err != nil {
				picture, _ := h.shoot("stopped-here")
				log, _ := os.ReadFile(filepath.Join(dir, "program.log"))
				t.Fatalf("%v\nlast picture: %s\n%s", err, picture, log)
			}
			if err := h.quit(); err != nil {
				t.Fatalf("the program did not end well: %v", err)
			}
			t.Logf("%d questions, %d keys, %d presses", o.Questions, o.Keys, o.Taps)
			check(t, b.app, home, filepath.Join(dir, "home/Documents"), o)
		})
	}
}

// check looks at what the walk left behind.
func check(t *testing.T, app, home, exports string, o outcome) {
	pass := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(pass, []byte(testPassphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := []string{"--home", home, "--passphrase-file", pass}
	if o.Questions < 15 {
		t.Errorf("%d questions were answered, want 15 or more: %v", o.Questions, o.Seen)
	}
	if len(o.Seen) != len(answers()) {
		t.Errorf("%d of %d questions came to be asked: %v", len(o.Seen), len(answers()), o.Seen)
	}
	verdict := ask(t, app, append([]string{"verify", o.Receipt}, with...)...)
	if verdict["valid"] != true {
		t.Errorf("the code read off the screen is not genuine: %v", verdict)
	}
	status := ask(t, app, append([]string{"status"}, with...)...)
	if status["settled"] != 1.0 || status["drafts"] != 1.0 {
		t.Errorf("the kit counts %v, want one settled and the draft that was left", status)
	}
	people := ask(t, app, append([]string{"search", "Ibáñez"}, with...)...)["people"].([]any)
	if len(people) == 0 {
		t.Error("the person registered in the window is not found by name")
	}
	for _, ext := range []string{".png", ".pdf"} {
		if found, _ := filepath.Glob(filepath.Join(exports, "*"+ext)); len(found) != 1 {
			t.Errorf("%d receipts were saved as %s, want one", len(found), ext)
		}
	}
	answersKept(t, home, verdict["registration"].(string))
}

// answersKept opens the store and compares its answers with what was typed.
func answersKept(t *testing.T, home, id string) {
	ctx := context.Background()
	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	registration, err := civic.ParseRegistrationID(id)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := k.Registration(ctx, registration, "en")
	if err != nil {
		t.Fatal(err)
	}
	kept := map[string]capture.ReviewLine{}
	for _, section := range entry.Sections {
		for _, line := range section.Lines {
			kept[line.Path] = line
		}
	}
	for path, want := range map[string]string{
		"child/given_name": "María", "child/surname": "Ibáñez", "child/second_surname": "Cruz", "child/sex": "Female",
		"child/birth_date": "2026-11-03", "child/birth_place": "Santa Ana", "mother/given_name": "Rosa",
		"mother/birth_date": "1998-04", "home/siblings_alive": "2",
	} {
		if got := kept[path].Value; got != want {
			t.Errorf("%s is kept as %q, want %q", path, got, want)
		}
	}
	if kept["mother/national_id"].Absent != civic.Unknown {
		t.Errorf("the number the mother does not know is kept as %+v", kept["mother/national_id"])
	}
	if len(entry.Attachments) != 1 || entry.Attachments[0].Size == 0 {
		t.Errorf("the photo is kept as %+v", entry.Attachments)
	}
}
