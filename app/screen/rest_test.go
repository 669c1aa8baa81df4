package screen

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/background"
	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestEnrolOnTheFirstStart(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, func(k *fakeKit) { k.state = kit.NotEnrolled })
	d.wantPage("enrol")
	d.write("https://central.example:7443")
	d.key(fyne.KeyReturn, fyne.KeyReturn) // the code is forgotten
	d.write("Ana Ruiz")
	d.key(fyne.KeyReturn, fyne.KeyReturn)
	d.write(goodPass)
	d.key(fyne.KeyReturn)
	d.wantPage("enrol")
	p := d.current().(*enrolPage)
	if civic.CodeOf(p.err) != civic.CodeMalformed || p.in.Officer != "Ana Ruiz" || p.in.Passphrase != goodPass {
		t.Fatalf("told %v; what was typed is kept as %q %q", p.err, p.in.Officer, p.in.Passphrase)
	}
	p.in.Code = "9DC5-V4Y2"
	d.shortcutKey(fyne.KeyReturn)
	d.wantPage("home")
	if p.in.Passphrase != "" {
		t.Error("the page still holds the passphrase")
	}
}

// A language is switched while the program runs, on every page, and kept for
// the next start; so are the colours and the size.
func TestSettingsHoldAtOnce(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF8)
	d.wantPage("settings")
	d.key(fyne.KeyTab) // to the first choice, from nothing
	d.win.Canvas().Focus(d.names["settings.language"].(fyne.Focusable))
	d.write("s") // the letter of Español that English does not have
	if d.view.title != "Ajustes" {
		t.Errorf("the title is %q after the switch", d.view.title)
	}
	d.win.Canvas().Focus(d.names["settings.palette"].(fyne.Focusable))
	d.write("o")
	d.win.Canvas().Focus(d.names["settings.size"].(fyne.Focusable))
	d.write("3")
	want := theme.Look{Palette: theme.Dark, Scale: 1.5}
	if got := d.theme().Look(); got != want {
		t.Errorf("the look is %+v, want %+v", got, want)
	}
	if got := d.look(); got.Language != "es" || got.Palette != theme.Dark || got.Scale != 1.5 {
		t.Errorf("kept for the next start: %+v", got)
	}
}

func TestListsByStateAndName(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, everyday)
	d.kit.sealed[4].row.Name = "Pedro Páramo"
	d.press("home.needs")
	d.wantPage("list")
	p := d.current().(*listPage)
	if n := len(p.lines.Objects); n != 3 {
		t.Errorf("%d lines need a person, want held, returned and set aside", n)
	}
	p.query = "pedro"
	p.fill()
	d.win.Canvas().Focus(d.names["list.search"].(fyne.Focusable))
	d.key(fyne.KeyReturn)
	d.wantPage("registration")
	if d.view.title != "Pedro Páramo" {
		t.Errorf("opened %q", d.view.title)
	}
	d.key(fyne.KeyReturn)
	d.wantPage("receipt")
	d.key(fyne.KeyEscape, fyne.KeyEscape, fyne.KeyEscape)
	d.wantPage("home")
}

func TestCheckReceipt(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF5)
	d.wantPage("check")
	d.current().(*checkPage).typed = sampleCode
	d.rebuild()
	d.key(fyne.KeyReturn)
	if v := d.current().(*checkPage).verdict; v == nil || !v.Valid {
		t.Errorf("the verdict is %+v", v)
	}
	png, err := d.kit.ReceiptPNG(context.Background(), civic.RegistrationID{})
	if err != nil {
		t.Fatal(err)
	}
	d.current().(*checkPage).verdict = nil
	d.checkFile(fyne.KeyF6, png)
}

// checkFile has a receipt read from a picture in a file; key leads to the files.
func (d *desk) checkFile(key fyne.KeyName, picture []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "code.png"), picture, 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.key(key)
	d.wantPage("pick")
	d.key(fyne.KeyReturn)
	d.wantPage("check")
	if v := d.current().(*checkPage).verdict; v == nil || !v.Valid {
		d.t.Errorf("the verdict on the picture is %+v", v)
	}
}

// Sending shows how far it is and can be stopped; what the runner does by
// itself shows too.
func TestSyncProgressAndStop(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, everyday)
	begun := make(chan struct{})
	var page *syncPage
	d.kit.sync = func(ctx context.Context, progress func(kit.Progress)) (kit.SyncResult, error) {
		progress(kit.Progress{Phase: "send", Done: 12_000, Total: 48_000, Rate: 3000, Left: 12 * time.Second})
		if got := page.words.Text(); !strings.Contains(got, "12 kB of 48 kB") || !strings.Contains(got, "3 kB a second") || !strings.Contains(got, "10 seconds left") {
			t.Errorf("the progress is told as %q", got)
		}
		close(begun)
		page.stop()
		<-ctx.Done()
		return kit.SyncResult{}, civic.NewProblem(civic.Stopped, ctx.Err())
	}
	d.key(fyne.KeyF4)
	page = d.current().(*syncPage)
	d.key(fyne.KeyReturn)
	<-begun
	if page.running || civic.CodeOf(page.err) != civic.Stopped {
		t.Errorf("after the stop: running %v, %v", page.running, page.err)
	}
	d.kit.sync = nil
	d.key(fyne.KeyReturn)
	if page.result == nil || page.result.Settled == 0 {
		t.Errorf("the second pass came to %+v", page.result)
	}
	d.heard(background.Event{Online: true, Synced: true})
}

func TestPIN(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.open(&secretPage{})
	d.write("123456")
	d.key(fyne.KeyReturn)
	if d.kit.pin != "123456" {
		t.Fatalf("the PIN is %q", d.kit.pin)
	}
	d.home()
	d.key(fyne.KeyF9)
	d.wantPage("pin")
	d.write("111111")
	d.key(fyne.KeyReturn)
	d.wantPage("pin")
	if err := d.current().(*pinPage).err; civic.CodeOf(err) != civic.WrongPIN {
		t.Errorf("a wrong PIN is told as %v", err)
	}
	d.write("123456")
	d.key(fyne.KeyReturn)
	d.wantPage("home")
}

// A tablet left on a table shuts by itself; what was typed is kept.
func TestRestShutsTheScreen(t *testing.T) {
	var ticks []func()
	now := noon
	d := newDesk(t, upright(), Look{Language: "en"})
	d.c.Later = func(after time.Duration, f func()) {
		if after == time.Minute {
			ticks = append(ticks, f)
		}
	}
	d.c.Clock = func() time.Time { return now }
	d.watchRest()
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.write("Ana")
	now = now.Add(restsAtMost - time.Minute)
	ticks[0]()
	d.wantPage("interview")
	now = now.Add(2 * time.Minute)
	ticks[1]()
	d.wantPage("unlock")
	for _, draft := range d.kit.drafts {
		if len(draft.Answers) == 0 || draft.Answers[0].Value != "Ana" {
			t.Errorf("the draft holds %+v", draft.Answers)
		}
	}
}

func TestOfficers(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.open(&officersPage{})
	d.key(fyne.KeyReturn)
	d.wantPage("officer-new")
	d.write("Luis Gil")
	d.key(fyne.KeyReturn, fyne.KeyReturn)
	if err := d.current().(*newOfficerPage).err; civic.CodeOf(err) != civic.WeakPassphrase {
		t.Errorf("an empty passphrase is told as %v", err)
	}
	d.current().(*newOfficerPage).pass = goodPass
	d.shortcutKey(fyne.KeyReturn)
	d.wantPage("officers")
	d.press("officer.1")
	d.wantPage("officer")
	d.key(fyne.KeyF6)
	d.wantPage("officers")
	if len(d.kit.officers) != 0 {
		t.Error("the officer still has access")
	}
}

func TestMedia(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	stick := t.TempDir()
	d.c.Media = func() []string { return []string{stick} }
	d.open(&mediaPage{})
	d.key(fyne.KeyF6)
	if d.kit.backup != stick {
		t.Errorf("the copy is kept in %q", d.kit.backup)
	}
	d.press("media.backup.stop")
	if d.kit.backup != "" || !d.toast.Undo() || d.kit.backup != stick {
		t.Errorf("stopped and undone, the copy is kept in %q", d.kit.backup)
	}
	d.shortcutKey(fyne.KeyReturn)
	if _, err := os.Stat(filepath.Join(stick, "sealed")); err != nil {
		t.Error(err)
	}
	p := d.current().(*mediaPage)
	p.dir = filepath.Join(stick, "gone")
	d.shortcutKey(fyne.KeyReturn)
	if civic.CodeOf(p.err) != civic.MediumFailed {
		t.Errorf("a stick that is gone is told as %v", p.err)
	}
	p.dir = stick
	d.key(fyne.KeyF7)
	d.wantPage("restore")
	r := d.current().(*restorePage)
	r.ask(d.Shell)
	if _, err := os.Stat(filepath.Join(stick, "restore-request.age")); err != nil {
		t.Error(err)
	}
	r.release = filepath.Join(stick, "release")
	if err := os.WriteFile(r.release, []byte("yes"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.shortcutKey(fyne.KeyReturn)
	if d.kit.released != "yes" || !strings.Contains(r.done, "12") {
		t.Errorf("released %q, told %q", d.kit.released, r.done)
	}
}

func TestForgottenPassphrase(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) { k.state = kit.Locked })
	stick := t.TempDir()
	d.c.Media = func() []string { return []string{stick} }
	d.win.Canvas().Unfocus()
	d.key(fyne.KeyF6)
	d.wantPage("recover")
	p := d.current().(*recoverPage)
	p.officer, p.pass = "Luis", goodPass
	d.shortcutKey(fyne.KeyReturn)
	request := filepath.Join(stick, "recovery-request.age")
	if _, err := os.Stat(request); err != nil {
		t.Fatal(err)
	}
	p.release = request
	p.apply(d.Shell)
	d.wantPage("home")
}

func TestSendingRules(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) { k.keep = 30 * 24 * time.Hour })
	d.open(&sendingPage{})
	d.write("20000600")
	d.write("50")
	d.shortcutKey(fyne.KeyReturn)
	want := kit.SyncPolicy{From: 20 * 60, Until: 6 * 60, DailyBytes: 50_000_000}
	if d.kit.policy != want || d.kit.keep != 30*24*time.Hour {
		t.Errorf("kept %+v and %v", d.kit.policy, d.kit.keep)
	}
	d.open(&sendingPage{})
	p := d.current().(*sendingPage)
	if p.from != "20:00" || p.most != "50" || p.days != "30" {
		t.Errorf("shown again as %+v", p)
	}
	p.from = "27:00"
	d.shortcutKey(fyne.KeyReturn)
	if civic.CodeOf(p.err) != civic.AnswerTime {
		t.Errorf("a time that is none is told as %v", p.err)
	}
}

// A finished interview of a kit that was opened in the other language goes on
// in the language of the moment.
func TestQuestionsFollowTheLanguage(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	p := d.current().(*interviewPage)
	if got := p.rows[0].row.Label(); !strings.HasPrefix(got, "Given name") {
		t.Errorf("asked %q", got)
	}
	d.c.Words.Switch("es")
	if got := p.rows[0].row.Label(); !strings.HasPrefix(got, "Nombre") || p.iv.Language() != "es" {
		t.Errorf("asked %q, the interview is held in %q", got, p.iv.Language())
	}
}

// Practice cannot be overlooked: every page is striped while it lasts, and its
// tasks are ticked off as they are done.
func TestPractice(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, everyday)
	d.open(&settingsPage{})
	d.press("settings.practice")
	d.wantPage("home")
	if !d.kit.practice {
		t.Fatal("practice has not begun")
	}
	for _, p := range []page{&homePage{}, &findPage{}, &servicesPage{}, &listPage{}, &helpPage{}} {
		d.open(p)
		striped := 0
		for _, o := range test.LaidOutObjects(d.win.Content()) {
			if _, ok := o.(*canvas.Raster); ok {
				striped++
			}
		}
		if striped != 4 {
			t.Errorf("the page %s has %d stripes", p.name(), striped)
		}
	}
	d.home()
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.key(fyne.KeyF6)
	d.write("n")
	if !d.practised[taskAbsent] || d.practised[taskRegister] {
		t.Errorf("ticked off: %v", d.practised)
	}
	d.home()
	d.press("practice.end")
	if d.kit.practice || !d.toast.Undo() || !d.kit.practice {
		t.Error("ending practice cannot be taken back")
	}
}

// What was said too long ago is asked again, and the officer can say what was
// said then.
func TestWhyItIsAskedAgain(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) {
		k.sealed = []fakeSealed{{row: kit.Row{ID: civic.RegistrationID{1}, Name: "María Ruiz", Status: civic.Registered, Sealed: noon.AddDate(-12, 0, 0), Services: []civic.ServiceID{"birth"}},
			answers: []civic.Answer{{Path: "child/given_name", Value: "María"}, {Path: "home/phone", Value: "9511234567"}},
			consent: []civic.Consent{{Service: "birth", Purpose: capture.ReusePurpose, Given: true}}}}
	})
	d.key(fyne.KeyF2)
	d.write("ruiz")
	d.key(fyne.KeyReturn)
	d.write("1")
	p := d.pages[len(d.pages)-1]
	if still, ok := p.(*stillSoPage); ok {
		p = still.interview
		d.key(fyne.KeyReturn)
	}
	interview := p.(*interviewPage)
	interview.turn("home")
	i := slices.IndexFunc(interview.rows, func(r *row) bool { return r.item.Path == "home/phone" })
	if i < 0 || !strings.Contains(interview.rows[i].hint(), "9511234567") {
		t.Errorf("the stale telephone, row %d, is not asked with what was said", i)
	}
}
