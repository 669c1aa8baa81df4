package frozen_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/frozen"
)

var update = flag.Bool("update", false, "list files that are not listed yet; what is listed is never changed")

const list = "digests.txt"

// kept are the files that stay for ever: the bytes of every version, and whole
// memories and copies that earlier programs wrote.
var kept = regexp.MustCompile(`/testdata/(version[0-9]+/|v[0-9]+/|kit-[0-9]+\.db$|backup-[0-9]+/|ledger-[0-9]+/|row-v[0-9]+\.hex$)`)

// No frozen byte is ever changed, taken away, or left off the list.
func TestFrozenBytesStay(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, room := range []string{"app", "store", "sync", "server", "assets"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
			if d.IsDir() || !kept.MatchString("/"+name) {
				return nil
			}
			b, err := os.ReadFile(path)
			sum := sha256.Sum256(b)
			found[name] = hex.EncodeToString(sum[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	listed := readList(t)
	for name, sum := range listed {
		switch found[name] {
		case sum:
		case "":
			t.Errorf("%s is gone; %s", name, frozen.Sentence)
		default:
			t.Errorf("%s was changed; %s", name, frozen.Sentence)
		}
	}
	for name, sum := range found {
		if listed[name] != "" {
			continue
		}
		if !*update {
			t.Errorf("%s is not listed in sync/frozen/%s: list it with -update", name, list)
		}
		listed[name] = sum
	}
	if *update && !t.Failed() {
		writeList(t, listed)
	}
	if len(listed) < 20 {
		t.Errorf("only %d files are listed", len(listed))
	}
}

func readList(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(list)
	if err != nil && !*update {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && len(sum) == 2*sha256.Size {
			out[name] = sum
		}
	}
	return out
}

func writeList(t *testing.T, listed map[string]string) {
	t.Helper()
	var names []string
	for name := range listed {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(listed[name] + "  " + name + "\n")
	}
	if err := os.WriteFile(list, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
