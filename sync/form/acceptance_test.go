//go:build acceptance

package form_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/workbook"
)

// shared is a folder of the shared data; its absence fails the run.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("SHARED")
	if root == "" {
		t.Fatal("set SHARED to the folder of the shared data")
	}
	return filepath.Join(append([]string{root, "forms", "dev"}, parts...)...)
}

// listed is one workbook of the corpus.
type listed struct {
	file, dialect, format, verdict string
}

// accepted tells whether the reference converter takes the workbook.
func (l listed) accepted() bool { return l.verdict == "ok" }

func corpus(t testing.TB) []listed {
	t.Helper()
	f, err := os.Open(shared(t, "list.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	col := map[string]int{}
	for i, h := range rows[0] {
		col[h] = i
	}
	var out []listed
	for _, r := range rows[1:] {
		out = append(out, listed{r[col["file"]], r[col["dialect"]], r[col["format"]], r[col["pyxform_4.5.0"]]})
	}
	return out
}

// TestAcceptanceWorkbooks opens every workbook of the corpus.
func TestAcceptanceWorkbooks(t *testing.T) {
	type score struct{ all, taken, flagged, repaired, refused, placed int }
	table := map[string]*score{}
	var peak uint64
	var slowest time.Duration
	debug.SetMemoryLimit(256 << 20)
	for _, l := range corpus(t) {
		b, err := os.ReadFile(shared(t, "workbooks", l.file))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		f, err := form.Load(b)
		slowest = max(slowest, time.Since(start))
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.Sys)
		key := l.dialect + " " + l.format + " refused"
		if l.accepted() {
			key = l.dialect + " " + l.format + " accepted"
		}
		s := table[key]
		if s == nil {
			s = &score{}
			table[key] = s
		}
		s.all++
		var r *form.Refusal
		switch {
		case err == nil:
			s.taken++
			if len(f.Warnings) > 0 {
				s.flagged++
			}
			for _, w := range f.Warnings {
				if w.Repair != "" {
					s.repaired++
					break
				}
			}
			if l.dialect == "std" && !l.accepted() {
				var words []string
				for _, w := range f.Warnings {
					words = append(words, w.At()+": "+w.Message)
				}
				t.Logf("taken, refused there: %s (%.150s): %.500s", l.file, l.verdict, strings.Join(words, " | "))
			}
		case errors.As(err, &r):
			s.refused++
			if len(r.Findings) > 0 && (r.Findings[0].Row > 0 || l.dialect != "std" || l.format == "xls") {
				s.placed++
			}
			if l.dialect == "std" && l.accepted() && l.format == "xlsx" {
				var words []string
				for _, w := range r.Findings {
					if !w.Warning {
						words = append(words, w.At()+": "+w.Message)
					}
				}
				t.Logf("refused, accepted there: %s: %.600s", l.file, strings.Join(words, " | "))
			}
		default:
			t.Errorf("%s: %v", l.file, err)
		}
	}
	fmt.Printf("%-26s %5s %6s %8s %9s %8s %7s\n", "workbooks", "all", "taken", "warned", "repaired", "refused", "placed")
	for _, key := range []string{"std xlsx accepted", "std xlsx refused", "std xls accepted", "std xls refused", "cht xlsx accepted", "cht xlsx refused", "odkx xlsx refused"} {
		s := table[key]
		fmt.Printf("%-26s %5d %6d %8d %9d %8d %7d\n", key, s.all, s.taken, s.flagged, s.repaired, s.refused, s.placed)
	}
	fmt.Printf("slowest %v, memory from the system %d MiB\n", slowest.Round(time.Millisecond), peak>>20)
	good, bad := table["std xlsx accepted"], table["std xlsx refused"]
	figures(t, "workbooks", map[string]any{
		"std_accepted": good.all, "std_accepted_loaded": good.taken, "std_refused": bad.all, "std_refused_refused": bad.refused, "std_refused_repaired": bad.repaired,
		"odkx_refused": table["odkx xlsx refused"].refused, "slowest_ms": slowest.Milliseconds(), "memory_mib": peak >> 20,
	})
	if s := table["std xlsx accepted"]; s.taken != s.all {
		t.Errorf("%d std workbooks that the reference accepts do not load", s.all-s.taken)
	}
	if s := table["std xlsx refused"]; 100*(s.refused+s.repaired) < 95*s.all {
		t.Errorf("only %d of %d std workbooks that the reference refuses are refused or repaired", s.refused+s.repaired, s.all)
	}
	if s := table["odkx xlsx refused"]; s.refused != s.all {
		t.Errorf("%d workbooks of ODK-X were taken", s.taken)
	}
	if peak > 256<<20 {
		t.Errorf("%d MiB of memory", peak>>20)
	}
}

// figures prints what was measured as one line of JSON, for programs, and puts
// the line behind those of the file FORMS_FIGURES.
func figures(t testing.TB, name string, values map[string]any) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"measured": name, "figures": values})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(string(b))
	file := os.Getenv("FORMS_FIGURES")
	if file == "" {
		return
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}

// smallCase is one small form with what the reference converter says of it.
type smallCase struct {
	ID   string `json:"id"`
	Test string `json:"test"`
	MD   string `json:"md"`
	SS   any    `json:"ss"`
	KW   struct {
		Name     string   `json:"name"`
		Errored  bool     `json:"errored"`
		Error    []string `json:"error__contains"`
		Warnings []string `json:"warnings__contains"`
		Match    []string `json:"xml__xpath_match"`
		Count    [][]any  `json:"xml__xpath_count"`
		Exact    any      `json:"xml__xpath_exact"`
		Contains []string `json:"xml__contains"`
		Model    []string `json:"model__contains"`
		Instance []string `json:"instance__contains"`
		Excludes []string `json:"xml__excludes"`
	} `json:"kw"`
}

func eachLine(t testing.TB, name string, visit func([]byte)) {
	t.Helper()
	f, err := os.Open(shared(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(z)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		visit(in.Bytes())
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestAcceptanceSmallCases compares with the reference: accepted, or refused (a
// repair with a visible warning counts as refused), and of what is accepted
// everything that is asserted of the XForm, asked of our model written as one.
func TestAcceptanceSmallCases(t *testing.T) {
	var all, verdict, repaired, lenient, strict, asserted, assertions, agree, model, markup, meant int
	eachLine(t, "xlsform_cases.jsonl.gz", func(b []byte) {
		var c smallCase
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		all++
		w := table(c.MD)
		if c.MD == "" {
			w = dictionary(c.SS)
		}
		f, err := form.Compile(named(w, c.KW.Name))
		switch {
		case (err != nil) == c.KW.Errored:
			verdict++
			if err != nil {
				agree++
				return
			}
		case err == nil && slices.ContainsFunc(f.Warnings, func(w form.Finding) bool { return w.Repair != "" }):
			verdict++
			repaired++
			agree++
			return
		case err == nil:
			lenient++
			t.Logf("LENIENT %s %s %.300q\n%s", c.ID, c.Test, c.KW.Error, c.MD)
			return
		default:
			strict++
			var r *form.Refusal
			errors.As(err, &r)
			t.Logf("STRICT %s %s: %s: %s\n%s", c.ID, c.Test, r.Findings[0].At(), r.Findings[0].Message, c.MD)
			return
		}
		n, failed, only := c.assess(f)
		assertions += n
		if n > 0 {
			asserted++
		}
		switch {
		case len(failed) == 0:
			agree++
			return
		case only:
			markup++
		case strings.Contains(c.Test, "_match_fail__"):
			meant++ // the converter's tests of its own tests: what they assert does not hold there either
		default:
			model++
		}
		t.Logf("ASSERTS %s %s (markup only: %v)\n    %s\n%s", c.ID, c.Test, only, strings.Join(failed, "\n    "), c.MD)
	})
	share := func(n int) float64 { return 100 * float64(n) / float64(all) }
	fmt.Printf("small cases: %d; verdict agrees %d (%.1f %%; %d of them repaired), taken but refused there %d, refused but taken there %d\n",
		all, verdict, share(verdict), repaired, lenient, strict)
	fmt.Printf("small cases with their assertions (%d about %d forms): agree %d (%.1f %%); otherwise %d in what the model says, %d only in markup that no model keeps, %d assert what is false of the reference too\n",
		assertions, asserted, agree, share(agree), model, markup, meant)
	figures(t, "small_cases", map[string]any{"all": all, "verdict_agrees": verdict, "taken_but_refused_there": lenient, "refused_but_taken_there": strict,
		"assertions": assertions, "forms_asserted": asserted, "agree": agree, "differ_in_model": model, "differ_in_markup_only": markup, "false_there_too": meant})
	if 100*agree < 90*all {
		t.Error("fewer than 90 % agree")
	}
}

// dictionary reads a workbook given as sheets of rows by header.
func dictionary(v any) *workbook.Workbook {
	w := &workbook.Workbook{}
	sheets, _ := v.(map[string]any)
	for name, rows := range sheets {
		list, ok := rows.([]any)
		if !ok || !form.Wanted(name) {
			continue
		}
		s := &workbook.Sheet{Name: name, Rows: []workbook.Row{{Number: 1}}}
		at := map[string]int{}
		for i, r := range list {
			row := workbook.Row{Number: i + 2}
			cells, _ := r.(map[string]any)
			for h, c := range cells {
				j, ok := at[h]
				if !ok {
					j = len(at)
					at[h] = j
					s.Rows[0].Cells = append(s.Rows[0].Cells, h)
				}
				for len(row.Cells) <= j {
					row.Cells = append(row.Cells, "")
				}
				row.Cells[j] = workbook.Normal(fmt.Sprint(c))
			}
			s.Rows = append(s.Rows, row)
		}
		w.Names = append(w.Names, name)
		w.Sheets = append(w.Sheets, s)
	}
	return w
}
