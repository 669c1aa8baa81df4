package command_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/command"
	"github.com/askonce/fieldkit/sync/protocol"
)

type ran struct {
	code     int
	out, err string
	json     map[string]any
}

func env() command.Env {
	return command.Env{Clock: time.Now, Rand: rand.Reader, PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1}}
}

// run runs one command line; with --json in it the output must be one object.
func run(t *testing.T, line ...string) ran {
	t.Helper()
	var out, err bytes.Buffer
	e := env()
	e.Stdout, e.Stderr = &out, &err
	r := ran{code: command.Run(t.Context(), line, e)}
	r.out, r.err = out.String(), err.String()
	if slices.Contains(line, "--json") {
		d := json.NewDecoder(strings.NewReader(r.out))
		if e := d.Decode(&r.json); e != nil || d.More() {
			t.Fatalf("%v: not one object: %q", line, r.out)
		}
	}
	return r
}

func (r ran) code1(t *testing.T, want string) {
	t.Helper()
	e, _ := r.json["error"].(map[string]any)
	code := 1
	if want == "wrong_use" {
		code = 2
	}
	if r.code != code || e["code"] != want || e["message"] == "" {
		t.Fatalf("want a refusal and %s, got %d %s", want, r.code, r.out)
	}
	if !strings.HasPrefix(r.err, "fieldkit-server: ") || !strings.Contains(r.err, "hint: ") {
		t.Fatalf("the terminal says %q", r.err)
	}
}

func newCentre(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "centre")
	r := run(t, "init", "--data", dir, "--json")
	file, _ := r.json["password_file"].(string)
	if r.code != 0 || r.json["staff"] != "admin" || file == "" {
		t.Fatalf("%+v", r)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, info.Mode())
	}
	return dir
}

func TestInit(t *testing.T) {
	dir := newCentre(t)
	run(t, "init", "--data", dir, "--json").code1(t, "already_initialised")
	run(t, "status", "--json", "--data", dir+"x").code1(t, "not_initialised")
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, _ := d.Info(); info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStatusKeys(t *testing.T) {
	r := run(t, "--json", "status", "--data", newCentre(t))
	for _, key := range []string{"registrations", "persons", "merged", "held", "returned", "queue", "quarantined", "devices"} {
		if r.json[key] != 0.0 {
			t.Errorf("%s is %v", key, r.json[key])
		}
	}
}

func TestInvite(t *testing.T) {
	dir := newCentre(t)
	t.Run("flags stand anywhere", func(t *testing.T) {
		for _, line := range [][]string{
			{"device", "invite", "--data", dir, "--area", "mx-1", "--url", "https://h:1", "--json"},
			{"--json", "--data", dir, "device", "invite", "--url", "https://h:1", "--area", "mx-1"},
			{"device", "--data", dir, "--json", "invite", "--area", "mx-1", "--url", "https://h:1"},
		} {
			r := run(t, line...)
			if r.code != 0 || r.json["url"] != "https://h:1" || r.json["expires"] == nil {
				t.Fatalf("%+v", r)
			}
			if _, err := protocol.ParseCode(r.json["code"].(string)); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("before serve ever listened", func(t *testing.T) {
		run(t, "device", "invite", "--area", "mx-1", "--data", dir, "--json").code1(t, "wrong_use")
	})
	t.Run("an office nobody can have", func(t *testing.T) {
		run(t, "device", "invite", "--area", "MX 1", "--url", "https://h:1", "--data", dir, "--json").code1(t, "wrong_use")
	})
	t.Run("for people", func(t *testing.T) {
		r := run(t, "device", "invite", "--area", "mx-1", "--url", "https://h:1", "--data", dir)
		if r.code != 0 || !strings.Contains(r.out, "code  ") || !strings.Contains(r.out, "█") {
			t.Fatalf("%+v", r)
		}
	})
}

func TestWrongUse(t *testing.T) {
	dir := newCentre(t)
	for _, line := range [][]string{
		{"fly"}, {"device"}, {"device", "invite"}, {"status", "--colour"}, {"registry", "export"}, {"device", "revoke"}, {"status", "extra"},
	} {
		r := run(t, append(line, "--data", dir, "--json")...)
		if r.code != 2 || r.json["error"] == nil {
			t.Errorf("%v: exit %d, %s", line, r.code, r.out)
		}
	}
	run(t, "device", "revoke", strings.Repeat("0", 32), "--data", dir, "--json").code1(t, "device_absent")
	run(t, "device", "revoke", "nonsense", "--data", dir, "--json").code1(t, "device_absent")
	run(t, "quarantine", "retry", strings.Repeat("0", 64), "--data", dir, "--json").code1(t, "upload_unknown")
	run(t, "staff", "add", "ana", "--role", "queen", "--data", dir, "--json").code1(t, "wrong_use")
	if r := run(t, "--help"); r.code != 0 || !strings.Contains(r.out, "serve") {
		t.Errorf("%+v", r)
	}
}

// Administrators' commands work while serve runs on the same data.
func TestServeAndCommandsBesideIt(t *testing.T) {
	dir := newCentre(t)
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	e := env()
	var log bytes.Buffer
	e.Stdout, e.Stderr = w, &log
	ended := make(chan int, 1)
	go func() { ended <- command.Run(ctx, []string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, e) }()
	line := make([]byte, 64)
	n, err := r.Read(line)
	if err != nil || !strings.HasPrefix(string(line[:n]), "listening on 127.0.0.1:") {
		t.Fatal(err, string(line[:n]))
	}
	addr := strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on "))
	invited := run(t, "device", "invite", "--area", "mx-1", "--data", dir, "--json")
	if invited.code != 0 || invited.json["url"] != "https://"+addr {
		t.Fatalf("%+v", invited)
	}
	if r := run(t, "device", "list", "--data", dir, "--json"); r.code != 0 || len(r.json["devices"].([]any)) != 0 {
		t.Fatalf("%+v", r)
	}
	if r := run(t, "staff", "add", "ana", "--role", "auditor", "--data", dir, "--json"); r.code != 0 || r.json["staff"] != "ana" {
		t.Fatalf("%+v", r)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Fatalf("serve ended with %d: %s", code, log.String())
	}
}

func TestExportOfAnEmptyRegistry(t *testing.T) {
	dir := newCentre(t)
	file := filepath.Join(t.TempDir(), "persons.csv")
	if r := run(t, "registry", "export", file, "--data", dir, "--json"); r.code != 0 || r.json["persons"] != 0.0 {
		t.Fatalf("%+v", r)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1 || strings.Join(rows[0], ",") != "person_id,registration_id,source_row" {
		t.Fatal(rows, err)
	}
}

func TestDoctor(t *testing.T) {
	dir := newCentre(t)
	if r := run(t, "doctor", "--data", dir, "--json"); r.code != 0 || r.json["ok"] != true {
		t.Fatalf("%+v", r)
	}
	if err := os.Chmod(filepath.Join(dir, "keys", "registry.age"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := run(t, "doctor", "--data", dir, "--json")
	r.code1(t, "centre_unwell")
	if r.json["ok"] != false || !strings.Contains(r.out, "registry.age") {
		t.Fatalf("%s", r.out)
	}
}

// A hub from its invitation to serving, by commands alone.
func TestHubByCommands(t *testing.T) {
	dir := newCentre(t)
	centre, stop := serving(t, "--data", dir)
	defer stop()
	invited := run(t, "device", "invite", "--hub", "--area", "mx-20", "--data", dir, "--json")
	at := filepath.Join(t.TempDir(), "hub")
	run(t, "hub", "status", "--data", at, "--json").code1(t, "not_enrolled")
	run(t, "hub", "enrol", "--data", at, "--server", "https://"+centre, "--code", "nonsense", "--json").code1(t, "code_malformed")
	r := run(t, "hub", "enrol", "--data", at, "--server", "https://"+centre, "--code", invited.json["code"].(string), "--json")
	if r.code != 0 || r.json["area"] != "mx-20" {
		t.Fatalf("%+v", r)
	}
	_, stopHub := serving(t, "--data", at, "--forward", "https://"+centre, "--forward-hours", "20:00-05:00")
	if r := run(t, "hub", "status", "--data", at, "--json"); r.code != 0 || r.json["files"] != 0.0 {
		t.Fatalf("%+v", r)
	}
	stopHub()
	run(t, "serve", "--data", at, "--forward", "https://"+centre, "--forward-hours", "night", "--json").code1(t, "wrong_use")
	list := run(t, "device", "list", "--data", dir, "--json")
	if devices := list.json["devices"].([]any); len(devices) != 1 || devices[0].(map[string]any)["hub"] != true {
		t.Fatalf("%s", list.out)
	}
}

// serving runs serve until it is stopped, and tells where it listens.
func serving(t *testing.T, flags ...string) (addr string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	e := env()
	e.Stdout, e.Stderr = w, io.Discard
	ended := make(chan int, 1)
	go func() { ended <- command.Run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...), e) }()
	line := make([]byte, 64)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on ")), func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d", code)
		}
	}
}

func TestBackupAndRestoreByCommands(t *testing.T) {
	dir := newCentre(t)
	away := filepath.Join(t.TempDir(), "away")
	run(t, "backup", filepath.Join(dir, "copies"), "--data", dir, "--json").code1(t, "wrong_use")
	b := run(t, "backup", away, "--data", dir, "--json")
	if b.code != 0 || b.json["ok"] != true || b.json["same_disk"] != true || b.json["covers"] != false {
		t.Fatalf("%+v", b)
	}
	if r := run(t, "doctor", "--data", dir, "--json"); !strings.Contains(r.out, "own disk: nothing becomes safe") {
		t.Fatalf("%s", r.out)
	}
	if b := run(t, "backup", away, "--same-disk", "--data", dir, "--json"); b.code != 0 || b.json["covers"] != true {
		t.Fatalf("%+v", b)
	}
	if r := run(t, "status", "--data", dir, "--json"); r.json["safe_on_same_disk"] != true {
		t.Fatalf("%s", r.out)
	}
	if r := run(t, "doctor", "--data", dir, "--json"); !strings.Contains(r.out, "demonstration: the backup lies") {
		t.Fatalf("%s", r.out)
	}
	again := filepath.Join(t.TempDir(), "again")
	run(t, "restore", away, "--data", again, "--json").code1(t, "keys_absent")
	if err := os.CopyFS(filepath.Join(again, "keys"), os.DirFS(filepath.Join(dir, "keys"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(again, 0o700); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "restore", away, "--data", again, "--json"); r.code != 0 || r.json["ok"] != true {
		t.Fatalf("%+v", r)
	}
	if r := run(t, "status", "--data", again, "--json"); r.code != 0 || r.json["restored"] == "" {
		t.Fatalf("%+v", r)
	}
	run(t, "restore", away, "--data", again, "--json").code1(t, "already_initialised")
	run(t, "restore", filepath.Join(away, "none"), "--data", filepath.Join(t.TempDir(), "x"), "--keys", filepath.Join(dir, "keys"), "--json").code1(t, "file_unreadable")
}

func TestFormAndMatchCommands(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	book, err := assets.Forms.ReadFile("forms/birth.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	form := put("birth.xlsx", string(book))
	if r := run(t, "form", "check", form, "--json"); r.code != 0 || r.json["ok"] != true || r.json["questions"].(float64) < 15 {
		t.Fatalf("%+v", r)
	}
	r := run(t, "form", "check", put("noise.xlsx", "noise"), "--json")
	r.code1(t, "form_refused")
	if r.json["ok"] != false {
		t.Fatalf("%s", r.out)
	}
	if r := run(t, "form", "model", form, "--json"); r.code != 0 || r.json["binds"] == nil {
		t.Fatalf("%+v", r)
	}
	r = run(t, "form", "run", form, "--answers", put("a.json", `{"child/given_name":"Ana"}`), "--json")
	if nodes, _ := r.json["nodes"].(map[string]any); r.code != 0 || nodes["/data/child/given_name"] == nil {
		t.Fatalf("%+v", r)
	}
	r = run(t, "form", "eval", "--xml", put("x.xml", "<a><b>3</b></a>"), "--context", "/a", "b + 4", "--json")
	if r.code != 0 || r.json["value"] != 7.0 || r.json["type"] != "number" {
		t.Fatalf("%+v", r)
	}
	run(t, "match", "cluster", "none.csv", "--map", put("map.json", `{"given_name":"g"}`), "--json").code1(t, "file_unreadable")
	run(t, "match", "evaluate", put("l.csv", "g\nana\n"), "--map", filepath.Join(dir, "map.json"), "--json").code1(t, "wrong_use")
}

func TestOneServesAFolder(t *testing.T) {
	dir := newCentre(t)
	addr, stop := serving(t, "--data", dir)
	run(t, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--json").code1(t, "served_already")
	other := newCentre(t)
	run(t, "serve", "--listen", addr, "--data", other, "--json").code1(t, "listen_failed")
	run(t, "serve", "--forward", "https://h:1", "--data", other, "--json").code1(t, "wrong_use")
	if r := run(t, "status", "--data", dir, "--json"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	stop()
	_, stop = serving(t, "--data", dir)
	stop()
}

func TestStaffByCommands(t *testing.T) {
	dir := newCentre(t)
	for _, args := range [][]string{{"../../evil"}, {"admin", "--role", "auditor"}, {"ana", "--area", "MX <b>"}, {"ana", "--role", "god"}} {
		run(t, append(append([]string{"staff", "add"}, args...), "--data", dir, "--json")...).code1(t, "wrong_use")
	}
	run(t, "staff", "password", "nobody", "--data", dir, "--json").code1(t, "staff_absent")
	if r := run(t, "staff", "password", "admin", "--data", dir, "--json"); r.code != 0 || r.json["password_file"] == "" {
		t.Fatalf("%+v", r)
	}
	if r := run(t, "staff", "disable", "admin", "--data", dir, "--json"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	r := run(t, "staff", "list", "--data", dir, "--json")
	if rows, _ := r.json["staff"].([]any); len(rows) != 1 || rows[0].(map[string]any)["disabled"] == nil {
		t.Fatalf("%s", r.out)
	}
}

func TestWrongUseExitsWithTwo(t *testing.T) {
	dir := newCentre(t)
	for _, line := range [][]string{
		{"device", "invite", "--area", "x;<b>", "--url", "https://h:1"}, {"device", "invite", "--area", "x", "--url", "http://x"},
		{"device", "invite", "--area", "x", "--url", "https://h:1", "--expires=-1h"}, {"staff", "nonsense", "--help"}, {"quarantine", "retry", "zz"},
	} {
		run(t, append(line, "--data", dir, "--json")...).code1(t, "wrong_use")
	}
	run(t, "registry", "export", filepath.Join(dir, "none", "x.csv"), "--data", dir, "--json").code1(t, "file_unwritable")
}
