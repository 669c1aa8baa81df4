package screen

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/sync/civic"
)

// filmed is a desk with a camera: a program in ffmpeg's place that shows the
// same picture until it is ended. What comes from beside the window is done by
// until.
type filmed struct {
	*desk
	cameras *camera.Cameras
	queue   chan func()
}

func newFilmed(t *testing.T, script string, look Look, change ...func(*fakeKit)) *filmed {
	t.Helper()
	f := &filmed{desk: newDesk(t, upright(), look, change...), queue: make(chan func(), 100)}
	program := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.cameras = camera.New(camera.Config{Program: program, First: time.Minute, Between: time.Minute, Devices: t.TempDir()})
	f.c.Camera = f.cameras
	f.c.Work = func(do func()) { go do() }
	f.c.Do = func(do func()) { f.queue <- do }
	f.remember(func(l *Look) { l.Camera = "v4l2:/dev/video7" })
	t.Cleanup(func() {
		f.Close()
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		f.cameras.Close(ctx)
		if ctx.Err() != nil {
			t.Error("the camera goes on")
		}
	})
	return f
}

// until does what comes from beside the window until something is so.
func (f *filmed) until(what string, ok func() bool) {
	f.t.Helper()
	late := time.After(2 * time.Minute)
	for !ok() {
		select {
		case do := <-f.queue:
			do()
		case <-late:
			f.t.Fatalf("waited in vain for %s on the page %s", what, f.current().name())
		}
	}
}

func (f *filmed) live() {
	f.t.Helper()
	f.until("a picture", func() bool { return f.names["camera.live"] != nil })
}

// film writes a picture as a camera would see it, and the program that shows it.
func film(t *testing.T, m image.Image) (script string) {
	t.Helper()
	whole := image.NewRGBA(image.Rect(0, 0, 1280, 720))
	draw.Draw(whole, whole.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(whole, m.Bounds().Add(image.Pt(300, 60)), m, m.Bounds().Min, draw.Src)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, whole, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "picture.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "while :; do cat " + path + "; sleep 0.02; done"
}

func code(t *testing.T, text string) image.Image {
	t.Helper()
	m, err := qrcode.NewQRCodeWriter().Encode(text, gozxing.BarcodeFormat_QR_CODE, 600, 600, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// From the home page a receipt is checked in two keys: the page, and the camera,
// which reads by itself and is off then. The next receipt is one key more.
func TestCheckByCamera(t *testing.T) {
	f := newFilmed(t, film(t, code(t, sampleCode)), Look{Language: "es"})
	before, _ := f.Strokes()
	f.key(fyne.KeyF5, fyne.KeyReturn)
	f.wantPage("camera")
	f.until("the verdict", func() bool { return f.current().name() == "check" })
	after, taps := f.Strokes()
	p := f.current().(*checkPage)
	if p.verdict == nil || !p.verdict.Valid || f.on() {
		t.Errorf("the verdict is %+v", p.verdict)
	}
	if after-before != 2 || taps != 0 {
		t.Errorf("%d keys and %d presses", after-before, taps)
	}
	f.key(fyne.KeyReturn)
	f.wantPage("camera")
	f.key(fyne.KeyEscape)
	f.wantPage("check")
	if f.on() {
		t.Error("the camera is on after Escape")
	}
}

// on tells whether a camera is on.
func (f *filmed) on() bool { return f.Shell.live != nil }

// A person of the district opens with the receipt before the camera; a code of
// something else is told and read past.
func TestOpenByCamera(t *testing.T) {
	f := newFilmed(t, film(t, code(t, "https://example.org/menu")), Look{Language: "en"}, around)
	f.key(fyne.KeyF2)
	f.write("Rosalía")
	f.key(fyne.KeyReturn, fyne.KeyReturn)
	f.wantPage("camera")
	p := f.current().(*livePage)
	f.until("words about the other code", func() bool { return p.words.Text() == f.c.Words.Say("camera.nocode") })
	f.key(fyne.KeyEscape)
	f.wantPage("open")
	other := newFilmed(t, film(t, code(t, "HER RECEIPT")), Look{Language: "en"}, around)
	other.key(fyne.KeyF2)
	other.write("Rosalía")
	other.key(fyne.KeyReturn, fyne.KeyReturn)
	other.until("the services", func() bool { return other.current().name() == "services" })
}

// After some seconds without a code the page says what may help.
func TestNothingIsRead(t *testing.T) {
	f := newFilmed(t, film(t, image.NewGray(image.Rect(0, 0, 300, 200))), Look{Language: "en"})
	f.key(fyne.KeyF5, fyne.KeyReturn)
	p := f.current().(*livePage)
	f.live()
	if p.words.Text() != f.c.Words.Say("camera.aim") {
		t.Errorf("it says %q", p.words.Text())
	}
	f.until("the hint", func() bool { return p.words.Text() == f.c.Words.Say("camera.hint") })
	f.kit.practice = true // practice is seen here too
	f.rebuild()
	striped := 0
	for _, o := range test.LaidOutObjects(f.win.Content()) {
		if _, ok := o.(*canvas.Raster); ok {
			striped++
		}
	}
	if striped != 4 {
		t.Errorf("%d stripes", striped)
	}
	f.key(fyne.KeyF1) // the camera is off behind another page, and on again
	if f.on() || p.stop != nil || p.newest != nil {
		t.Error("the camera is on behind the help")
	}
	f.key(fyne.KeyEscape)
	f.live()
	f.key(fyne.KeyF8)
	if got := f.look().Turns["v4l2:/dev/video7"]; got != 1 || f.look().Camera != "v4l2:/dev/video7" {
		t.Errorf("the look is %+v", f.look())
	}
	f.live()
}

// A photo is taken, looked at, taken again and kept; it goes the way of a chosen
// file.
func TestTakeAPhoto(t *testing.T) {
	f := newFilmed(t, film(t, image.NewGray(image.Rect(0, 0, 300, 200))), Look{Language: "es"})
	f.key(fyne.KeyF2, fyne.KeyReturn)
	f.until("the questions", func() bool { return f.current().name() == "interview" })
	p := f.current().(*interviewPage)
	p.turn("proof")
	f.press("q:proof/photo")
	f.wantPage("camera")
	c := f.current().(*livePage)
	f.key(fyne.KeySpace) // too early: there is no picture yet
	if c.taken != nil {
		t.Fatal("a photo of nothing")
	}
	f.live()
	f.key(fyne.KeySpace)
	if c.taken == nil || f.on() && c.stop != nil {
		t.Fatal("no photo, or the camera is on")
	}
	f.key(fyne.KeyF5)
	f.live()
	f.press("camera.take")
	f.kit.err = civic.NewProblem(civic.DiskFull, nil, "0 B", "4 kB")
	f.key(fyne.KeyReturn)
	f.wantPage("camera")
	if c.taken == nil || civic.CodeOf(c.err) != civic.DiskFull {
		t.Fatalf("on a full disk: %v", c.err)
	}
	f.key(fyne.KeyReturn)
	f.wantPage("interview")
	if a := p.iv.Attachments(); len(a) != 1 || !strings.HasSuffix(a[0].Name, "photo.jpg") {
		t.Errorf("attached: %+v", a)
	}
	if c.taken != nil || c.newest != nil {
		t.Error("the photo stays in memory")
	}
}

// Without camera or program the page says what to do, and a file does as well.
func TestNoCamera(t *testing.T) {
	for script, want := range map[string]civic.Code{"echo '/dev/video7: Device or resource busy' >&2; exit 1": civic.CameraBusy, "echo 'No such file or directory' >&2; exit 1": civic.CameraAbsent} {
		f := newFilmed(t, script, Look{Language: "es"})
		f.key(fyne.KeyF5, fyne.KeyReturn)
		p := f.current().(*livePage)
		f.until("a problem", func() bool { return p.err != nil })
		if civic.CodeOf(p.err) != want {
			t.Errorf("%v, want %s", p.err, want)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, code(t, sampleCode)); err != nil {
			t.Fatal(err)
		}
		key := fyne.KeyF6
		if want == civic.CameraAbsent {
			key = fyne.KeyReturn // where there is none, the file is what to do now
		}
		f.checkFile(key, b.Bytes())
	}
}

// A camera of the list is chosen, one is typed, rubbish is refused.
func TestChooseACamera(t *testing.T) {
	f := newFilmed(t, film(t, image.NewGray(image.Rect(0, 0, 300, 200))), Look{Language: "en"})
	f.key(fyne.KeyF8)
	f.press("settings.cameras")
	f.wantPage("cameras")
	p := f.current().(*camerasPage)
	p.asked, p.sources = true, []camera.Source{{Format: "v4l2", Input: "/dev/video0", Name: "Rear"}, {Format: "v4l2", Input: "/dev/video2", Name: "Front"}}
	f.rebuild()
	f.press("cameras.1")
	if got := f.look().Camera; got != "v4l2:/dev/video2" {
		t.Errorf("remembered: %q", got)
	}
	p.typed = "http://elsewhere"
	f.rebuild()
	f.press("cameras.try")
	if civic.CodeOf(p.err) != civic.CameraSource || f.look().Camera != "v4l2:/dev/video2" {
		t.Errorf("%v, %+v", p.err, f.look())
	}
	p.typed, p.err = "image2:/tmp/a.png", nil
	f.rebuild()
	f.press("cameras.try")
	f.wantPage("camera")
	f.live()
	if got := f.look().Camera; got != "image2:/tmp/a.png" {
		t.Errorf("remembered: %q", got)
	}
}
