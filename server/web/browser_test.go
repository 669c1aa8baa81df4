//go:build browser

package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/web"
	"github.com/askonce/fieldkit/sync/civic"
)

// tab is a page of a real browser without a screen, in which scripts of pages
// are switched off. Everything is done by its keyboard.
type tab struct {
	t   *testing.T
	c   *console
	ctx context.Context
}

func newTab(t *testing.T, c *console) *tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			program = p
			break
		}
	}
	if program == "" {
		t.Fatal("chromium is not installed: .ci/system test")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.IgnoreCertErrors, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("lang", "en"),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := context.WithTimeout(t.Context(), 15*time.Minute)
	t.Cleanup(stop)
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(end)
	ctx, leave := chromedp.NewContext(ctx)
	t.Cleanup(leave)
	// Closed before its folder goes, or the browser still writes into it.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	b := &tab{t, c, ctx}
	b.run(emulation.SetScriptExecutionDisabled(true), emulation.SetLocaleOverride().WithLocale("en-GB"))
	return b
}

func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) eval(js string, into any) {
	b.t.Helper()
	b.run(chromedp.Evaluate(js, into))
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.c.URL + path))
}

// press sends keys to whatever has the focus.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.run(chromedp.KeyEvent(keys))
}

// reach presses Tab until the focus is on what a selector names.
func (b *tab) reach(selector string) {
	b.t.Helper()
	for range 80 {
		var there bool
		b.eval(fmt.Sprintf("document.activeElement.matches(%q)", selector), &there)
		if there {
			return
		}
		b.press(kb.Tab)
	}
	b.t.Fatalf("the keyboard does not reach %s", selector)
}

// goes presses Enter and waits for the page that comes of it.
func (b *tab) goes() {
	b.t.Helper()
	var first float64
	b.eval("performance.timeOrigin", &first)
	b.press(kb.Enter)
	for began := time.Now(); time.Since(began) < 2*time.Minute; {
		var now float64
		var state string
		err := chromedp.Run(b.ctx, chromedp.Evaluate("performance.timeOrigin", &now), chromedp.Evaluate("document.readyState", &state))
		if err == nil && now != first && state == "complete" {
			return
		}
		b.run(chromedp.Sleep(20 * time.Millisecond))
	}
	b.t.Fatal("no page came")
}

func (b *tab) text() (s string) {
	b.t.Helper()
	b.eval("document.body.innerText", &s)
	return s
}

func (b *tab) signIn(role string) {
	b.t.Helper()
	b.open("/console/sign-in")
	b.reach("input[name=name]")
	b.press(role)
	b.reach("input[name=password]")
	b.press(b.c.page[role])
	b.goes()
	if !strings.Contains(b.text(), role) {
		b.t.Fatalf("not signed in:\n%s", b.text())
	}
}

// look looks at the page as it is on a desk and on a telephone: nothing may
// stand out to the side. Pictures are kept for eyes where PICTURES says.
func (b *tab) look(name string) {
	b.t.Helper()
	for _, width := range []int64{1280, 320} {
		b.run(chromedp.EmulateViewport(width, 800))
		var out int64
		b.eval("document.documentElement.scrollWidth", &out)
		if out > width {
			b.t.Errorf("%s is %d wide on a screen of %d", name, out, width)
		}
		dir := os.Getenv("PICTURES")
		if dir == "" {
			continue
		}
		var shot []byte
		b.run(chromedp.FullScreenshot(&shot, 100))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("console-%s-%d.png", name, width)), shot, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	b.run(chromedp.EmulateViewport(1280, 800))
}

// face draws a picture that is easy to tell from another.
func face(of color.Color) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 200, 200))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{230, 232, 235, 255}), image.Point{}, draw.Src)
	for y := range 200 {
		for x := range 200 {
			head, body := (x-100)*(x-100)+(y-80)*(y-80) < 45*45, (x-100)*(x-100)/2+(y-220)*(y-220) < 85*85
			if head || body {
				img.Set(x, y, of)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // a picture in memory
	}
	return b.Bytes()
}

// people are registrations of a morning: one known, one who may be she, some
// others.
func people() (in []reconcile.Incoming) {
	for i, answers := range [][]string{
		{"given_name", "María Guadalupe", "surname", "Ixtlahuaca", "second_surname", "Cruz", "birth_date", "1990-05-17", "sex", "F", "municipality", "Tlacolula", "locality", "San Isidro", "phone", "951 123 4567", "occupation", "weaver", "photo", "a.png"},
		{"given_name", "Pedro", "surname", "Luna", "second_surname", "Díaz", "birth_date", "1984-11-02", "sex", "M", "municipality", "Etla"},
		{"given_name", "Guadalupe", "surname", "Ixtlahuaca", "second_surname", "Cruz", "birth_date", "1990-05-17", "sex", "F", "municipality", "Tlacolula", "locality", "San Isidro", "phone", "951 777 8899", "occupation", "teacher", "photo", "b.png"},
		{"given_name", "Itzel", "surname", "Xolalpa", "second_surname", "Tun", "birth_date", "2015-03-21", "sex", "F", "municipality", "Ocotlán"},
	} {
		n := uint64(i + 1)
		reg := &civic.Registration{ID: civic.NewRegistrationID([]byte("k"), n), Device: civic.DeviceID{1}, Counter: n, Area: office, Form: civic.FormRef{ID: "identity", Version: "1"}, Sealed: civic.Stamp{Wall: 1_789_990_000 + int64(n)*600}}
		for j := 0; j < len(answers); j += 2 {
			reg.Answers = append(reg.Answers, civic.Answer{Path: answers[j], Value: answers[j+1]})
		}
		in = append(in, reconcile.Incoming{Registration: reg, Digest: civic.Digest{byte(i)}, Form: plain{}})
	}
	return in
}

func TestBrowser(t *testing.T) {
	pictures := map[string][]byte{"a.png": face(color.RGBA{120, 72, 40, 255}), "b.png": face(color.RGBA{60, 96, 140, 255})}
	var opened []string
	c := newConsoleWith(t, people(), func(w *web.Config, r *reconcile.Config) {
		r.Second = func(context.Context, ledger.Tx) (reconcile.SecondPair, error) {
			return reconcile.SecondPair{Risk: 100}, nil
		}
		w.Outbox = func(context.Context) ([]registry.Waits, error) {
			return []registry.Waits{{Registry: "national", Depth: 3, Since: 1_789_900_000, Told: 120}}, nil
		}
		w.Pictures = func(_ context.Context, _ civic.Area, id civic.RegistrationID, _ string) ([]civic.Attachment, error) {
			name := "a.png"
			if id == people()[2].Registration.ID {
				name = "b.png"
			}
			return []civic.Attachment{{Name: name, Media: "image/png", Digest: sha256.Sum256([]byte(name))}}, nil
		}
		w.Picture = func(_ context.Context, _ civic.Area, d civic.Digest) ([]byte, error) {
			for name, b := range pictures {
				if d == sha256.Sum256([]byte(name)) {
					opened = append(opened, name)
					return b, nil
				}
			}
			return nil, civic.NewProblem(civic.UploadUnknown, nil)
		}
	})
	password, err := c.access.AddStaff(t.Context(), "second-reviewer", "", "supervisor", "test")
	if err != nil {
		t.Fatal(err)
	}
	c.page["second-reviewer"] = password
	b := newTab(t, c)

	b.signIn("reviewer")
	b.look("overview")
	b.reach("a[href='/console/reviews']")
	b.goes()
	b.look("queue")
	b.reach("td a[href^='/console/reviews/']")
	b.goes()
	b.look("review")
	s := b.text()
	for _, want := range []string{"María Guadalupe", "951 777 8899", "≠ differs", "Weight in bits", "teacher", "Visits"} {
		if !strings.Contains(s, want) {
			t.Errorf("the review does not show %q:\n%s", want, s)
		}
	}
	var shown int
	b.eval("[...document.images].filter(i => i.naturalWidth == 200).length", &shown)
	if shown != 2 || len(opened) < 2 {
		t.Errorf("%d pictures are shown side by side, %v were opened", shown, opened)
	}
	// Same, said with a reason; it takes a second reviewer.
	decide := func() {
		b.reach("input[type=radio]")
		b.press(" ")
		b.reach("#note")
		b.press("the same scar on the left hand")
		b.reach("form.stack button")
		b.goes()
	}
	decide()
	if s := b.text(); !strings.Contains(s, "A second reviewer") || !strings.Contains(s, "reviewer has looked") || len(c.told) != 0 {
		t.Fatalf("it was merged by one:\n%s", s)
	}
	b.look("queue-second")
	b.reach("td a[href^='/console/reviews/']")
	b.goes()
	if s := b.text(); !strings.Contains(s, "You have given your answer") {
		t.Errorf("the first reviewer is asked again:\n%s", s)
	}
	b.reach("form.who button")
	b.goes()

	b.signIn("second-reviewer")
	b.open("/console/reviews")
	b.reach("td a[href^='/console/reviews/']")
	b.goes()
	b.look("review-second")
	decide()
	if s := b.text(); !strings.Contains(s, "You decided") || len(c.told) != 1 || c.told[0].Status != civic.Merged {
		t.Fatalf("two said the same:\n%s\n%+v", s, c.told)
	}
	b.look("decided")
	b.reach(".done button") // undo
	b.goes()
	if s := b.text(); !strings.Contains(s, "Your decision") || len(c.told) != 2 || c.told[1].Status != civic.Held {
		t.Fatalf("undo did not bring the question back:\n%s\n%+v", s, c.told)
	}
	person := "/console/persons/" + string(office) + "/" + c.outcomes[0].Persons[0].Person.String()
	b.open(person)
	b.look("reason")
	b.reach("[name=reason]")
	b.press("she asks at the counter what is known of her")
	b.reach("main form button")
	b.goes()
	b.look("person")
	if !strings.Contains(b.text(), "weaver") {
		t.Errorf("the person is not shown:\n%s", b.text())
	}
	b.open("/console/")
	b.reach("form.who button")
	b.goes()
	for role, pages := range map[string][]string{"administrator": {"devices", "quarantine"}, "auditor": {"audit"}} {
		b.signIn(role)
		for _, p := range pages {
			b.open("/console/" + p)
			b.look(p)
		}
		b.open("/console/")
		b.reach("form.who button")
		b.goes()
	}
}
