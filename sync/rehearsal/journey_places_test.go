package rehearsal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// write puts a file into a folder of the test's own.
func write(t testing.TB, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// first is the first place a kit finds, empty without one.
func (k *tablet) first(args ...string) string {
	k.t.Helper()
	s := k.must(append([]string{"places"}, args...)...)
	found, _ := s.json["places"].([]any)
	if len(found) == 0 {
		return ""
	}
	words, _ := found[0].(map[string]any)["words"].(string)
	return words
}

// TestJourneyPlaces: an office imports its own list; kits fetch it, find places
// while somebody types, and afterwards fetch only what has changed.
func TestJourneyPlaces(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	if got := k.first("xocote"); !strings.HasPrefix(got, "Xocotepec") {
		t.Errorf("the sample gives %q", got)
	}
	list := "clave;entidad;municipio;localidad;lat;lon\n" +
		"200430001;Oaxaca;Juchitán de Zaragoza;Juchitán de Zaragoza;16.4336;-95.0194\n" +
		"200430019;Oaxaca;Juchitán de Zaragoza;Álvaro Obregón;;\n" +
		"310190001;Yucatán;Chankom;Dzitás;;\n"
	done := o.must("places", "import", write(t, "localidades.csv", list))
	if done.number(t, "places") != 7 || done.number(t, "around") != 4 || done.number(t, "serial") != 1 || done.number(t, "bytes_delta") != 0 {
		t.Fatalf("%v", done.json)
	}
	until(t, "the first list", func() bool {
		k.synced()
		return k.must("places", "obregon").number(t, "list") == 1
	})
	for typed, want := range map[string]string{
		"obregon":  "Álvaro Obregón, Juchitán de Zaragoza, Oaxaca",
		"obergon":  "Álvaro Obregón, Juchitán de Zaragoza, Oaxaca",
		"ts'iitas": "Dzitás, Chankom, Yucatán",
		"xocote":   "",
	} {
		if got := k.first(typed); got != want {
			t.Errorf("%q gives %q", typed, got)
		}
	}
	if got := k.first("--of", "state", "wajaka"); got != "Oaxaca" {
		t.Errorf("the state is %q", got)
	}
	if again := o.must("places", "import", write(t, "localidades.csv", list)); again.json["same"] != true {
		t.Errorf("the same list again: %v", again.json)
	}
	// One more place: a change, and a kit enrolled later gets the whole.
	more := o.must("places", "import", write(t, "localidades.csv", list+"310190002;Yucatán;Chankom;Xcocail;;\n"))
	if more.number(t, "serial") != 2 || more.number(t, "bytes_delta") == 0 {
		t.Fatalf("%v", more.json)
	}
	// The centre puts it down for each kit in its own time: the next pass brings it.
	late := o.tablet()
	for _, who := range []*tablet{k, late} {
		until(t, "the second list", func() bool {
			who.synced()
			return who.must("places", "jcocail").number(t, "list") == 2
		})
		if s := who.must("places", "jcocail"); s.number(t, "of") != 8 || s.number(t, "list") != 2 {
			t.Errorf("%v", s.json)
		}
		if got := who.first("jcocail"); got != "Xcocail, Chankom, Yucatán" {
			t.Errorf("found %q", got)
		}
	}
	// Nothing of it can be read on the disk.
	err := filepath.WalkDir(k.home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, name := range []string{"Dzit", "Chankom", "Xcocail", "Obreg", "Yucat"} {
			if strings.Contains(string(b), name) {
				t.Errorf("%s stands readable in %s", name, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// What is wrong with a list is told, and the one in use stays.
	if bad := o.run("places", "import", write(t, "p.csv", "code,name,parent\n1,A,1\n")); bad.problem() != civic.PlacesRefused {
		t.Errorf("%v", bad.json)
	}
	if bad := o.run("places", "import", write(t, "p.csv", "a,b\n1,A\n")); bad.problem() != civic.ColumnsUnknown {
		t.Errorf("%v", bad.json)
	}
}
