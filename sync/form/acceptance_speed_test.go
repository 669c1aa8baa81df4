//go:build acceptance

package form_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// TestAcceptanceSpeed prints how long the largest form of the corpus takes to
// open and to take an answer, each with all pages worded anew.
func TestAcceptanceSpeed(t *testing.T) {
	b, err := os.ReadFile(shared(t, "workbooks", "bohemia__MASTER_WHOVA2016v1_5_1_XLS_form_for_ODK__490bfb.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	f, err := form.Load(b)
	if err != nil {
		t.Fatal(err)
	}
	loaded := time.Since(start)
	s := form.Start(f, form.Env{Now: time.Now})
	s.Sections("en")
	opened := time.Since(start)
	packed, err := form.Pack(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	start = time.Now()
	kept, err := form.Load(packed)
	if err != nil {
		t.Fatal(err)
	}
	form.Start(kept, form.Env{Now: time.Now}).Sections("en")
	onKit := time.Since(start)
	var worst, sum time.Duration
	n := 0
	for _, q := range f.Questions() {
		if q.Kind != form.SelectOne || len(q.Choices) == 0 {
			continue
		}
		at := time.Now()
		if err := s.Set(q.Path, civic.Answer{Value: q.Choices[0].Name}); err != nil {
			continue
		}
		s.Sections("en")
		took := time.Since(at)
		worst, sum, n = max(worst, took), sum+took, n+1
	}
	fmt.Printf("as a kit keeps it: %d bytes instead of %d, opens in %v\n", len(packed), len(b), onKit.Round(time.Millisecond))
	fmt.Printf("form of %d questions: loads in %v, opens in %v; an answer with all pages worded anew takes %v, at worst %v (%d answers)\n",
		len(f.Questions()), loaded.Round(time.Millisecond), opened.Round(time.Millisecond), (sum / time.Duration(n)).Round(10*time.Microsecond), worst.Round(10*time.Microsecond), n)
	figures(t, "speed", map[string]any{
		"questions": len(f.Questions()), "opens_ms": opened.Milliseconds(), "opens_packed_ms": onKit.Milliseconds(), "workbook_bytes": len(b), "packed_bytes": len(packed), "answer_mean_us": (sum / time.Duration(n)).Microseconds(), "answer_worst_ms": worst.Milliseconds(),
	})
}

// TestAcceptanceLongList prints how long a filter over 41,000 choices takes.
func TestAcceptanceLongList(t *testing.T) {
	var csv strings.Builder
	csv.WriteString("name,label,district\n")
	for i := range 41_000 {
		fmt.Fprintf(&csv, "p%d,Place %d,d%d\n", i, i, i%2978)
	}
	for _, c := range []struct{ question, filter, typed string }{
		{"district", "district = ${district}", "d7 d8 d9"},
		{"start", "starts-with(label, ${start})", "P Pl Place4 Place41"},
	} {
		f, err := form.Compile(table("| survey |\n| | type | name | label | choice_filter |\n| | text | " + c.question + " | Q | |\n" +
			"| | select_one_from_file places.csv | place | Place | " + c.filter + " |"))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		s := form.Start(f, form.Env{Now: time.Now, Files: func(string) ([]byte, bool) { return []byte(csv.String()), true }})
		s.Sections("")
		opened := time.Since(start)
		var worst time.Duration
		for _, typed := range strings.Fields(c.typed) {
			typed = strings.Replace(typed, "Place", "Place ", 1)
			at := time.Now()
			if err := s.Set(c.question, civic.Answer{Value: typed}); err != nil {
				t.Fatal(err)
			}
			n := len(s.Sections("")[0].Items[1].Choices)
			took := time.Since(at)
			worst = max(worst, took)
			fmt.Printf("41,000 choices, %s = %q: %d offered, %v\n", c.question, typed, n, took.Round(10*time.Microsecond))
		}
		figures(t, "long_list_"+c.question, map[string]any{"choices": 41_000, "opens_ms": opened.Milliseconds(), "worst_keystroke_ms": float64(worst.Microseconds()) / 1000})
	}
}
