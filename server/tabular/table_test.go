package tabular_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/server/tabular"
)

const table = "folio,nombre\nF1,Ana\nF2,José\n"

func TestNoTable(t *testing.T) {
	for name, csv := range map[string]string{"empty": "", "only a head": "folio,nombre\n", "a picture": "\x89PNG\x00\x00,a\n"} {
		file := filepath.Join(t.TempDir(), "t.csv")
		_ = os.WriteFile(file, []byte(csv), 0o600)
		tab, err := tabular.Open(file)
		if err == nil {
			_, err = tab.Next()
		}
		if err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("a;b\n\"1"))
	f.Add([]byte("a\tb\n1\xff\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(t.TempDir(), "t.csv")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		tab, err := tabular.Open(name)
		if err != nil {
			return
		}
		defer tab.Close()
		for range 10_000 {
			if row, err := tab.Next(); err != nil && row == nil {
				return
			}
		}
	})
}

func TestDone(t *testing.T) {
	name := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(name, []byte("a,b\n"+strings.Repeat("1,2\n", 200_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := tabular.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	if at := table.Done(); at > 0.1 {
		t.Errorf("%v done before the first row", at)
	}
	last := 0.0
	for {
		if _, err := table.Next(); err != nil {
			break
		}
		if table.Number%20_000 == 0 {
			if at := table.Done(); at < last || math.Abs(at-float64(table.Number)/200_000) > 0.02 {
				t.Fatalf("%v done at row %d, %v before", at, table.Number, last)
			} else {
				last = at
			}
		}
	}
	if at := table.Done(); at != 1 {
		t.Errorf("%v done at the end", at)
	}
}
