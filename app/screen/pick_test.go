package screen

import (
	"os"
	"path/filepath"
	"testing"
)

// Pictures are found on a stick of any name, also one folder below; what is no
// picture is left out.
func TestPicturesOnAStickOfAnyName(t *testing.T) {
	stick := filepath.Join(t.TempDir(), "FOTOS [1]")
	want := map[string]bool{filepath.Join(stick, "a.JPG"): true, filepath.Join(stick, "DCIM (2)", "b.png"): true}
	if err := os.MkdirAll(filepath.Join(stick, "DCIM (2)"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.JPG", "letter.txt", "DCIM (2)/b.png"} {
		if err := os.WriteFile(filepath.Join(stick, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := pictures([]string{stick, filepath.Join(stick, "nowhere")})
	for _, p := range all {
		if !want[p.path] {
			t.Errorf("%s was found", p.path)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d were found", len(all))
	}
}
