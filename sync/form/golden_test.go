package form_test

import (
	"flag"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/frozen"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// A form that was packed once makes the same form for ever, also as it was
// packed before version 1.
func TestGoldenPackedForm(t *testing.T) {
	b, err := assets.Forms.ReadFile("forms/febrl.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := form.Pack(b, map[string][]byte{"a.csv": []byte("name,label\n1,uno\n")})
	if err != nil {
		t.Fatal(err)
	}
	kept := frozen.Kept(t, "febrl.afw", packed, *update)
	before := append([]byte("afw0"), kept[4:]...)
	for name, bytes := range map[string][]byte{"version 1": kept, "version 0": before} {
		if !form.Packed(bytes) {
			t.Fatalf("%s is no packed form", name)
		}
		f, err := form.Load(bytes)
		if err != nil {
			t.Fatal(name, err)
		}
		var paths []string
		for _, q := range f.Questions() {
			paths = append(paths, q.Path)
		}
		if f.Ref().ID != "febrl" || !reflect.DeepEqual(paths, goldenPaths(t, kept)) || len(paths) < 5 {
			t.Errorf("%s makes %v %v; %s", name, f.Ref(), paths, frozen.Sentence)
		}
	}
	if form.Packed([]byte("afw2 of a later program")) {
		t.Error("a later writing is taken for this one")
	}
}

// goldenPaths are the questions as they were when the file was made.
func goldenPaths(t *testing.T, kept []byte) []string {
	t.Helper()
	f, err := form.Load(kept)
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	var paths []string
	for _, q := range f.Questions() {
		text = append(append(text, q.Path...), '\n')
		paths = append(paths, q.Path)
	}
	frozen.Check(t, "febrl.paths.txt", text, *update)
	return paths
}
