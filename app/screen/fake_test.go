package screen

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/text"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/receipt"
)

// noon is the moment of every test.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const goodPass = "cuatro palabras sin nada"

// fakeKit is a kit in memory with the sample form.
type fakeKit struct {
	fakeRest
	t      *testing.T
	state  kit.State
	form   *form.Form
	drafts map[capture.DraftID]capture.Draft
	thrown capture.Draft
	sealed []fakeSealed
	alerts []kit.Alert
	err    error // of the next thing done
	sync   func(ctx context.Context, progress func(kit.Progress)) (kit.SyncResult, error)
	pics   map[string][]byte
}

type fakeSealed struct {
	row     kit.Row
	answers []civic.Answer
	consent []civic.Consent
}

func newFakeKit(t *testing.T) *fakeKit {
	t.Helper()
	raw, err := assets.Forms.ReadFile("forms/birth.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	f, err := form.Load(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeKit{t: t, state: kit.Unlocked, form: f, drafts: map[capture.DraftID]capture.Draft{}, pics: map[string][]byte{}}
}

func (k *fakeKit) fault() error { err := k.err; k.err = nil; return err }

func (k *fakeKit) State() kit.State { return k.state }

func (k *fakeKit) Enrol(_ context.Context, in kit.EnrolInput) error {
	if err := k.fault(); err != nil {
		return err
	}
	if in.Code == "" {
		return civic.NewProblem(civic.CodeMalformed, nil)
	}
	k.state = kit.Unlocked
	return nil
}

func (k *fakeKit) Unlock(_ context.Context, pass string) error {
	if pass != goodPass {
		return civic.NewProblem(civic.WrongPassphrase, nil)
	}
	k.state = kit.Unlocked
	return nil
}

func (k *fakeKit) Lock(context.Context) error      { k.state = kit.Locked; return nil }
func (k *fakeKit) ProposePassphrase(string) string { return "lluvia camello tornillo abril" }

func (k *fakeKit) Home(context.Context) (kit.Home, error) {
	h := kit.Home{Office: "mx-20-067", Officer: "Ana Ruiz", KitName: "Tableta 7", LastContact: noon.Add(-10 * time.Minute), Today: len(k.sealed), Alerts: k.alerts, Unseen: k.over.Unseen, UnseenGoes: k.over.Goes}
	for _, d := range k.drafts {
		info := kit.DraftInfo{ID: d.ID, Form: d.Form, Title: map[string]string{"es": k.form.Title("es"), "en": k.form.Title("en")}, Updated: noon, Answered: len(d.Answers)}
		for _, a := range d.Answers {
			if strings.HasSuffix(a.Path, "given_name") && info.Name == "" {
				info.Name = a.Value
			}
		}
		h.Drafts = append(h.Drafts, info)
	}
	h.Counts.Drafts = len(h.Drafts)
	for _, s := range k.sealed {
		switch s.row.Status {
		case civic.Sealed:
			h.Counts.Sealed++
		case civic.Received:
			h.Counts.Received++
		case civic.Registered, civic.Merged:
			h.Counts.Settled++
		case civic.Held:
			h.Counts.Held++
		case civic.Returned:
			h.Counts.Returned++
		}
	}
	return h, k.fault()
}

func (k *fakeKit) Services() []kit.Service {
	return []kit.Service{{ID: k.form.Service(), Form: k.form.Ref(), Titles: map[string]string{"es": k.form.Title("es"), "en": k.form.Title("en")},
		Languages: k.form.Languages(), Questions: 28}, {ID: kit.ListService, Titles: map[string]string{"es": "Lista", "en": "List"}, Questions: 10}}
}

// Keep implements capture.Keeper.
func (k *fakeKit) Keep(_ context.Context, d capture.Draft) error {
	if err := k.fault(); err != nil {
		return err
	}
	k.drafts[d.ID] = d
	return nil
}

func (k *fakeKit) interview(d capture.Draft) *capture.Interview {
	return capture.New(k.form, form.Env{Now: func() time.Time { return noon }, Zone: time.UTC}, d, k, func() civic.Stamp { return civic.Stamp{Wall: noon.Unix()} })
}

func (k *fakeKit) Begin(context.Context, civic.FormID) (*capture.Interview, error) {
	d := capture.Draft{ID: capture.DraftID{byte(len(k.drafts) + 1)}, Form: k.form.Ref(), Services: []civic.ServiceID{k.form.Service()}}
	k.drafts[d.ID] = d
	return k.interview(d), k.fault()
}

func (k *fakeKit) Resume(_ context.Context, id capture.DraftID) (*capture.Interview, error) {
	return k.interview(k.drafts[id]), k.fault()
}

func (k *fakeKit) Discard(_ context.Context, id capture.DraftID) error {
	k.thrown = k.drafts[id]
	delete(k.drafts, id)
	return k.fault()
}

func (k *fakeKit) Restore(_ context.Context, id capture.DraftID) error {
	k.drafts[id] = k.thrown
	return k.fault()
}

func (k *fakeKit) Attach(ctx context.Context, iv *capture.Interview, path, name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err == nil {
		_, _, err = image.DecodeConfig(bytes.NewReader(b))
	}
	if err != nil {
		return civic.NewProblem(civic.PictureUnknown, err)
	}
	if _, taken := k.pics[name]; taken {
		name = strconv.Itoa(len(k.pics)) + name
	}
	k.pics[name] = b
	return iv.Attach(ctx, path, civic.Attachment{Name: name, Media: "image/png"})
}

func (k *fakeKit) Picture(_ context.Context, a civic.Attachment) ([]byte, error) {
	return k.pics[a.Name], nil
}

func (k *fakeKit) Seal(_ context.Context, iv *capture.Interview) (civic.RegistrationID, error) {
	if err := k.fault(); err != nil {
		return civic.RegistrationID{}, err
	}
	d := iv.Draft()
	id := civic.RegistrationID{byte(len(k.sealed) + 1)}
	var name []string
	for _, a := range d.Answers {
		if strings.HasPrefix(a.Path, "child/") && strings.HasSuffix(a.Path, "name") {
			name = append(name, a.Value)
		}
	}
	k.sealed = append(k.sealed, fakeSealed{kit.Row{ID: id, Reference: "mx-20-067/a1b2/1", Name: strings.Join(name, " "), Services: d.Services, Sealed: noon, Status: civic.Sealed}, d.Answers, d.Consents})
	delete(k.drafts, d.ID)
	return id, nil
}

func (k *fakeKit) Registrations(_ context.Context, f kit.Filter) ([]kit.Row, error) {
	var out []kit.Row
	for _, s := range slices.Backward(k.sealed) {
		if (len(f.Statuses) == 0 || slices.Contains(f.Statuses, s.row.Status)) && strings.Contains(strings.ToLower(s.row.Name), strings.ToLower(f.Query)) {
			if r := k.unseen(s.row); r.Unseen || !f.Unseen {
				out = append(out, r)
			}
		}
	}
	return out, k.fault()
}

func (k *fakeKit) Registration(_ context.Context, id civic.RegistrationID, lang string) (kit.Entry, error) {
	for _, s := range k.sealed {
		if s.row.ID == id {
			return kit.Entry{Row: k.unseen(s.row), Sections: capture.ReviewOf(k.form, form.Env{Now: func() time.Time { return noon }}, s.answers, lang)}, nil
		}
	}
	return kit.Entry{}, civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
}

// sampleCode is a text as long as a receipt's.
var sampleCode = strings.Repeat("NCFOXN%TS3DH3ZSUZK", 22)

func (k *fakeKit) Receipt(_ context.Context, id civic.RegistrationID) (kit.Receipt, error) {
	return kit.Receipt{Registration: id, Text: sampleCode, Reference: "mx-20-067/a1b2/1", Name: "María Guadalupe Hernández de la Cruz", BirthDate: "2026-11-03",
		Office: "mx-20-067", Services: []civic.ServiceID{k.form.Service()}, Issued: noon.Add(-time.Minute)}, k.fault()
}

func (k *fakeKit) ReceiptPNG(context.Context, civic.RegistrationID) ([]byte, error) {
	return receipt.PNG(sampleCode)
}

func (k *fakeKit) Looks(context.Context, string, string) (kit.Looks, error) {
	return kit.Looks{At: time.Unix(1_790_000_000, 0), Offline: true, Hidden: 1, Rows: []kit.Look{{
		At: time.Unix(1_780_000_000, 0), Kind: "agency", Who: "salud", Action: "disclosure", Purpose: "dpv:HealthcareDelivery",
		Fields: []civic.Attribute{"birth_date"}, Basis: "legal obligation", Agreement: "salud-1", Reason: "a visit to the clinic",
	}}}, nil
}

func (k *fakeKit) SlipPDF(context.Context, civic.RegistrationID, string) ([]byte, error) {
	return []byte("%PDF slip"), nil
}

func (k *fakeKit) ReceiptPDF(context.Context, civic.RegistrationID, string) ([]byte, error) {
	return []byte("%PDF-1.4 sample"), nil
}

func (k *fakeKit) Verify(_ context.Context, t string) (kit.Verdict, error) {
	if strings.HasPrefix(t, "https:") {
		return kit.Verdict{Reason: civic.ReceiptUnreadable}, nil
	}
	if t != sampleCode {
		return kit.Verdict{Reason: civic.ReceiptForged}, nil
	}
	return kit.Verdict{Valid: true, Name: "María Hernández", BirthDate: "1956-04", Reference: "mx-20-067/a1b2/1", Office: "mx-20-067", Issued: noon}, nil
}

func (k *fakeKit) VerifyPicture(ctx context.Context, r io.Reader) (kit.Verdict, error) {
	t, err := receipt.ReadPicture(r)
	if err != nil {
		return kit.Verdict{}, civic.NewProblem(civic.PictureNoCode, err)
	}
	return k.Verify(ctx, t)
}

func (k *fakeKit) Sync(ctx context.Context, _ time.Duration, progress func(kit.Progress)) (kit.SyncResult, error) {
	if k.sync != nil {
		return k.sync(ctx, progress)
	}
	r := kit.SyncResult{Sent: len(k.sealed), Settled: len(k.sealed), BytesUp: 4210, BytesDown: 810}
	for i := range k.sealed {
		k.sealed[i].row.Status = civic.Registered
	}
	return r, k.fault()
}

// desk is a shell with a fake kit under a test's hands.
type desk struct {
	*Shell
	t     *testing.T
	kit   *fakeKit
	win   fyne.Window
	dir   string
	voice *fakeVoice
}

func newDesk(t *testing.T, size fyne.Size, look Look, change ...func(*fakeKit)) *desk {
	t.Helper()
	a := test.NewTempApp(t)
	w := a.NewWindow("kit")
	w.SetPadded(false)
	k := newFakeKit(t)
	for _, f := range change {
		f(k)
	}
	book, err := text.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	looks := LookFile(dir + "/look.json")
	if err := looks.Save(look); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, kit: k, win: w, dir: dir, voice: &fakeVoice{}}
	d.Shell = New(Config{Kit: k, Words: text.NewTeller(book, "en"), App: a, Window: w, Clock: func() time.Time { return noon }, Looks: looks,
		Pictures: []string{dir}, Exports: dir + "/out", Version: "test", Voice: d.voice,
		Work: func(f func()) { f() }, Do: func(f func()) { f() }, Later: func(time.Duration, func()) {}})
	t.Cleanup(d.Close)
	w.Resize(size)
	d.Start()
	w.Resize(size)
	return d
}

func upright() fyne.Size { return fyne.NewSize(800, 1280) }

// key strikes a key as the window's driver does.
func (d *desk) key(names ...fyne.KeyName) {
	for _, n := range names {
		e := &fyne.KeyEvent{Name: n}
		if f := d.win.Canvas().Focused(); f != nil {
			f.TypedKey(e)
		} else {
			d.win.Canvas().OnTypedKey()(e)
		}
	}
}

// write types text into what has the keyboard.
func (d *desk) write(s string) {
	for _, r := range s {
		f := d.win.Canvas().Focused()
		if f == nil {
			d.t.Fatalf("nothing has the keyboard to take %q on page %s", s, d.current().name())
		}
		f.TypedKey(&fyne.KeyEvent{Name: fyne.KeyName(strings.ToUpper(string(r)))})
		if f = d.win.Canvas().Focused(); f != nil {
			f.TypedRune(r)
		}
	}
}

// press presses something by its name.
func (d *desk) press(name string) {
	d.t.Helper()
	o, ok := d.names[name].(fyne.Tappable)
	if !ok {
		d.t.Fatalf("there is nothing to press named %q on page %s", name, d.current().name())
	}
	d.win.Canvas().Unfocus()
	o.Tapped(&fyne.PointEvent{Position: fyne.NewPos(20, 20)})
}

func (d *desk) wantPage(name string) {
	d.t.Helper()
	if got := d.current().name(); got != name {
		d.t.Fatalf("the page is %q, want %q (told: %q)", got, name, d.Told())
	}
}

// samplePicture is a small PNG.
func samplePicture(t *testing.T) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shortcutKey strikes a key with Ctrl, as the window's driver does.
func (d *desk) shortcutKey(name fyne.KeyName) {
	s := &desktop.CustomShortcut{KeyName: name, Modifier: fyne.KeyModifierControl}
	if f, ok := d.win.Canvas().Focused().(fyne.Shortcutable); ok {
		f.TypedShortcut(s)
		return
	}
	d.shortcut(s)
}
