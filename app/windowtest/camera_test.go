//go:build window

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
)

// TestCamera checks a receipt and takes a photo by camera in the real window:
// the program that reads cameras plays pictures of a receipt that somebody holds
// before one, at first half outside, then moving and turning. The program counts
// the strokes itself.
func TestCamera(t *testing.T) {
	b := newBench(t)
	home := b.enrolled(t)
	seed(t, home)
	film := filmed(t, toPhotograph(t, home))
	look, err := json.Marshal(map[string]string{"camera": "image2:" + film})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "look.json"), look, 0o600); err != nil {
		t.Fatal(err)
	}
	h := b.opened(t, home, 10*time.Minute)
	if keep := os.Getenv("PICTURES"); keep != "" {
		h.pictures = keep
	}
	if err := first(checked(t, h), portrayed(t, h), h.quit()); err != nil {
		picture, _ := h.shoot("stopped")
		log, _ := os.ReadFile(filepath.Join(h.d.dir, "program.log"))
		t.Fatalf("%v (%s)\n%s", err, picture, log)
	}
	// What was taken is kept like any photo, and small.
	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	state, err := k.Home(t.Context())
	if err != nil || len(state.Drafts) != 1 {
		t.Fatalf("%v, %d drafts", err, len(state.Drafts))
	}
	iv, err := k.Resume(t.Context(), state.Drafts[0].ID)
	if err != nil || len(iv.Attachments()) != 1 {
		t.Fatalf("%v, %d photos", err, len(iv.Attachments()))
	}
	content, err := k.Picture(t.Context(), iv.Attachments()[0])
	if err != nil {
		t.Fatal(err)
	}
	m, kind, err := image.Decode(bytes.NewReader(content))
	if err != nil || kind != "jpeg" || m.Bounds().Dx() < 1024 || len(content) > 60<<10 {
		t.Errorf("%d bytes of %s, %v, %v", len(content), kind, m.Bounds(), err)
	}
	t.Logf("the photo is %d kB", len(content)>>10)
}

// checked checks the receipt from the home page.
func checked(t *testing.T, h *hands) error {
	begun, err := h.look()
	if err != nil {
		return err
	}
	if err := first(h.key("F5"), h.page("check"), h.key("Return")); err != nil {
		return err
	}
	genuine := func(w window) bool { _, ok := w.find("verdict.genuine"); return ok && w.Page == "check" }
	if _, err := h.until("the camera", func(w window) bool { _, ok := w.find("camera.live"); return ok || genuine(w) }); err != nil {
		return err
	}
	if _, err := h.shoot("camera"); err != nil {
		return err
	}
	done, err := h.until("the verdict", genuine)
	if err != nil {
		return err
	}
	t.Logf("a receipt checked by camera: 2 actions, %d keys, %d presses", done.Keys-begun.Keys, done.Taps-begun.Taps)
	if keys, taps := done.Keys-begun.Keys, done.Taps-begun.Taps; keys != 2 || taps != 0 {
		return fmt.Errorf("a receipt checked by camera costs %d keys and %d presses", keys, taps)
	}
	_, err = h.shoot("camera-verdict")
	return first(err, h.key("Escape"), h.page("home"))
}

// portrayed takes the photo that a draft lacks.
func portrayed(t *testing.T, h *hands) error {
	if err := first(h.click("home.draft.0"), h.page("interview")); err != nil {
		return err
	}
	for range 12 {
		w, err := h.look()
		if err != nil {
			return err
		}
		if w.focused() == "q:proof/photo" {
			break
		}
		if err := h.key("ctrl+Return"); err != nil {
			return err
		}
		if w, err = h.look(); err == nil && w.Page == "review" {
			return fmt.Errorf("the question for the photo was passed")
		}
	}
	live := func(w window) bool { _, ok := w.find("camera.live"); return ok && w.Page == "camera" }
	kept := func(w window) bool { _, ok := w.find("camera.keep"); return ok }
	if err := first(h.key("Return"), h.until2("the camera", live)); err != nil {
		return err
	}
	if _, err := h.shoot("camera-photo"); err != nil {
		return err
	}
	if err := first(h.key("space"), h.until2("the photo", kept), h.key("F5"), h.until2("the camera again", live), h.click("camera.take"), h.until2("the photo again", kept)); err != nil {
		return err
	}
	if _, err := h.shoot("camera-keep"); err != nil {
		return err
	}
	return first(h.key("Return"), h.page("interview"), h.key("F7"), h.page("home"))
}

// toPhotograph leaves a draft that lacks the photo, and gives the code of a
// registration's receipt.
func toPhotograph(t *testing.T, home string) image.Image {
	t.Helper()
	ctx := context.Background()
	k := unlocked(t, kit.Options{Home: home})
	defer closed(t, k)
	iv, err := k.Begin(ctx, "identity")
	if err != nil {
		t.Fatal(err)
	}
	_ = fill(ctx, iv)
	rows, err := k.Registrations(ctx, kit.Filter{})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v, %d registrations", err, len(rows))
	}
	code, err := k.ReceiptPNG(ctx, rows[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(code))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// filmed draws what a camera sees of a code that is held before it, as numbered
// pictures; it gives their pattern.
func filmed(t *testing.T, code image.Image) (pattern string) {
	t.Helper()
	if strings.Contains(t.TempDir(), "%") {
		t.Fatal("the pattern would not hold")
	}
	dir := t.TempDir()
	const w, h, side, outside = 1280, 720, 430, 24
	n := float64(code.Bounds().Dx())
	for i := range 48 {
		m := image.NewRGBA(image.Rect(0, 0, w, h))
		sin, cos := math.Sincos(0.12 * math.Sin(float64(i)/5))
		mx, my := w/2+60*math.Sin(float64(i)/7), h/2+30*math.Cos(float64(i)/4)
		if i < outside {
			mx = w - 150 - float64(i)/2 // only a part can be seen
		}
		for y := range h {
			for x := range w {
				u, v := (float64(x)-mx)*cos+(float64(y)-my)*sin, (float64(y)-my)*cos-(float64(x)-mx)*sin
				c := color.RGBA{R: uint8(96 + (x+y)%17), G: uint8(74 + y/40), B: 52, A: 255} // a table
				switch {
				case math.Abs(u) < side/2 && math.Abs(v) < side/2:
					if r, _, _, _ := code.At(int((u/side+0.5)*n), int((v/side+0.5)*n)).RGBA(); r == 0 {
						c = color.RGBA{R: 48, G: 46, B: 44, A: 255}
						break
					}
					fallthrough
				case math.Abs(u) < side/2+60 && math.Abs(v) < side/2+110: // the paper
					c = color.RGBA{R: 226, G: 222, B: 210, A: 255}
				}
				m.SetRGBA(x, y, c)
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.jpg", i)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "%02d.jpg")
}
