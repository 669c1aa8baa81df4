package translog_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/translog"
)

// get asks the public handler.
func get(t *testing.T, s *httptest.Server, path string) (int, []byte, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, b, a.Header
}

func TestPublicPaths(t *testing.T) {
	b := newBench(t)
	s := httptest.NewServer(b.log.PublicHandler())
	defer s.Close()
	if code, _, _ := get(t, s, "/log/checkpoint"); code != 404 {
		t.Errorf("an empty log answers %d", code)
	}
	b.fill(600)
	code, note, h := get(t, s, "/log/checkpoint")
	if code != 200 || h.Get("Cache-Control") != "no-cache" {
		t.Fatalf("%d %v", code, h)
	}
	if _, err := b.log.Name().Open(note); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]int{
		"tile/0/000": 256 * 32, "tile/0/001": 256 * 32, "tile/0/002.p/88": 88 * 32, "tile/0/002.p/3": 3 * 32, "tile/1/000.p/2": 64,
		"tile/entries/001": 256 * 43, "tile/entries/002.p/88": 88 * 43,
		"tile/0/002": 0, "tile/0/002.p/89": 0, "tile/entries/003": 0, "tile/0/x000/000": 0, "tile/0/0": 0, "tile/00/000": 0, "tile/0/-01": 0,
		"tile/0/000.p/256": 0, "tile/0/000.p/0": 0, "tile/9/000": 0, "tile/0/": 0, "tile/entries/x001/000": 0,
	} {
		code, body, h := get(t, s, "/log/"+path)
		if (code == 200) != (want > 0) || want > 0 && len(body) != want {
			t.Errorf("%s: %d, %d bytes", path, code, len(body))
		}
		if want > 0 && !strings.Contains(h.Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept: %v", path, h)
		}
	}
}

// tessera's checker, which shares no code with this project, takes the log, and
// refuses it when a leaf is altered.
func TestIndependentChecker(t *testing.T) {
	b := newBench(t)
	b.fill(70_000) // more than one tile of the second level
	s := httptest.NewServer(b.log.PublicHandler())
	defer s.Close()
	program := filepath.Join(t.TempDir(), "fsck")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("testdata", "fsck")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	check := func() (string, error) {
		out, err := exec.CommandContext(t.Context(), program, s.URL+translog.PathLog, b.log.Name().Key()).CombinedOutput()
		return string(out), err
	}
	if out, err := check(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e := b.blob("SELECT entries FROM log_bundle WHERE n = 17")
	e[1234] ^= 1
	b.exec("UPDATE log_bundle SET entries = ?1 WHERE n = 17", e)
	if out, err := check(); err == nil {
		t.Errorf("an altered leaf was taken\n%s", out)
	}
}
