package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/command"
	"github.com/askonce/fieldkit/sync/terminal"
)

// TestWhatIsWrongIsNamed: a refusal names the thing that is wrong and what to do
// about it, not the nearest other trouble.
func TestWhatIsWrongIsNamed(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list := put("list.csv", "id,name,born\n1,Ana,1990-01-01\n2,Ana,1990-01-01\n3,Luis,1985-03-02\n")
	doc := put("doc.xml", "<a><b>3</b></a>")
	good := put("good.json", `{"id":"id","given_name":"name","birth_date":"born"}`)
	nowhere := filepath.Join(dir, "no", "such", "folder.csv")
	for _, c := range []struct {
		code string
		line []string
	}{
		{"wrong_use", nil},
		{"wrong_use", []string{"match"}},
		{"wrong_use", []string{"policy", "explain"}},
		{"match_map", []string{"match", "cluster", list, "--map", put("broken.json", `{"id":`)}},
		{"match_map", []string{"match", "cluster", list, "--map", put("slip.json", `{"id":"id","given":"name"}`)}},
		{"match_map", []string{"match", "cluster", list, "--map", put("nothing.json", `{"id":"id"}`)}},
		{"wrong_use", []string{"match", "cluster", list, "--map", good, "--auto", "7"}},
		{"file_unwritable", []string{"match", "cluster", list, "--map", good, "--out", nowhere}},
		{"expression_unread", []string{"form", "eval", "--xml", doc, "1 +"}},
		{"expression_unread", []string{"form", "eval", "--xml", doc, "frobnicate(1)"}},
		{"expression_unread", []string{"form", "eval", "--xml", doc, "--context", "/a[", "1"}},
		{"document_unread", []string{"form", "eval", "--xml", list, "1"}},
	} {
		t.Run(strings.Join(append([]string{c.code}, c.line...), " "), func(t *testing.T) {
			run(t, append(c.line, "--json")...).code1(t, c.code)
		})
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("a file was made where there is no folder")
	}
}

// TestMatchStops: whoever weighs a long list can stop it, and no file is left.
func TestMatchStops(t *testing.T) {
	dir := t.TempDir()
	list, columns, out := filepath.Join(dir, "l.csv"), filepath.Join(dir, "m.json"), filepath.Join(dir, "out.csv")
	for path, text := range map[string]string{list: "name,born\nAna,1990-01-01\nAna,1990-01-01\n", columns: `{"given_name":"name","birth_date":"born"}`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var stdout, stderr bytes.Buffer
	e := env()
	e.Stdout, e.Stderr = &stdout, &stderr
	code := command.Run(ctx, []string{"match", "cluster", list, "--map", columns, "--out", out, "--json"}, e)
	var said struct {
		Error struct{ Code string }
	}
	if err := json.Unmarshal(stdout.Bytes(), &said); err != nil || code != terminal.Refused || said.Error.Code != "stopped" {
		t.Fatalf("%d %s %v", code, stdout.String(), err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written all the same")
	}
}
