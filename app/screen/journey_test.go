package screen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// said is what an officer types to each question, Enter included as "\n". A
// question that is not named is gone past by Enter.
var said = map[string]string{
	"child/given_name": "Ana\n", "child/surname": "Ruiz\n", "child/sex": "m", "child/birth_date": "03112026", "child/born_at": "e",
	"child/helper": "p", "mother/given_name": "Eva\n", "mother/birth_date": "1998\n", "father/father_named": "n",
	"proof/informant": "l",
}

// ask answers whatever has the keyboard until the review stands.
func (d *desk) ask(said map[string]string) (answered, passed int) {
	d.t.Helper()
	for range 80 {
		p, ok := d.current().(*interviewPage)
		if !ok {
			return answered, passed
		}
		path := p.focusedPath()
		words, ok := said[path]
		if !ok {
			passed++
			if p.moreToSay(said) {
				d.key(fyne.KeyReturn)
			} else {
				d.shortcutKey(fyne.KeyReturn)
			}
			continue
		}
		answered++
		for _, r := range words {
			if r == '\n' {
				d.key(fyne.KeyReturn)
				continue
			}
			d.write(string(r))
		}
	}
	d.t.Fatalf("the interview does not end; the keyboard is at %q", d.current().(*interviewPage).focusedPath())
	return 0, 0
}

// moreToSay tells whether a question of the page is still to be answered: else
// the officer goes on to the next page at once.
func (p *interviewPage) moreToSay(said map[string]string) bool {
	for _, r := range p.rows {
		if said[r.item.Path] != "" && !r.answered() {
			return true
		}
	}
	return false
}

// The whole path by keyboard alone, from the locked kit to the next person.
func TestJourneyByKeyboard(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, func(k *fakeKit) { k.state = 1 })
	d.wantPage("unlock")
	d.write("olvidada")
	d.key(fyne.KeyReturn)
	d.wantPage("unlock")
	if p := d.current().(*unlockPage); civic.CodeOf(p.err) != civic.WrongPassphrase {
		t.Errorf("a wrong passphrase is told as %v", p.err)
	}
	d.key(fyne.KeyEnd)
	for range len("olvidada") {
		d.key(fyne.KeyBackspace)
	}
	d.write(goodPass)
	d.key(fyne.KeyReturn)
	d.wantPage("home")
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	d.ask(said)
	d.wantPage("review")
	d.key(fyne.KeyReturn)
	d.wantPage("consent")
	d.key(fyne.KeyReturn, fyne.KeyReturn) // not asked yet: nothing is sealed
	d.wantPage("consent")
	d.write("s")
	d.key(fyne.KeyReturn)
	d.wantPage("receipt")
	if len(d.kit.sealed) != 1 || len(d.kit.drafts) != 0 {
		t.Fatalf("%d registrations are sealed and %d drafts left", len(d.kit.sealed), len(d.kit.drafts))
	}
	kept := map[string]string{}
	for _, a := range d.kit.sealed[0].answers {
		kept[a.Path] = a.Value
	}
	for path, want := range map[string]string{"child/given_name": "Ana", "child/surname": "Ruiz", "child/sex": "female", "child/birth_date": "2026-11-03",
		"child/born_at": "home", "mother/birth_date": "1998", "father/father_named": "no"} {
		if kept[path] != want {
			t.Errorf("%s is kept as %q, want %q", path, kept[path], want)
		}
	}
	if c := d.kit.sealed[0].consent; len(c) != 1 || !c[0].Given || c[0].Language != "es" {
		t.Errorf("the consent is kept as %+v", c)
	}
	d.key(fyne.KeyF7)
	if found, _ := filepath.Glob(filepath.Join(d.dir, "out", "comprobante-*.png")); len(found) != 1 {
		t.Errorf("the picture was not saved: %v", found)
	}
	d.shortcut(&fyne.ShortcutUndo{})
	if found, _ := filepath.Glob(filepath.Join(d.dir, "out", "*.png")); len(found) != 0 {
		t.Errorf("undo left %v", found)
	}
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	d.key(fyne.KeyEscape)
	d.wantPage("home")
}

// A new person with 15 questions answered costs at most 50 keys, as UX.md
// allows; the program counts them itself.
func TestKeysOfANewPerson(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"})
	fifteen := map[string]string{
		"child/given_name": "Ana\n", "child/surname": "Cruz\n", "child/second_surname": "Gil\n", "child/sex": "m", "child/birth_date": "03112026",
		"child/born_at": "e", "child/helper": "p", "mother/given_name": "Eva\n", "mother/surname": "Gil\n", "mother/birth_date": "1998\n",
		"mother/languages": "e\n", "father/father_named": "n", "home/siblings_alive": "2\n", "proof/informant": "l", "proof/papers": "c\n",
	}
	keys, taps := d.Strokes()
	d.key(fyne.KeyF2, fyne.KeyReturn)
	n, passed := d.ask(fifteen)
	d.wantPage("review")
	after, tapped := d.Strokes()
	t.Logf("%d questions answered with %d keys and %d presses, from the home page to the review; %d more went past what was left empty",
		n, after-keys-passed, tapped-taps, passed)
	if n != 15 {
		t.Errorf("%d questions were answered, want 15", n)
	}
	if cost := after - keys - passed; cost > 50 {
		t.Errorf("15 questions cost %d keys", cost)
	}
}

// What is typed survives a crash at any question: the draft holds it and is
// offered on the home page.
func TestDraftIsOfferedAgain(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.write("Ana")
	d.key(fyne.KeyReturn)
	d.write("Ruiz")
	d.key(fyne.KeyReturn) // the crash comes here: nothing more is called
	again := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) { k.drafts = d.kit.drafts })
	again.press("home.draft.0")
	again.wantPage("interview")
	p := again.current().(*interviewPage)
	if got := p.focusedPath(); got != "child/second_surname" {
		t.Errorf("the keyboard is at %q, want the first question without an answer", got)
	}
	if got := p.rows[1].value(); got != "Ruiz" {
		t.Errorf("the surname is shown as %q", got)
	}
}

// What is wrong is said when the question is left, in words, and holds the
// officer once; the second time he goes on, and the review names it again.
func TestWhatIsWrongIsSaidOnLeaving(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	p := d.current().(*interviewPage)
	for _, r := range p.rows {
		if r.row != nil && r.row.Message() != "" {
			t.Errorf("%s is criticised before anybody answered: %q", r.item.Path, r.row.Message())
		}
	}
	p.focusOn("child/birth_date")
	d.write("31022026")
	var message string
	for _, r := range p.rows {
		if r.item.Path == "child/birth_date" {
			message = r.row.Message()
		}
	}
	if !strings.Contains(message, "calendar") {
		t.Errorf("a day the calendar does not have is told as %q", message)
	}
	d.shortcutKey(fyne.KeyReturn)
	if got := p.focusedPath(); got != "child/given_name" {
		t.Errorf("going on leads to %q, want the first question that needs an answer", got)
	}
	before := p.section
	d.shortcutKey(fyne.KeyReturn)
	if p.section == before {
		t.Error("the second time it does not go on")
	}
}

// "Not known" is an answer: it is kept, shown, and taken back by typing.
func TestNoAnswerIsAnAnswer(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn, fyne.KeyF6)
	d.write("n")
	p := d.current().(*interviewPage)
	if a := p.iv.State("child/given_name").Answer; a.Absent != civic.Unknown {
		t.Fatalf("kept as %+v", a)
	}
	if got := p.focusedPath(); got != "child/surname" {
		t.Errorf("the keyboard is at %q, want the next question", got)
	}
	p.focusOn("child/given_name")
	d.write("Ana")
	d.key(fyne.KeyReturn)
	if a := p.iv.State("child/given_name").Answer; a.Absent != civic.Present || a.Value != "Ana" {
		t.Errorf("typed afterwards, it is kept as %+v", a)
	}
}

func TestPhotoFromAFile(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	if err := os.WriteFile(filepath.Join(d.dir, "Niña.PNG"), samplePicture(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "notes.txt"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.key(fyne.KeyF2, fyne.KeyReturn)
	p := d.current().(*interviewPage)
	p.turn("proof")
	d.press("q:proof/photo")
	d.wantPage("pick")
	d.write("nin")
	if got := len(d.current().(*pickPage).matching()); got != 1 {
		t.Errorf("%d pictures are found, want the one whose name fits without its accent", got)
	}
	d.key(fyne.KeyReturn)
	d.wantPage("interview")
	if a := p.iv.Attachments(); len(a) != 1 || a[0].Name != "Niña.PNG" {
		t.Errorf("attached: %+v", a)
	}
	d.press("q:proof/photo")
	d.write(filepath.Join(d.dir, "notes.txt"))
	d.key(fyne.KeyReturn)
	d.wantPage("pick")
	if err := d.current().(*pickPage).err; civic.CodeOf(err) != civic.PictureUnknown {
		t.Errorf("a text file is told as %v", err)
	}
}

// A full disk loses nothing: the answer stays in its field, the words say what
// happened.
func TestFullDiskWhileAnswering(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.write("Ana")
	d.kit.err = civic.NewProblem(civic.DiskFull, nil, "0 B", "4 kB")
	d.key(fyne.KeyReturn)
	if !strings.Contains(d.Told(), "disk is full") {
		t.Errorf("told: %q", d.Told())
	}
	p := d.current().(*interviewPage)
	if got := p.rows[0].value(); got != "Ana" {
		t.Errorf("the field holds %q", got)
	}
}

func TestSealingRefused(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.ask(map[string]string{"child/given_name": "Ana\n", "child/sex": "f", "child/birth_date": "03112026", "mother/given_name": "Eva\n", "father/father_named": "n", "proof/informant": "1"})
	d.key(fyne.KeyReturn)
	d.write("n")
	d.kit.err = civic.NewProblem(civic.DiskFull, nil, "0 B", "4 kB")
	d.key(fyne.KeyReturn)
	d.wantPage("consent")
	if len(d.kit.sealed) != 0 || len(d.kit.drafts) != 1 {
		t.Errorf("%d sealed, %d drafts", len(d.kit.sealed), len(d.kit.drafts))
	}
	d.key(fyne.KeyReturn)
	d.wantPage("receipt")
}

// There is no "are you sure": an interview is thrown away and can be taken back.
func TestDiscardAndUndo(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.write("Ana")
	d.key(fyne.KeyReturn)
	d.press("discard")
	d.wantPage("home")
	if len(d.kit.drafts) != 0 {
		t.Fatal("the draft is still there")
	}
	if !d.toast.Undo() {
		t.Fatal("there is no way back")
	}
	d.wantPage("interview")
	if got := d.current().(*interviewPage).rows[0].value(); got != "Ana" {
		t.Errorf("taken back, the name is %q", got)
	}
}

// A known person is found by name, what is held is confirmed by one press and
// shown with where it comes from, and only the rest is asked.
func TestKnownPersonIsAskedTheRest(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.ask(said)
	d.key(fyne.KeyReturn)
	d.write("s")
	d.key(fyne.KeyReturn)
	d.wantPage("receipt")
	d.kit.sealed[0].row.Sealed = noon.AddDate(0, -2, 0)

	d.home()
	keys, taps := d.Strokes()
	d.key(fyne.KeyF2)
	d.wantPage("find")
	d.write("Ruiz")
	d.key(fyne.KeyReturn)
	d.wantPage("services")
	d.write("1")
	if d.current().name() == "still" {
		d.key(fyne.KeyReturn)
	}
	d.wantPage("interview")
	p := d.current().(*interviewPage)
	if m := p.iv.Meter(); m.Saved() < 3 {
		t.Fatalf("saved %+v", m)
	}
	for _, r := range p.rows {
		if p.held[r.item.Path].Taken && r.focus != nil {
			t.Errorf("%s is held and asked all the same", r.item.Path)
		}
	}
	after, tapped := d.Strokes()
	t.Logf("found and looked over with %d keys and %d presses; %+v", after-keys, tapped-taps, p.iv.Meter())

	// One press says something else.
	for path := range p.held {
		d.press("known:" + path)
		if p.held[path].Taken || p.focusedPath() != path {
			t.Errorf("%s is not asked anew; the keyboard is at %q", path, p.focusedPath())
		}
		break
	}
}

func TestFamilyIsOnePressAway(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, everyday)
	d.key(fyne.KeyF2)
	d.write("María")
	d.press("find.0")
	d.wantPage("services")
	d.press("family.0")
	d.wantPage("services")
	if p := d.current().(*servicesPage); p.who.name != "Eva Gil" || p.who.ref.Subject != "mother" {
		t.Errorf("the visit is about %+v", p.who)
	}
	d.key(fyne.KeyEscape)
	d.wantPage("find")
}

// A new person who resembles a known one is pointed out, and what is known is
// one press away.
func TestResemblanceIsPointedOut(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) {
		k.sealed = []fakeSealed{{row: kit.Row{ID: civic.RegistrationID{1}, Name: "María Ruiz", Status: civic.Registered, Sealed: noon, Services: []civic.ServiceID{"birth"}}}}
	})
	d.key(fyne.KeyF2, fyne.KeyReturn)
	p := d.current().(*interviewPage)
	d.write("María")
	d.key(fyne.KeyReturn)
	if p.alike.Visible() {
		t.Error("a given name alone is pointed out")
	}
	d.write("Ruiz")
	d.key(fyne.KeyReturn)
	if !p.alike.Visible() {
		t.Fatal("the resemblance is not pointed out")
	}
	p.focusOn("child/birth_date")
	d.write("03111956")
	if p.alike.Visible() {
		t.Error("a birth seventy years before still looks alike")
	}
	p.focusOn("child/birth_date")
	for range 8 {
		d.key(fyne.KeyBackspace)
	}
	d.write("03112026")
	d.press("alike")
	d.wantPage("services")
	if w := d.current().(*servicesPage).who; w == nil || w.name != "María Ruiz" || len(d.kit.drafts) != 0 {
		t.Errorf("it goes on with %+v and %d drafts", w, len(d.kit.drafts))
	}
	d.toast.Undo()
	d.wantPage("interview")
}

// What may have changed is confirmed by one press, changed by another, or all
// asked anew; each leads on to the questions.
func TestStillSo(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(d *desk)
		held bool
	}{
		{"all still so", func(d *desk) { d.key(fyne.KeyReturn) }, true},
		{"asked anew", func(d *desk) { d.key(fyne.KeyF7) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, upright(), Look{Language: "en"}, func(k *fakeKit) {
				k.sealed = []fakeSealed{{row: kit.Row{ID: civic.RegistrationID{1}, Name: "María Ruiz", Status: civic.Registered, Sealed: noon.AddDate(-1, 0, 0), Services: []civic.ServiceID{"birth"}},
					answers: []civic.Answer{{Path: "child/given_name", Value: "María"}, {Path: "child/surname", Value: "Ruiz"}, {Path: "home/locality", Value: "Santa Ana"}, {Path: "home/phone", Value: "9511234567"}, {Path: "home/municipality", Value: "Tlacolula"}},
					consent: []civic.Consent{{Service: "birth", Purpose: capture.ReusePurpose, Given: true}}}}
			})
			d.key(fyne.KeyF2)
			d.write("ruiz")
			d.key(fyne.KeyReturn)
			d.write("1")
			d.wantPage("still")
			p := d.current().(*stillSoPage)
			before := len(p.iv.StillSo("en"))
			if before == 0 {
				t.Fatal("nothing is to be confirmed")
			}
			c.do(d)
			d.wantPage("interview")
			if got := p.iv.Meter().Confirmed == before; got != c.held {
				t.Errorf("the meter is %+v, %d were to be confirmed", p.iv.Meter(), before)
			}
		})
	}
}

// A known person can be the mother: what is held of her is shown, the child is
// asked.
func TestChildOfAKnownMother(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "es"}, func(k *fakeKit) {
		k.sealed = []fakeSealed{{row: kit.Row{ID: civic.RegistrationID{1}, Name: "Eva Ruiz", Status: civic.Registered, Sealed: noon.AddDate(0, -3, 0), Services: []civic.ServiceID{"birth"}},
			answers: []civic.Answer{{Path: "child/given_name", Value: "Eva"}, {Path: "child/surname", Value: "Ruiz"}, {Path: "child/birth_date", Value: "1998-04-02"}},
			consent: []civic.Consent{{Service: "birth", Purpose: capture.ReusePurpose, Given: true}}}}
	})
	d.key(fyne.KeyF2)
	d.write("eva")
	d.key(fyne.KeyReturn)
	d.wantPage("services")
	d.press("service.birth.child")
	if d.current().name() == "still" {
		d.key(fyne.KeyReturn)
	}
	d.wantPage("interview")
	p := d.current().(*interviewPage)
	if got := p.iv.State("mother/given_name").Answer.Value; got != "Eva" {
		t.Errorf("the mother is called %q", got)
	}
	if got := p.iv.State("child/given_name").Answer.Value; got != "" {
		t.Errorf("the child is called %q already", got)
	}
}

// focusOn goes to a question as a tap on it does.
func (p *interviewPage) focusOn(path string) {
	for _, r := range p.rows {
		if r.item.Path == path && r.focus != nil {
			p.s.c.Window.Canvas().Focus(r.focus)
		}
	}
}
