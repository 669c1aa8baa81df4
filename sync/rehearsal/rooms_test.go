package rehearsal

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/askonce/fieldkit/"
	root   = "../.."
)

// rooms is the block of docs/ARCHITECTURE.md: what each room may import.
type rooms map[string][]string

func readRooms(t *testing.T) rooms {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(root, "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(page), "```rooms\n")
	block, _, closed := strings.Cut(block, "```")
	if !found || !closed {
		t.Fatal("docs/ARCHITECTURE.md has no rooms block")
	}
	r := rooms{}
	for line := range strings.Lines(block) {
		i := strings.LastIndex(line, ":")
		if i < 0 {
			t.Fatalf("a line of the rooms block without a colon: %q", line)
		}
		r[strings.Trim(line[:i], " :")] = strings.Fields(line[i+1:])
	}
	return r
}

// of finds the room a package stands in: its own line or the nearest above.
func (r rooms) of(pkg string) (string, bool) {
	for p := pkg; p != "."; p = path.Dir(p) {
		if _, ok := r[p]; ok {
			return p, true
		}
	}
	return "", false
}

func allows(patterns []string, imported string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if room, all := strings.CutSuffix(p, "/*"); all {
			return imported == room || strings.HasPrefix(imported, room+"/")
		}
		return p == imported
	})
}

// goFiles calls visit for each Go file with its package's folder, from the root.
func goFiles(t *testing.T, visit func(pkg, file string, imports []string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "var" || d.Name() == "node_modules" || (strings.HasPrefix(d.Name(), ".") && p != root)) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, name)
		}
		rel, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), p, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsKeepToTheRooms(t *testing.T) {
	r := readRooms(t)
	seen := map[string]bool{}
	goFiles(t, func(pkg, file string, imports []string) {
		room, ok := r.of(pkg)
		if !ok {
			t.Errorf("%s: the folder %s stands in no room of docs/ARCHITECTURE.md", file, pkg)
			return
		}
		seen[room] = true
		allowed := r[room]
		if strings.HasSuffix(file, "_test.go") {
			allowed = slices.Concat(allowed, r["test"], []string{pkg})
		}
		for _, name := range imports {
			if own, ours := strings.CutPrefix(name, module); ours && !allows(allowed, own) {
				t.Errorf("%s: the room %s may not import %s", file, room, own)
			}
		}
	})
	for room := range r {
		if room != "test" && !seen[room] {
			t.Errorf("the rooms block names %s, which has no Go file", room)
		}
	}
}

func TestOutsideLibrariesStayInTheirRooms(t *testing.T) {
	only := map[string][]string{
		"fyne.io/fyne/v2/app":         {"app"},
		"modernc.org/sqlite":          {"store/vault", "server/ledger", "sync/baddisk"},
		"modernc.org/sqlite/lib":      {"store/vault", "server/ledger", "sync/baddisk"},
		"github.com/jackc/pgx/v5":     {"server/ledger", "server/ledger/ledgertest", "server/registry/scalebench"},
		"golang.org/x/crypto/scrypt":  {"store/vault"},
		"golang.org/x/crypto/argon2":  {"server/access", "sync/protocol"},
		"github.com/spf13/cobra":      {"app/command", "server/command"},
		"github.com/xuri/excelize/v2": {"sync/form/workbook", "sync/form/formtest", "sync/batch/batchtest"},
	}
	goFiles(t, func(pkg, file string, imports []string) {
		test := strings.HasSuffix(file, "_test.go")
		for _, name := range imports {
			where, bound := only[name]
			if bound && !test && !slices.Contains(where, pkg) {
				t.Errorf("%s imports %s, which only %v may", file, name, where)
			}
			if strings.HasPrefix(name, "fyne.io/") && !strings.HasPrefix(pkg, "app") {
				t.Errorf("%s: only rooms of app may import Fyne", file)
			}
			if strings.HasPrefix(name, "fyne.io/") && slices.Contains([]string{"app/kit", "app/capture", "app/command", "app/background"}, pkg) {
				t.Errorf("%s: this room is built without Fyne", file)
			}
			if pkg == "sync/civic" && strings.Contains(strings.Split(name, "/")[0], ".") && !test {
				t.Errorf("%s: the domain uses the standard library only, not %s", file, name)
			}
		}
		if pkg == "sync" {
			t.Errorf("%s: no Go file stands in sync itself, so that the standard library's sync keeps its name", file)
		}
	})
}

// The top level is what the page of the house says, nothing else.
func TestTopLevel(t *testing.T) {
	want := []string{"CHANGELOG.md", "FyneApp.toml", "LICENSE", "Makefile", "README.md", "app", "assets", "docs", "go.mod", "go.sum", "server", "store", "sync"}
	made := []string{"bin", "var", "dist"} // by make, not kept
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(made, e.Name()) {
			got = append(got, e.Name())
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the top level holds %v, it should hold %v", got, want)
	}
}
