package rehearsal

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/threats.md and docs/security.md point to exists: a claim without its
// test is a wish.
func TestThreatsNameTestsThatStand(t *testing.T) {
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
	for _, name := range []string{"threats.md", "security.md"} {
		page, err := os.ReadFile(filepath.Join(root, "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllSubmatch(page, -1)
		if len(named) < 10 {
			t.Fatalf("docs/%s names only %d tests", name, len(named))
		}
		for _, n := range named {
			if !strings.Contains(tests.String(), "func "+string(n[1])+"(") {
				t.Errorf("docs/%s names %s, which no test file has", name, n[1])
			}
		}
	}
}
