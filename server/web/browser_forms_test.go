//go:build browser

package web_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserForms takes a ministry's form from its file to the kits, by the
// keyboard of a real browser without scripts.
func TestBrowserForms(t *testing.T) {
	c := newConsole(t)
	b := newTab(t, c)
	file := filepath.Join(t.TempDir(), "ministry.xlsx")
	if err := os.WriteFile(file, formWorkbook(t, "1"), 0o600); err != nil {
		t.Fatal(err)
	}
	says := func(wants ...string) {
		t.Helper()
		s := b.text()
		for _, want := range wants {
			if !strings.Contains(s, want) {
				t.Errorf("the page does not say %q:\n%s", want, s)
			}
		}
	}
	b.signIn("administrator")
	b.open("/console/forms")
	b.look("forms")
	b.run(chromedp.SetUploadFiles("#workbook", []string{file}, chromedp.ByQuery))
	b.reach("form[enctype] button")
	b.goes()
	says("This form can be used")
	b.look("desk")
	b.reach("a[href$='/preview']")
	b.goes()
	says("The person", "Date of birth", "Woman")
	b.look("preview")
	b.reach("main p:last-child a")
	b.goes()
	b.reach("a[href$='/map']")
	b.goes()
	b.look("mapping")
	b.reach("main form button")
	b.goes()
	says("This form can be used")
	b.reach("main form button")
	b.goes()
	says("Ministry", "In use everywhere")
	b.look("forms-published")
}
