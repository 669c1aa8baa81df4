package screen

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/voice"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// fakeVoice keeps what it is to say.
type fakeVoice struct {
	said   []saying
	during func(piece int) // happens while a piece is read
	err    error
	stops  int
}

type saying struct {
	language string
	pace     voice.Pace
	pieces   []voice.Piece
	broken   bool
}

func (s saying) texts() []string {
	var all []string
	for _, p := range s.pieces {
		all = append(all, p.Text)
	}
	return all
}

func (v *fakeVoice) Say(ctx context.Context, language string, pace voice.Pace, pieces []voice.Piece, at func(int)) error {
	n := len(v.said)
	v.said = append(v.said, saying{language, pace, pieces, false})
	if v.err != nil {
		return v.err
	}
	for i := range pieces {
		at(i)
		if during := v.during; during != nil {
			during(i)
		}
		if ctx.Err() != nil {
			v.said[n].broken = true
			return voice.ErrStopped
		}
	}
	return nil
}

func (v *fakeVoice) Stop() { v.stops++ }

// last is what was said last.
func (d *desk) lastSaid() saying {
	d.t.Helper()
	if len(d.voice.said) == 0 {
		d.t.Fatal("nothing was said")
	}
	return d.voice.said[len(d.voice.said)-1]
}

// consenting is a desk at the consent page.
func consenting(t *testing.T, look Look) (*desk, *consentPage) {
	t.Helper()
	d := newDesk(t, upright(), look)
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.ask(map[string]string{"child/given_name": "Ana\n", "child/sex": "1", "child/birth_date": "03112026", "mother/given_name": "Eva\n", "father/father_named": "n", "proof/informant": "1"})
	d.key(fyne.KeyReturn)
	d.wantPage("consent")
	return d, d.current().(*consentPage)
}

// chosen is the sealed choice for an agency, "" for all.
func (d *desk) chosen(agency string) civic.Consent {
	d.t.Helper()
	d.wantPage("receipt")
	for _, c := range d.kit.sealed[len(d.kit.sealed)-1].consent {
		if c.Agency == agency {
			return c
		}
	}
	d.t.Fatalf("no choice for %q", agency)
	return civic.Consent{}
}

func (d *desk) told() string {
	return strings.Join(d.names["consent.told"].(*widget.Choice).Picked(), "")
}

// What is read is what the choice keeps the digest of, to the letter; read to
// its end it counts as read aloud, for a choice before and for one after.
func TestConsentIsReadAloud(t *testing.T) {
	for _, language := range []string{"en", "es"} {
		for _, before := range []bool{true, false} {
			d, _ := consenting(t, Look{Language: language, Pace: voice.Slow})
			if d.told() != "shown" {
				t.Fatalf("told is %q", d.told())
			}
			if before {
				d.write("1")
			}
			var lit []string
			d.voice.during = func(int) {
				if d.spoken != nil && d.spoken.lit != nil {
					lit = append(lit, d.spoken.lit.Text())
				}
				if got := d.names["aloud"].(*widget.Button).Words(); got != d.c.Words.Say("aloud.stop") {
					t.Errorf("the button says %q", got)
				}
			}
			d.key(fyne.KeyF10)
			said := d.lastSaid()
			if said.language != language || said.pace != voice.Slow || len(said.pieces) != 5 {
				t.Fatalf("%+v", said)
			}
			if want := []string{said.pieces[0].Text, said.pieces[1].Text, said.pieces[4].Text}; !slices.Equal(lit, want) {
				t.Errorf("lit was %q", lit)
			}
			if d.told() != "aloud" || d.Told() == "" || d.spoken != nil || d.names["aloud"].(*widget.Button).Words() != d.c.Words.Say("aloud.go") {
				t.Errorf("after the end: told %q, %q", d.told(), d.Told())
			}
			if !before {
				d.win.Canvas().Focus(d.names["consent:birth"].(fyne.Focusable))
				d.write("1")
			}
			d.press("seal")
			c := d.chosen("")
			if !c.ReadAloud || !c.Given || c.Language != language || c.Words != civic.NoticeDigest(noticeName, language, said.texts()...) {
				t.Errorf("%+v", c)
			}
		}
	}
}

// What is broken off does not count: by the same key, by leaving the page, by
// sealing, by shutting the screen, by closing. The officer who reads the rest
// says so by hand.
func TestBrokenOffDoesNotCount(t *testing.T) {
	for name, stop := range map[string]func(d *desk){
		"key": func(d *desk) { d.key(fyne.KeyF10) }, "back": func(d *desk) { d.press("back") }, "other page": func(d *desk) { d.key(fyne.KeyF6) },
		"help": func(d *desk) { d.key(fyne.KeyF1) }, "language": func(d *desk) { d.c.Words.Switch("es") },
		"lock": func(d *desk) { d.lock() }, "close": func(d *desk) { d.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			d, p := consenting(t, Look{Language: "en"})
			d.write("y")
			d.voice.during = func(i int) {
				if i == 3 {
					stop(d)
				}
			}
			d.key(fyne.KeyF10)
			if said := d.voice.said[0]; !said.broken || d.voice.stops != 1 || d.spoken != nil || len(d.voice.said) != 1 {
				t.Errorf("%+v, %d stops", said, d.voice.stops)
			}
			if p.iv.Told().ReadAloud || p.iv.Draft().Consents[0].ReadAloud {
				t.Error("it counts as read aloud")
			}
		})
	}
	d, _ := consenting(t, Look{Language: "en"})
	d.write("y")
	d.voice.during = func(i int) { d.press("seal") }
	d.key(fyne.KeyF10)
	if c := d.chosen(""); c.ReadAloud || !d.voice.said[0].broken {
		t.Errorf("sealed while it was read: %+v", c)
	}

	d, _ = consenting(t, Look{Language: "en"})
	d.write("y")
	d.voice.during = func(i int) { d.key(fyne.KeyF10) }
	d.key(fyne.KeyF10)
	d.voice.during = nil
	d.names["consent.told"].(*widget.Choice).Pick(1)
	d.press("seal")
	if c := d.chosen(""); !c.ReadAloud {
		t.Errorf("said by hand: %+v", c)
	}
}

// The mark is of the words that were read: not of the page that was not read,
// nor of the same words in another language. By hand it can be taken back.
func TestMarkIsOfTheWords(t *testing.T) {
	office := func(d *desk) {
		d.key(fyne.KeyF6)
		d.wantPage("offices")
		d.names["consent.office:birth.health"].(*widget.Choice).Pick(1)
	}
	d, _ := consenting(t, Look{Language: "en"})
	d.write("y")
	d.key(fyne.KeyF10)
	office(d)
	d.press("back")
	if d.told() != "aloud" {
		t.Errorf("told is %q", d.told())
	}
	d.press("seal")
	if all, health := d.chosen(""), d.chosen("health"); !all.ReadAloud || health.ReadAloud {
		t.Errorf("%+v, %+v", all, health)
	}

	d, _ = consenting(t, Look{Language: "en"})
	d.write("y")
	office(d)
	d.key(fyne.KeyF10)
	texts := d.lastSaid().texts()
	var law bool
	for _, text := range texts {
		law = law || text == d.c.Words.Say("consent.offices.law")
	}
	if !law || texts[0] != d.c.Words.Say("consent.offices.explain") {
		t.Errorf("read was %q", texts)
	}
	d.press("back")
	if d.told() != "shown" {
		t.Errorf("told is %q", d.told())
	}
	d.press("seal")
	if all, health := d.chosen(""), d.chosen("health"); all.ReadAloud || !health.ReadAloud {
		t.Errorf("%+v, %+v", all, health)
	}

	d, _ = consenting(t, Look{Language: "en"})
	d.key(fyne.KeyF10)
	d.c.Words.Switch("es")
	d.names["consent:birth"].(*widget.Choice).Pick(0)
	if d.told() != "shown" {
		t.Errorf("read in English, chosen in Spanish: %q", d.told())
	}
	d.key(fyne.KeyF10)
	if d.told() != "aloud" || d.lastSaid().language != "es" {
		t.Errorf("read in Spanish: %q", d.told())
	}
	d.names["consent.told"].(*widget.Choice).Pick(0)
	d.press("seal")
	if c := d.chosen(""); c.ReadAloud {
		t.Errorf("taken back by hand: %+v", c)
	}
}

// What cannot be read is said in one plain sentence, and the visit goes on; the
// mark stays for the officer's hand.
func TestNoVoice(t *testing.T) {
	for _, code := range []civic.Code{civic.VoiceAbsent, civic.VoiceLanguage, civic.VoiceSilent, civic.VoiceBroken} {
		for language, advice := range map[string]string{"en": "Read it to the person yourself.", "es": "Lea usted mismo el texto a la persona."} {
			d, _ := consenting(t, Look{Language: language})
			d.voice.err = civic.NewProblem(code, nil, "es")
			d.key(fyne.KeyF10)
			if !strings.Contains(d.Told(), advice) || d.told() != "shown" || d.spoken != nil {
				t.Errorf("%s: told %q, %q", code, d.Told(), d.told())
			}
			d.names["consent:birth"].(*widget.Choice).Pick(0)
			d.press("seal")
			if d.chosen("").ReadAloud {
				t.Error("it counts as read aloud")
			}
		}
	}
	d, _ := consenting(t, Look{Language: "en"})
	d.c.Voice = nil
	d.rebuild()
	if _, there := d.names["aloud"]; there {
		t.Error("a kit without a voice offers to read")
	}
	d.key(fyne.KeyF10)
}

// recorded puts a form on the kit that has recordings and a label made of answers.
func recorded(k *fakeKit) {
	book := formtest.Workbook(k.t, map[string]string{
		"survey": `type | name | label::English (en) | label::Español (es) | hint::English (en) | media::audio::English (en) | media::audio::Español (es)
begin_group | a | About you | De usted
text | name | **Name** | Nombre | As people call you | name-en.wav | jr://audio/name-es.wav
select_one yn | ready | Are you ready? | ¿Está lista? | | absent.wav
text | more | And what else, ${name}? | ¿Y qué más, ${name}?
end_group`,
		"choices": `list_name | name | label::English (en) | label::Español (es) | media::audio::English (en)
yn | yes | Yes | Sí | yes.wav
yn | no | No | No`,
		"settings": "form_title | form_title::Español (es) | form_id | version | default_language\nSpoken | Hablado | spoken | 1 | English (en)",
	})
	packed, err := form.Pack(book, map[string][]byte{"name-en.wav": []byte("1"), "name-es.wav": []byte("2"), "yes.wav": []byte("3")})
	if err != nil {
		k.t.Fatal(err)
	}
	if k.form, err = form.Load(packed); err != nil {
		k.t.Fatal(err)
	}
}

// F10 reads the question at hand: label, hint and choices, the form's own
// recording in the language of the moment going along; never what was answered.
func TestQuestionIsReadAloud(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, recorded)
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	if len(d.voice.said) != 0 {
		t.Fatalf("said by itself: %+v", d.voice.said)
	}
	want := func(language string, pieces ...voice.Piece) {
		t.Helper()
		said := d.lastSaid()
		if said.language != language || !slices.EqualFunc(said.pieces, pieces, func(a, b voice.Piece) bool { return a.Text == b.Text && string(a.Recorded) == string(b.Recorded) }) {
			t.Errorf("said %+v, want %+v", said, pieces)
		}
	}
	d.write("Rosalia")
	d.key(fyne.KeyF10)
	want("en", voice.Piece{Text: "Name", Recorded: []byte("1")}, voice.Piece{Text: "As people call you"})
	d.key(fyne.KeyReturn)
	d.press("aloud") // by a press, which takes the keyboard away
	want("en", voice.Piece{Text: "Are you ready?"}, voice.Piece{Text: "Yes", Recorded: []byte("3")}, voice.Piece{Text: "No"})
	d.c.Words.Switch("es")
	d.win.Canvas().Focus(d.names["q:a/name"].(fyne.Focusable))
	d.key(fyne.KeyF10)
	want("es", voice.Piece{Text: "Nombre", Recorded: []byte("2")}, voice.Piece{Text: "As people call you"})
	for _, said := range d.voice.said {
		if strings.Contains(strings.Join(said.texts(), " "), "Rosalia") {
			t.Errorf("an answer was said: %q", said.texts())
		}
	}
	// Going on to another question ends what is read of the one before.
	d.voice.during = func(int) { d.win.Canvas().Focus(d.names["q:a/ready"].(fyne.Focusable)) }
	d.key(fyne.KeyF10)
	if !d.lastSaid().broken {
		t.Error("the question before is read on")
	}
}

// Where the officer has switched it on, each question is read as it is reached,
// once; one that repeats an answer only when it is asked for.
func TestQuestionsByThemselves(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en", Aloud: true}, recorded)
	d.key(fyne.KeyF2, fyne.KeyReturn)
	d.wantPage("interview")
	d.write("Rosalia")
	d.key(fyne.KeyReturn)
	d.write("1")
	if len(d.voice.said) != 2 || d.voice.said[0].pieces[0].Text != "Name" || d.voice.said[1].pieces[0].Text != "Are you ready?" {
		t.Fatalf("said %+v", d.voice.said)
	}
	if d.win.Canvas().Focused() != d.names["q:a/more"].(fyne.Focusable) {
		t.Fatal("the last question is not at hand")
	}
	d.key(fyne.KeyF10)
	if got := d.lastSaid().pieces[0].Text; got != "And what else, Rosalia?" {
		t.Errorf("asked for it said %q", got)
	}
	// What fails by itself is told once.
	d.voice.err = civic.NewProblem(civic.VoiceSilent, nil)
	before := len(d.voice.said)
	for _, q := range []string{"q:a/name", "q:a/ready", "q:a/name"} {
		d.win.Canvas().Focus(d.names[q].(fyne.Focusable))
	}
	if len(d.voice.said) != before+1 || d.Told() == "" {
		t.Errorf("said %d times more", len(d.voice.said)-before)
	}
}

// The receipt and who looked are read as they stand on the page; the citizen's
// code is not.
func TestReceiptAndLooksAreReadAloud(t *testing.T) {
	d, _ := consenting(t, Look{Language: "en"})
	d.write("y")
	d.press("seal")
	d.wantPage("receipt")
	if len(d.voice.said) != 0 {
		t.Error("said by itself")
	}
	d.key(fyne.KeyF10)
	texts := strings.Join(d.lastSaid().texts(), "\n")
	for _, want := range []string{"María Guadalupe", d.c.Words.Say("receipt.looks"), d.c.Words.Say("receipt.sealed"), d.serviceTitle("birth")} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not read on the receipt: %q", want, texts)
		}
	}
	d.open(&looksPage{receipt: "x"})
	d.write("4711ab")
	d.key(fyne.KeyF10)
	if got := d.lastSaid().texts(); !slices.Equal(got, []string{d.c.Words.Say("looks.intro")}) {
		t.Errorf("read before: %q", got)
	}
	d.key(fyne.KeyReturn)
	d.key(fyne.KeyF10)
	texts = strings.Join(d.lastSaid().texts(), "\n")
	for _, want := range []string{d.c.Words.Say("looks.object"), d.c.Words.Say("looks.hidden", "1"), d.c.Words.Say("looks.action.disclosure")} {
		if !strings.Contains(texts, want) {
			t.Errorf("%q is not read of the looks: %q", want, texts)
		}
	}
	if strings.Contains(texts, "4711ab") {
		t.Error("the code is read")
	}
}

// How quickly it reads and whether it begins by itself hold at once and for the
// next start; a sample can be heard.
func TestVoiceSettings(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"})
	d.key(fyne.KeyF8)
	d.key(fyne.KeyF10)
	if said := d.lastSaid(); said.pace != "" || said.pieces[0].Text != d.c.Words.Say("aloud.sample") {
		t.Errorf("%+v", said)
	}
	d.names["settings.pace"].(*widget.Choice).Pick(2)
	d.names["settings.aloud"].(*widget.Choice).Pick(1)
	d.key(fyne.KeyF10)
	if said := d.lastSaid(); said.pace != voice.Fast {
		t.Errorf("%+v", said)
	}
	if got := LookFile(d.dir + "/look.json").Load(); got.Pace != voice.Fast || !got.Aloud {
		t.Errorf("kept: %+v", got)
	}
}
