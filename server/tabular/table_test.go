package tabular_test

import (
	"os"
	"path/filepath"
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
