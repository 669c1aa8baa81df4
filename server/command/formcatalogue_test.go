package command_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/assets"
)

// TestFormCatalogueCommands publishes a form, lists it, ends it, and proposes
// what its questions mean.
func TestFormCatalogueCommands(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "centre")
	if r := run(t, "init", "--data", dir, "--json"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	book, err := assets.Forms.ReadFile("forms/school.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "school.xlsx")
	if err := os.WriteFile(file, book, 0o600); err != nil {
		t.Fatal(err)
	}
	noise := filepath.Join(t.TempDir(), "noise.xlsx")
	if err := os.WriteFile(noise, []byte("noise"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "form", "add", file, "--area", "mx-20-067", "--data", dir, "--json")
	if r.code != 0 || r.json["form"] != "school" || r.json["bytes"].(float64) > 8000 {
		t.Fatalf("%+v", r)
	}
	version, _ := r.json["version"].(string)
	run(t, "form", "add", noise, "--data", dir, "--json").code1(t, "form_refused")
	state := func() (retired bool) {
		t.Helper()
		r := run(t, "form", "list", "--data", dir, "--json")
		for _, one := range r.json["forms"].([]any) {
			f := one.(map[string]any)
			if f["form"] == "school" {
				offers := f["offers"].([]any)
				if len(offers) != 1 {
					t.Fatalf("%+v", f)
				}
				return offers[0].(map[string]any)["retired"].(bool)
			}
		}
		t.Fatalf("not listed: %+v", r)
		return false
	}
	if state() {
		t.Error("out of use at once")
	}
	if r := run(t, "form", "retire", "school@"+version, "--area", "mx-20-067", "--data", dir, "--json"); r.code != 0 || !state() {
		t.Errorf("%+v", r)
	}
	run(t, "form", "retire", "nothing@1", "--data", dir, "--json").code1(t, "form_unknown")
	if r := run(t, "form", "retire", "school", "--data", dir, "--json"); r.code != 2 {
		t.Errorf("%+v", r)
	}

	out := filepath.Join(t.TempDir(), "mapped.xlsx")
	if r := run(t, "form", "map", file, "--out", out, "--json"); r.code != 0 || r.json["had"].(float64) < 20 || len(r.json["map"].([]any)) == 0 {
		t.Errorf("%+v", r.json)
	}
	if r := run(t, "form", "check", out, "--json"); r.code != 0 {
		t.Errorf("%+v", r)
	}
}
