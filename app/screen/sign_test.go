package screen

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/theme"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/formtest"
)

// signing puts a form with a signature, a drawing and a photo on the kit.
func signing(k *fakeKit) {
	f, err := form.Load(formtest.Workbook(k.t, map[string]string{
		"survey": `type | name | label::English (en) | label::Español (es) | appearance | required
begin_group | a | Agreement | Acuerdo
text | name | Name | Nombre
image | sign | Signature of the person or of who speaks for it | Firma de la persona o de quien habla por ella | signature | yes
image | map | The way to the house | El camino a la casa | draw
image | marked | Marked photo | Foto marcada | annotate
end_group`,
		"settings": "form_title | form_title::Español (es) | form_id | version | default_language\nAgreement | Acuerdo | agreement | 1 | English (en)",
	}))
	if err != nil {
		k.t.Fatal(err)
	}
	k.form = f
}

// sign draws a stroke on the pad of a question.
func (d *desk) sign(path string, wide float32) {
	d.t.Helper()
	p, ok := d.names["q:"+path].(*widget.Pad)
	if !ok {
		d.t.Fatalf("%s has a %T", path, d.names["q:"+path])
	}
	down := &desktop.MouseEvent{Button: desktop.MouseButtonPrimary}
	down.Position = fyne.NewPos(30, 60)
	p.MouseDown(down)
	for x := float32(30); x < 30+wide; x += 6 {
		p.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, 60+float32(int(x)%37))}, Dragged: fyne.NewDelta(6, 0)})
	}
	p.DragEnd()
	p.MouseUp(down)
}

func (d *desk) agreement() (*interviewPage, *capture.Interview) {
	d.t.Helper()
	iv, err := d.kit.Begin(d.ctx, "agreement")
	if err != nil {
		d.t.Fatal(err)
	}
	p := newInterviewPage(iv)
	d.open(p)
	return p, iv
}

// A signature is sealed after the pause, shown again when the draft is opened,
// and on the review; cleared it is no answer, and undo brings it back.
func TestASignatureIsKeptAndShownAgain(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, signing)
	var later []func()
	d.c.Later = func(_ time.Duration, f func()) { later = append(later, f) }
	_, iv := d.agreement()
	value := func() string { return iv.State("a/sign").Answer.Value }
	offset := d.scroll.Offset
	d.sign("a/sign", 200)
	if d.scroll.Offset != offset {
		t.Error("a drag on the pad moves the page")
	}
	d.sign("a/sign", 120)
	if value() != "" {
		t.Error("it is kept before the hand rests")
	}
	for _, f := range later {
		f()
	}
	if value() == "" || len(iv.Attachments()) != 1 || len(d.kit.drafts[iv.ID()].Attachments) != 1 {
		t.Fatalf("after the pause %q is kept, with %d attachments", value(), len(iv.Attachments()))
	}
	kept := d.kit.pics[value()]
	if m, err := png.Decode(bytes.NewReader(kept)); err != nil || len(kept) > 10_000 || m.Bounds().Dy() != 180 {
		t.Fatalf("%d bytes are kept: %v", len(kept), err)
	}
	if _, annotated := d.names["q:a/marked"].(*widget.Button); !annotated {
		t.Errorf("a photo to annotate is asked for with a %T", d.names["q:a/marked"])
	}

	// Opened again, from the disk.
	again, err := d.kit.Resume(d.ctx, iv.ID())
	if err != nil {
		t.Fatal(err)
	}
	iv = again
	p := newInterviewPage(iv)
	d.open(p)
	pad := d.names["q:a/sign"].(*widget.Pad)
	if !bytes.Equal(pad.Content(), kept) {
		t.Fatal("the draft does not show the signature again")
	}
	d.win.Canvas().Focus(pad)
	p.leaveAll()
	if value() == "" || !bytes.Equal(d.kit.pics[value()], kept) {
		t.Error("looking at it changed it")
	}
	d.open(&reviewPage{iv: iv, interview: p})
	if !d.pictured(kept) {
		t.Error("the review does not show the signature")
	}
	d.pop()

	d.press("sign.clear:a/sign")
	if value() != "" || len(iv.Attachments()) != 0 {
		t.Errorf("cleared, %q is kept", value())
	}
	d.press("sign.undo:a/sign")
	p.leaveAll()
	if !bytes.Equal(d.kit.pics[value()], kept) {
		t.Error("undo does not bring back what was cleared")
	}
}

// pictured tells whether the page has a picture with the sides of this one.
func (d *desk) pictured(content []byte) bool {
	c, _, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, o := range test.LaidOutObjects(d.win.Content()) {
		if m, ok := o.(*canvas.Image); ok && m.Resource != nil {
			if at, _, err := image.DecodeConfig(bytes.NewReader(m.Resource.Content())); err == nil && at.Width == c.Width && at.Height == c.Height {
				return true
			}
		}
	}
	return false
}

// Going on, by whatever way, keeps what was drawn last; nothing drawn is no
// answer; a reason stands in its place, and who changes his mind signs.
func TestNothingDrawnIsNoAnswer(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en"}, signing)
	p, iv := d.agreement()
	value := func(path string) civic.Answer { return iv.State(path).Answer }
	d.win.Canvas().Focus(d.names["q:a/sign"].(fyne.Focusable))
	d.key(fyne.KeyReturn)
	if got := p.focusedPath(); got != "a/map" || value("a/sign").Value != "" {
		t.Fatalf("Enter on an empty pad leads to %q, kept is %+v", got, value("a/sign"))
	}
	if found := iv.CheckAll(); len(found) != 1 || found[0].Path != "a/sign" {
		t.Errorf("a required signature that is missing: %+v", found)
	}
	d.sign("a/map", 150)
	d.rebuild() // the language or the looks have changed
	if value("a/map").Value == "" || d.names["q:a/map"].(*widget.Pad).Empty() {
		t.Error("what was drawn last is lost when the page is built again")
	}
	absent := d.names["absent:a/sign"].(*widget.Choice)
	var labels []string
	for _, o := range absent.Options() {
		labels = append(labels, o.Label)
	}
	if fmt.Sprint(labels) != "[did not sign does not want to sign cannot sign]" {
		t.Errorf("the reasons are %v", labels)
	}
	absent.Pick(2)
	if a := value("a/sign"); a.Absent != civic.None || len(iv.CheckAll()) != 0 {
		t.Errorf("a reason is kept as %+v, still wrong: %v", a, iv.CheckAll())
	}
	d.sign("a/sign", 200)
	d.win.Canvas().Unfocus()
	if a := value("a/sign"); a.Absent != civic.Present || a.Value == "" {
		t.Errorf("signed after all, kept is %+v", a)
	}
	d.sign("a/sign", 90)
	d.shortcutKey(fyne.KeyReturn)
	d.wantPage("review")
	d.key(fyne.KeyEscape)
	d.wantPage("interview")

	// A disk that is full for a moment takes it the next time.
	d.press("sign.clear:a/map")
	d.sign("a/map", 310)
	want := d.names["q:a/map"].(*widget.Pad).Content()
	d.kit.err = civic.NewProblem(civic.DiskFull, nil, "0 B", "4 kB")
	p.leaveAll()
	if d.Told() == "" {
		t.Error("nobody is told that the disk is full")
	}
	d.key(fyne.KeyEscape) // keeps it for later
	d.wantPage("home")
	draft := d.kit.drafts[iv.ID()]
	if n := len(draft.Attachments); n != 2 {
		t.Fatalf("%d attachments are on the disk: %+v", n, draft.Attachments)
	}
	if a := draft.Attachments[1]; !bytes.Equal(d.kit.pics[a.Name], want) {
		t.Error("the last drawing is not on the disk")
	}
}

// The pad fits upright and wide, at every size of text, in every palette.
func TestThePadFits(t *testing.T) {
	for _, c := range []struct {
		size  fyne.Size
		scale float32
	}{
		{fyne.NewSize(800, 1280), 1}, {fyne.NewSize(800, 1280), 1.5}, {fyne.NewSize(1280, 800), 1.25}, {fyne.NewSize(1280, 800), 1.5}, {fyne.NewSize(600, 1024), 1.5},
	} {
		for i, lang := range []string{"es", "en"} {
			d := newDesk(t, c.size, Look{Language: lang, Scale: c.scale, Palette: theme.Palettes()[(i+1)%len(theme.Palettes())]}, signing)
			p, iv := d.agreement()
			look := func(name string) {
				where := fmt.Sprintf("%s, %v, scale %v, %s", name, c.size, c.scale, lang)
				d.fits(where)
				d.apart(where)
			}
			look("empty pad")
			if pad := d.names["q:a/sign"].Size(); pad.Width < 500 || pad.Height < 180 {
				t.Errorf("%v, scale %v: the pad is %v", c.size, c.scale, pad)
			}
			d.sign("a/sign", 240)
			p.leaveAll()
			d.rebuild()
			look("kept pad")
			for _, r := range p.rows {
				if r.row != nil {
					r.row.Unfold()
				}
			}
			look("reasons")
			d.open(&reviewPage{iv: iv, interview: p})
			look("review")
		}
	}
}
