//go:build browser

package web_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/askonce/fieldkit/server/web"
)

// alt presses Alt with a digit, as the keys beside the answers say.
func (b *tab) alt(digit string) {
	b.t.Helper()
	key := func(t input.KeyType, text string) chromedp.Action {
		return input.DispatchKeyEvent(t).WithModifiers(input.ModifierAlt).WithText(text).WithUnmodifiedText(text).WithKey(digit).WithCode("Digit" + digit).WithWindowsVirtualKeyCode(int64(digit[0]))
	}
	b.run(key(input.KeyRawDown, ""), key(input.KeyChar, digit), key(input.KeyUp, ""))
}

// TestBrowserQueue answers question after question by the keys alone: two for
// the answer, two for the reason's field, the reason, one to go on.
func TestBrowserQueue(t *testing.T) {
	c := newBusy(t, 60, func(*web.Config) {})
	b := newTab(t, c.console)
	b.run(chromedp.EmulateViewport(1280, 800))
	b.signIn("reviewer")
	b.open("/console/reviews")
	b.reach("a.main")
	b.goes()
	for n := range 3 {
		var before, now string
		b.eval("document.querySelector('[name=registration]:not(.done *)').value", &before)
		// The answer stands beside the comparison, without scrolling.
		var inSight bool
		b.eval("document.querySelector('.decide button').getBoundingClientRect().bottom <= innerHeight", &inSight)
		if !inSight {
			t.Error("the answer is not in sight")
		}
		b.alt("7")
		var chosen bool
		b.eval("document.querySelector('[value=other]').checked", &chosen)
		if !chosen {
			t.Fatal("Alt and 7 choose nothing")
		}
		b.alt("0")
		b.press("other face")
		b.goes()
		if s := b.text(); !strings.Contains(s, "You decided:") {
			t.Fatal(s)
		}
		b.eval("(document.querySelector('form[action$=decide] [name=registration]') || {}).value || ''", &now)
		if before == now || n < 2 && now == "" {
			t.Fatalf("the next question is %q after %q", now, before)
		}
	}
}

// TestBrowserPrints prints the sheet of who looked: all of it, nothing to press,
// nothing cut off.
func TestBrowserPrints(t *testing.T) {
	c := newBusy(t, 30, func(*web.Config) {})
	b := newTab(t, c.console)
	b.visits(c)
	b.run(emulation.SetEmulatedMedia().WithMedia("print"), chromedp.EmulateViewport(700, 1000)) // a sheet of A4 between its margins
	b.open("/citizen/looks")
	s := b.text()
	for _, want := range []string{"Who looked at my data?", "Registration " + c.known.Registration.String()[:8], "providing a service", "Your objections", "Somebody looked at night."} {
		if !strings.Contains(s, want) {
			t.Errorf("the sheet does not say %q:\n%s", want, s)
		}
	}
	for _, never := range []string{"Object to this", "Withdraw all", "New code", "Español", "closes by itself", "Go to the content"} {
		if strings.Contains(s, never) {
			t.Errorf("the sheet shows %q", never)
		}
	}
	var out int
	b.eval("document.documentElement.scrollWidth", &out)
	if out > 700 {
		t.Errorf("the sheet is %d wide", out)
	}
	var pdf []byte
	b.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	}))
	if !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Fatal("no sheet")
	}
	if dir := os.Getenv("PICTURES"); dir != "" {
		var shot []byte
		b.run(chromedp.FullScreenshot(&shot, 100))
		for name, content := range map[string][]byte{"looks.pdf": pdf, "looks-printed.png": shot} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
