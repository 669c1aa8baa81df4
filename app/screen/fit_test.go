package screen

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/sync/civic"
)

// everyday fills a kit with one registration in each state and a draft.
func everyday(k *fakeKit) {
	k.alerts = []kit.Alert{{Code: civic.ClockDoubt, Words: []string{"2 d"}}, {Code: civic.DiskNear, Words: []string{"800 MB"}}}
	for i, s := range []civic.Status{civic.Sealed, civic.Received, civic.Registered, civic.Merged, civic.Held, civic.Returned, civic.Quarantined} {
		row := kit.Row{ID: civic.RegistrationID{byte(i + 1)}, Reference: fmt.Sprintf("mx-20-067/a1b2/%d", i+1), Name: "María Guadalupe Hernández de la Cruz Villavicencio",
			Services: []civic.ServiceID{"birth"}, Sealed: noon, Status: s}
		if s == civic.Held {
			row.Reasons = []civic.Reason{{Code: "match_twin"}}
		}
		k.sealed = append(k.sealed, fakeSealed{row: row, answers: []civic.Answer{
			{Path: "child/given_name", Value: "María Guadalupe"}, {Path: "child/birth_date", Value: "2026-11"}, {Path: "child/surname", Absent: civic.None}}})
	}
	if _, err := k.Begin(context.Background(), "birth"); err != nil {
		k.t.Fatal(err)
	}
}

// pages opens every page of the app in turn.
func (d *desk) everyPage(look func(name string)) {
	show := func(p page) {
		d.open(p)
		look(p.name())
	}
	d.kit.state = kit.NotEnrolled
	show(&enrolPage{err: civic.NewProblem(civic.CodeExpired, nil)})
	d.kit.state = kit.Locked
	show(&unlockPage{err: civic.NewProblem(civic.WrongPassphrase, nil)})
	d.kit.state = kit.Unlocked
	for _, p := range []page{&homePage{}, &findPage{query: "María"}, &servicesPage{}, &servicesPage{who: &someone{ref: capture.Ref{Registration: civic.RegistrationID{1}}, name: "María Guadalupe", born: "1956"}}, &listPage{}, &registrationPage{id: civic.RegistrationID{5}}, &checkPage{verdict: &kit.Verdict{Reason: civic.ReceiptForged}},
		&settingsPage{}, &helpPage{}, &receiptPage{id: civic.RegistrationID{1}, fresh: true}, &overseePage{err: civic.NewProblem(civic.NotSupervisor, nil), code: "0a1b2-c3d4e"}, &dayPage{}, &dayRowsPage{title: "Ana Ruiz"}, &pickPage{title: "Foto"},
		&syncPage{result: &kit.SyncResult{Sent: 23, Settled: 20, Held: 1, Pending: 2, BytesUp: 4321, BytesDown: 999}}, &syncPage{err: civic.NewProblem(civic.NoNetwork, errors.New("x"))}} {
		show(p)
	}
	d.c.Camera = camera.New(camera.Config{Program: d.dir + "/none", Devices: d.dir})
	sources := []camera.Source{{Format: "v4l2", Input: "/dev/video0", Name: "Integrated Camera: Rear"}, {Format: "v4l2", Input: "/dev/video2", Name: "Front"}}
	for _, p := range []page{&checkPage{}, &livePage{title: "Foto", code: func(string) bool { return false }, file: func() {}, sources: sources},
		&livePage{title: "Foto", photo: func([]byte) error { return nil }, file: func() {}, sources: sources, stop: func() {}}, &livePage{title: "Foto", photo: func([]byte) error { return nil }, file: func() {}, taken: camera.Frame("x")},
		&camerasPage{asked: true, sources: sources, err: civic.NewProblem(civic.CameraSource, nil, "http:")}} {
		show(p)
	}
	d.c.Media = func() []string { return []string{d.dir} }
	d.kit.backup = d.dir
	for _, p := range []page{&pinPage{err: civic.NewProblem(civic.WrongPIN, nil, "4")}, &officersPage{}, &officerPage{officer: kit.Officer{Name: "Luis Gil"}}, &newOfficerPage{},
		&secretPage{}, &sendingPage{}, &mediaPage{}, &restorePage{}, &recoverPage{}} {
		show(p)
	}
	d.kit.leads()
	for _, p := range []page{&overseePage{}, &oddityPage{oddity: d.kit.odd[0]}, &approvalPage{}, &giveBackPage{row: kit.Row{Name: "María"}, err: civic.NewProblem(civic.WordsWanted, nil)}, &registrationPage{id: civic.RegistrationID{1}}, &homePage{}} {
		show(p)
	}
	iv, err := d.kit.Begin(d.ctx, "birth")
	if err != nil {
		d.t.Fatal(err)
	}
	p := newInterviewPage(iv)
	show(p)
	known, err := d.kit.BeginFor(d.ctx, "birth", capture.Ref{Registration: civic.RegistrationID{1}}, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	show(&stillSoPage{iv: known, interview: p})
	show(newInterviewPage(known))
	for _, section := range iv.Sections(d.c.Words.Language()) {
		p.turn(section.Path)
		for _, r := range p.rows {
			p.left[r.item.Path] = true
			if r.row != nil {
				r.row.Unfold()
			}
		}
		p.criticise()
		look("interview " + section.Path)
	}
	show(&reviewPage{iv: iv, interview: p})
	show(&consentPage{iv: iv, interview: p, err: civic.NewProblem(civic.DiskFull, nil, "0 B", "4 kB")})
	show(&officesPage{iv: iv})
	d.tell("María Guadalupe Hernández de la Cruz Villavicencio", func() {})
	look("toast")
}

// No words are cut, nothing lies outside its page and no two things to press
// overlap, upright and wide, at every size of text, in every language.
func TestPagesFit(t *testing.T) {
	for _, c := range []struct {
		size  fyne.Size
		scale float32
	}{
		{fyne.NewSize(800, 1280), 1}, {fyne.NewSize(800, 1280), 1.5}, {fyne.NewSize(1280, 800), 1.25}, {fyne.NewSize(1280, 800), 1.5}, {fyne.NewSize(600, 1024), 1.5},
	} {
		for i, lang := range []string{"es", "en"} {
			d := newDesk(t, c.size, Look{Language: lang, Scale: c.scale, Palette: theme.Palettes()[i]}, everyday)
			d.everyPage(func(name string) {
				where := fmt.Sprintf("%s, %v, scale %v, %s", name, c.size, c.scale, lang)
				d.fits(where)
				d.apart(where)
			})
		}
	}
}

// fits looks at every object that is drawn.
func (d *desk) fits(where string) {
	if got := d.win.Canvas().Size(); got != d.win.Content().Size() {
		d.t.Errorf("%s: the window is %v, its content %v", where, got, d.win.Content().Size())
	}
	seen := 0
	defer func() {
		if seen < 5 {
			d.t.Errorf("%s: only %d words are drawn", where, seen)
		}
	}()
	width := d.win.Canvas().Size().Width
	driver := fyne.CurrentApp().Driver()
	for _, o := range test.LaidOutObjects(d.win.Content()) {
		words, ok := o.(*canvas.Text)
		if !ok || !o.Visible() || words.Text == "" {
			continue
		}
		seen++
		at := driver.AbsolutePositionForObject(o)
		if at.X < -0.5 || at.X+o.MinSize().Width > width+1 {
			d.t.Errorf("%s: %q reaches from %v to %v", where, words.Text, at.X, at.X+o.MinSize().Width)
		}
		if o.Size().Height+0.5 < o.MinSize().Height {
			d.t.Errorf("%s: %q is %v high and needs %v", where, words.Text, o.Size().Height, o.MinSize().Height)
		}
	}
}

// apart looks at everything that can be pressed: large enough, and not on top
// of one another.
func (d *desk) apart(where string) {
	_, places := d.Places()
	if len(places) < 3 {
		d.t.Errorf("%s: only %d things are named", where, len(places))
	}
	for i, a := range places {
		if a.Name == "page" || a.Name == "receipt.code" || a.Name == "toast" {
			continue
		}
		if a.Height < theme.Target-0.5 || a.Width < theme.Target-0.5 {
			d.t.Errorf("%s: %s is %v by %v", where, a.Name, a.Width, a.Height)
		}
		for _, b := range places[i+1:] {
			if b.Name == "page" || b.Name == "receipt.code" || inside(a.Name, b.Name) || scrolled(a.Name) != scrolled(b.Name) {
				continue
			}
			if a.X+0.5 < b.X+b.Width && b.X+0.5 < a.X+a.Width && a.Y+0.5 < b.Y+b.Height && b.Y+0.5 < a.Y+a.Height {
				d.t.Errorf("%s: %s and %s overlap: %v %v", where, a.Name, b.Name, a, b)
			}
		}
	}
}

// inside tells whether one name is an option of the other.
func inside(a, b string) bool {
	return len(a) < len(b) && b[:len(a)] == a || len(b) < len(a) && a[:len(b)] == b
}

// scrolled tells whether a thing moves with the page: it may then lie behind a
// bar.
func scrolled(name string) bool {
	for _, bar := range []string{"back", "help", "next", "later", "absent", "previous", "seal", "done", "toast", "language", "unlock.go", "enrol.go", "receipt.pdf",
		"receipt.png", "receipt.same", "still.go", "still.anew", "find.new", "receipt.next", "receipt", "list", "sync", "check", "settings", "lock", "sync.go", "sync.stop", "check.go", "check.picture", "pick.take", "media", "sending", "secret", "recover", "pin.go", "officers.add", "officer.add", "officer.end", "secret.go", "sending.go",
		"camera.file", "camera.other", "camera.turn", "camera.take", "camera.keep", "camera.again", "camera.retry", "cameras.try", "oversee.go", "oversee.apply", "oversee.day", "oversee.switch", "oversee.calm", "approval.go", "giveback.go", "giveback", "approve", "correct", "day.pdf", "day.csv",
		"media.export", "media.backup", "media.restore", "restore.go", "recover.ask", "offices", "aloud"} {
		if name == bar {
			return false
		}
	}
	return true
}
