// Package benchjson keeps the figures that tests measure, as JSON beside the
// tables they print: where BENCH_JSON names a file, [Record] adds one object a
// line to it. `make bench-match` prints that file at its end.
package benchjson

import (
	"encoding/json"
	"os"
	"testing"
)

// Record adds one line: what was measured, and its figures.
func Record(t testing.TB, what string, figures map[string]any) {
	t.Helper()
	path := os.Getenv("BENCH_JSON")
	if path == "" {
		return
	}
	line := map[string]any{"bench": what, "figures": figures, "passed": !t.Failed()}
	b, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
