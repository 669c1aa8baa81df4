package rehearsal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/threats.md points to exists: a claim without its test is a wish.
func TestThreatsNameTestsThatStand(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	goFiles(t, func(_, file string, _ []string) {
		if strings.HasSuffix(file, "_test.go") {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
	})
	named := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllSubmatch(page, -1)
	if len(named) < 10 {
		t.Fatalf("the page names only %d tests", len(named))
	}
	for _, n := range named {
		if !strings.Contains(tests.String(), "func "+string(n[1])+"(") {
			t.Errorf("docs/threats.md names %s, which no test file has", n[1])
		}
	}
}
