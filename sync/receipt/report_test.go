package receipt_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/receipt"
)

// A report goes on over as many pages as it takes, and the same report is the
// same file.
func TestReportPDF(t *testing.T) {
	regular, err := assets.Fonts.ReadFile("fonts/NotoSans-Regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ lines, pages int }{{3, 1}, {100, 4}} {
		r := receipt.Report{Title: "Informe del día", Footer: "Solo cuentas.", Regular: regular, Bold: regular, Made: time.Unix(1_800_000_000, 0),
			Sections: []receipt.Section{{Title: "Todo el personal"}}}
		for range c.lines {
			r.Sections[0].Lines = append(r.Sections[0].Lines, receipt.Line{Label: strings.Repeat("a label that is long ", 6), Value: "12"})
		}
		b, err := receipt.ReportPDF(r)
		if err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		if n := bytes.Count(b, []byte("/Type /Page\n")); n < c.pages-1 || n > c.pages+2 || (c.pages == 1) != (n == 1) {
			t.Errorf("%d lines stand on %d pages", c.lines, n)
		}
		if again, err := receipt.ReportPDF(r); err != nil || !bytes.Equal(b, again) {
			t.Error("the same report is another file")
		}
	}
}
