package kit

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// FuzzReadList reads any bytes as a list: it ends, it never panics, and every
// refusal has a code.
func FuzzReadList(f *testing.F) {
	for _, s := range []string{
		"id,given_name\n1,Ana\n", "\xef\xbb\xbfgiven_name;surname\r\nAna;Paz\r\n", "given_name\n\"Ana\nPaz\"\n", "given_name,\"\n", "\x00,\x00\n",
		"given_name\n\n\n\n", "given_name,given_name\na,b,c\n", "",
	} {
		f.Add([]byte(s))
	}
	var loaded *form.Form
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		if loaded == nil {
			var err error
			if loaded, err = form.Load(testWorkbook(t)); err != nil {
				t.Fatal(err)
			}
		}
		name := filepath.Join(dir, "list.csv")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := readList(name, loaded)
		if err != nil {
			if civic.CodeOf(err) == "" {
				t.Fatalf("a refusal without a code: %v", err)
			}
			return
		}
		for rows := 0; ; rows++ {
			r, err := l.next()
			record := r.cells
			if errors.Is(err, io.EOF) {
				return
			}
			if rows > len(b)+1 {
				t.Fatalf("more rows than bytes: %q", record)
			}
			for i, c := range l.columns {
				if err == nil && c.question != nil && i < len(record) {
					_ = answerOf(c.question, record[i])
				}
			}
		}
	})
}
