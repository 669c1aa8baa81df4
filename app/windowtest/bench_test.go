//go:build window

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
)

const testPassphrase = "maize river lantern thursday"

// build makes one of the programs as it is carried, the app with the map of its
// widgets.
func build(t *testing.T, out, pkg string, tags string) {
	t.Helper()
	c := exec.Command("go", "build", "-tags", tags, "-o", out, pkg)
	c.Dir = "../.."
	if b, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, b)
	}
}

// ask runs a command and reads its JSON.
func ask(t *testing.T, program string, args ...string) map[string]any {
	t.Helper()
	out, err := exec.Command(program, append(args, "--json")...).Output()
	answer := map[string]any{}
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || err != nil {
		t.Fatalf("%s %s: %v %v\n%s", filepath.Base(program), args[0], err, jsonErr, out)
	}
	return answer
}

// centre starts a server of its own on a free port.
func centre(t *testing.T, program, dir string) (url string) {
	t.Helper()
	ask(t, program, "init", "--data", dir)
	c := exec.Command(program, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			return "https://" + at
		}
	}
	t.Fatal("the centre did not start")
	return ""
}

// bench is a centre that runs, and the program to try with it.
type bench struct{ app, server, data, url string }

// newBench builds both programs and starts a centre.
func newBench(t *testing.T) bench {
	t.Helper()
	if packages := missing(); len(packages) > 0 {
		t.Fatalf("this test drives a real window; install: apt-get install -y %s", strings.Join(packages, " "))
	}
	bin := t.TempDir()
	b := bench{app: filepath.Join(bin, "fieldkit"), server: filepath.Join(bin, "fieldkit-server"), data: t.TempDir()}
	build(t, b.app, "./app", "x11,no_glfw,migrated_fynedo,uimap")
	build(t, b.server, "./server", "")
	b.url = centre(t, b.server, b.data)
	return b
}

// invite gives a code for one kit.
func (b bench) invite(t *testing.T) string {
	t.Helper()
	return ask(t, b.server, "device", "invite", "--data", b.data, "--area", "mx-20-067", "--url", b.url)["code"].(string)
}

// enrolled makes a kit of the centre, and gives its folder.
func (b bench) enrolled(t *testing.T) (home string) {
	t.Helper()
	home, pass := filepath.Join(t.TempDir(), "kit"), filepath.Join(t.TempDir(), "pass")
	if err := os.WriteFile(pass, []byte(testPassphrase), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(b.app, "enrol", "--home", home, "--passphrase-file", pass, "--server", b.url, "--code", b.invite(t), "--officer", "Ana Prueba").CombinedOutput(); err != nil {
		t.Fatalf("enrol: %v\n%s", err, out)
	}
	return home
}

// opened opens a kit's window on a display of its own and unlocks it; everything
// has to be done within a time.
func (b bench) opened(t *testing.T, home string, within time.Duration) *hands {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	t.Cleanup(cancel)
	d, err := openDisplay(ctx, t.TempDir(), "800x1280", "es_MX")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	h := &hands{ctx: ctx, d: d, pictures: t.TempDir(), log: t.Logf}
	if err := first(h.start(b.app, "--home", home), arrive(h, journey{Passphrase: testPassphrase})); err != nil {
		t.Fatal(err)
	}
	return h
}

// unlocked opens a kit's memory behind its window; closed ends that.
func unlocked(t *testing.T, o kit.Options) *kit.Kit {
	t.Helper()
	k, err := kit.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	return k
}

func closed(t *testing.T, k *kit.Kit) {
	t.Helper()
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
