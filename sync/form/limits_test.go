package form_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// TestNoExpressionHangs runs forms written to hang or to fill a kit's memory:
// each answer ends, and what is kept stays small.
func TestNoExpressionHangs(t *testing.T) {
	row := func(b *strings.Builder, cells ...string) { fmt.Fprintf(b, "| | %s |\n", strings.Join(cells, " | ")) }
	head := "| survey |\n| | type | name | label | calculation | relevant | constraint | repeat_count |\n"
	forms := map[string]func(b *strings.Builder){
		"texts that double": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "", "")
			for i := 1; i <= 64; i++ {
				row(b, "calculate", fmt.Sprintf("q%d", i), "", fmt.Sprintf("concat(${q%d}, ${q%d})", i-1, i-1), "", "", "")
			}
		},
		"joined with what was joined": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "", "")
			for i := 1; i <= 64; i++ {
				row(b, "calculate", fmt.Sprintf("q%d", i), "", fmt.Sprintf("translate(concat(${q%d}, ${q%d}, ${q%d}), 'a', 'b')", i-1, i-1, i-1), "", "", "")
			}
		},
		"everything of everything": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "", "")
			row(b, "begin repeat", "r", "R", "", "", "", "150")
			row(b, "text", "x", "X", "", "count(//*[count(//*[count(//*) > 1]) > 1]) > 1", "count(//*[count(//*) > 0]) > 1", "")
			row(b, "calculate", "y", "", "sum(//*[position() != last()]/x) + count(/data/r[x = current()/../x])", "", "", "")
			row(b, "end repeat", "", "", "", "", "", "")
		},
		"repeats in repeats": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "", "")
			for i := range 8 {
				row(b, "begin repeat", fmt.Sprintf("r%d", i), "R", "", "", "", "60")
			}
			row(b, "text", "x", "X", "", "", "", "")
			for range 8 {
				row(b, "end repeat", "", "", "", "", "", "")
			}
		},
		"greedy patterns": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "regex(., '(a+)+(a+)+(a*)*b') and regex(., '((a{1,100}){1,100}){1,100}')", "")
		},
		"counts that feed themselves": func(b *strings.Builder) {
			row(b, "text", "q0", "Q", "", "", "", "")
			row(b, "begin repeat", "r", "R", "", "", "", "count(${x}) + 1")
			row(b, "text", "x", "X", "", "", "", "")
			row(b, "end repeat", "", "", "", "", "", "")
		},
	}
	for name, write := range forms {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			b.WriteString(head)
			write(&b)
			f, err := form.Compile(table(b.String()))
			if err != nil {
				t.Logf("refused: %v", err)
				return
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s := form.Start(f, env())
			if err := s.Set("q0", civic.Answer{Value: strings.Repeat("a", 200)}); err != nil {
				t.Fatal(err)
			}
			s.CheckAll()
			kept := 0
			for _, a := range s.Answers() {
				kept += len(a.Value)
				if len(a.Value) > form.MaxText {
					t.Errorf("%s holds %d bytes", a.Path, len(a.Value))
				}
			}
			runtime.ReadMemStats(&after)
			if kept > 8<<20 {
				t.Errorf("%d bytes kept", kept)
			}
			if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 256<<20 {
				t.Errorf("%d MiB of memory", used>>20)
			}
		})
	}
}
