package rehearsal

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/camera"
	"github.com/askonce/fieldkit/sync/receipt"
)

// TestJourneyCamera: a receipt that one kit made is read by another's camera as
// people hold it, and is genuine there without a network; a photo taken by
// camera is kept sealed. The real program plays the pictures; none of them
// stands on a disk afterwards.
func TestJourneyCamera(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Fatal("this journey plays pictures to the real program; install: apt-get install -y ffmpeg")
	}
	o := newOffice(t)
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	a := o.tablet().opened(t)
	defer func() { _ = a.Close() }()
	id, _ := sealed(t, a, "identity", rosalia, true)
	code, err := a.ReceiptPNG(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	paper := filepath.Join(t.TempDir(), "paper.png")
	if err := os.WriteFile(paper, code, 0o600); err != nil {
		t.Fatal(err)
	}
	decided(t, a)
	other := o.tablet()
	b := other.opened(t)
	defer func() { _ = b.Close() }()
	if _, err := b.Sync(ctx, 0, nil); err != nil {
		t.Fatal(err)
	}

	cameras := camera.New(camera.Config{First: time.Minute, Between: time.Minute})
	const table = "color=c=0x705848:s=1280x720:r=10[table];movie=PAPER:loop=0,setpts=N/10/TB,scale=SIDE:SIDE[paper];[table][paper]overlay=x=(W-w)/2+XX:y=(H-h)/2+YY"
	scene := func(side, x, y, more string) string {
		return strings.NewReplacer("PAPER", paper, "SIDE", side, "XX", x, "YY", y).Replace(table) + more
	}
	var last camera.Frame
	for name, graph := range map[string]string{
		"held still":    scene("520", "0", "0", ""),
		"moving":        scene("460", "'30*sin(t*2)'", "'20*cos(t*3)'", ",tmix=frames=2"),
		"turned":        scene("460", "0", "0", ",rotate=0.5:c=gray"),
		"upside down":   scene("460", "40", "0", ",hflip,vflip"),
		"blurred":       scene("560", "0", "0", ",boxblur=2:2"),
		"in weak light": scene("520", "0", "0", ",eq=brightness=-0.25:contrast=0.4,noise=alls=8:allf=t"),
		"in glare":      scene("520", "0", "0", ",eq=brightness=0.3:contrast=0.5"),
		"far":           scene("330", "200", "-100", ""),
	} {
		s := cameras.Open(ctx, camera.Source{Format: "lavfi", Input: graph}, 0)
		for read := false; !read; {
			f, err := s.Next(ctx)
			if err != nil {
				t.Fatalf("%s: not read: %v", name, err)
			}
			m, err := f.Picture()
			if err != nil {
				t.Fatal(err)
			}
			text, ok := receipt.ReadFrame(m)
			if read = ok; !ok {
				continue
			}
			last = f
			if v, err := b.Verify(ctx, text); err != nil || !v.Valid || v.Registration != id {
				t.Errorf("%s: %+v, %v", name, v, err)
			}
		}
		s.Close()
	}
	s := cameras.Open(ctx, camera.Source{Format: "lavfi", Input: "testsrc2=s=1280x720:r=10"}, 0)
	for range 12 {
		f, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.Picture()
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := receipt.ReadFrame(m); ok {
			t.Errorf("read %q where no code is", text)
		}
	}

	iv, err := b.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Attach(ctx, iv, "proof/photo", "photo.jpg", bytes.NewReader(last)); err != nil {
		t.Fatal(err)
	}
	photo, err := b.Picture(ctx, iv.Attachments()[0])
	if err != nil {
		t.Fatal(err)
	}
	cameras.Close(ctx)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	middle := func(b []byte) string { return string(b[len(b)/2 : len(b)/2+40]) }
	look(t, other.home, "filmed", []string{middle(last), middle(photo), "Lavc"})
}
