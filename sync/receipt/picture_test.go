package receipt

import (
	"bytes"
	"crypto/ed25519"
	"image"
	"math"
	"strings"
	"testing"
	"time"

	qr "github.com/skip2/go-qrcode"

	"github.com/askonce/fieldkit/sync/civic"
)

// TestReadPictureReadsWhatPNGDraws: every code this package draws is read, not
// only most of them.
func TestReadPictureReadsWhatPNGDraws(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	public, _ := key.Public().(ed25519.PublicKey)
	device := civic.NewDeviceID(public)
	for n := range uint64(120) {
		text, err := Sign(Content{
			Registration: civic.NewRegistrationID(public, n), Counter: n, Office: "mx-20-067", Issued: time.Unix(1_700_000_000+int64(n), 0),
			Language: "es", Name: "Ana Paz Núñez", Birth: civic.Date{Year: 1990, Month: 2}, Services: []Service{{ID: "birth", Reuse: true}},
		}, device, key)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := PNG(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ReadPicture(bytes.NewReader(picture)); err != nil || got != text {
			t.Errorf("receipt %d is not read: %v", n, err)
		}
	}
}

// shown is a receipt's code as a camera of 1280 by 720 sees it: grey around it,
// turned, of some size, in weak light, a little blurred.
func shown(t testing.TB, code image.Image, turn, side float64, dark uint8, blur int) image.Image {
	t.Helper()
	const w, h = 1280, 720
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = 128, 128
	}
	sin, cos := math.Sincos(turn)
	n := float64(code.Bounds().Dx())
	for y := range h {
		for x := range w {
			u := (float64(x)-w/2)*cos + (float64(y)-h/2)*sin
			v := -(float64(x)-w/2)*sin + (float64(y)-h/2)*cos
			light := byte(90 + x/16 + (x*7+y*13)%9)
			if math.Abs(u) < side/2 && math.Abs(v) < side/2 {
				r, _, _, _ := code.At(int((u/side+0.5)*n), int((v/side+0.5)*n)).RGBA()
				light = 200
				if r == 0 {
					light = 30
				}
			}
			m.Y[m.YOffset(x, y)] = light/dark + byte(x/64) // falls off to one side
		}
	}
	for range blur {
		soft := append([]byte(nil), m.Y...)
		for y := 1; y < h-1; y++ {
			for x := 1; x < w-1; x++ {
				i := m.YOffset(x, y)
				sum := 0
				for _, j := range []int{i - 1, i, i + 1, i - m.YStride, i + m.YStride} {
					sum += int(m.Y[j])
				}
				soft[i] = byte(sum / 5)
			}
		}
		copy(m.Y, soft)
	}
	return m
}

// TestReadFrame: what an officer's camera sees of a receipt is read in one look,
// turned, far, dark and a little blurred; a picture without one gives nothing.
func TestReadFrame(t *testing.T) {
	text := strings.Repeat("NCFOXN%TS3DH3ZSUZK", MaxText/18)
	code, err := qr.New(text, qr.Medium)
	if err != nil {
		t.Fatal(err)
	}
	drawn := code.Image(-modulePixels)
	for _, c := range []struct {
		name string
		turn float64 // radians
		side float64 // points of the picture, quiet zone included
		dark uint8
		blur int
	}{
		{"held straight", 0, 600, 1, 1}, {"far", 0, 320, 1, 1}, {"on its side", math.Pi / 2, 500, 1, 1}, {"upside down", math.Pi, 500, 1, 1},
		{"askew", 0.3, 500, 1, 1}, {"half around", 2.6, 480, 1, 1}, {"in weak light", 0.1, 500, 6, 1}, {"blurred", 0.05, 600, 1, 6},
	} {
		if got, ok := ReadFrame(shown(t, drawn, c.turn, c.side, c.dark, c.blur)); !ok || got != text {
			t.Errorf("%s: not read", c.name)
		}
	}
	for n := range 49 { // the smallest pictures have no middle
		ReadFrame(image.NewGray(image.Rect(0, 0, n%7, n/7)))
		ReadFrame(image.NewYCbCr(image.Rect(0, 0, n%7, n/7), image.YCbCrSubsampleRatio422))
	}
	for _, none := range []image.Image{image.NewGray(image.Rect(0, 0, 640, 480)), image.NewRGBA(image.Rect(0, 0, 3, 3)), image.NewGray(image.Rectangle{}),
		image.NewYCbCr(image.Rect(0, 0, 1, 1), image.YCbCrSubsampleRatio420)} {
		if got, ok := ReadFrame(none); ok {
			t.Errorf("read %q where nothing is", got)
		}
	}
}

func BenchmarkReadFrame(b *testing.B) {
	code, err := qr.New(strings.Repeat("NCFOXN%TS3DH3ZSUZK", MaxText/18), qr.Medium)
	if err != nil {
		b.Fatal(err)
	}
	with := shown(b, code.Image(-modulePixels), 0.1, 500, 1, 1)
	without := shown(b, image.NewGray(image.Rect(0, 0, 8, 8)), 0.1, 1, 1, 1)
	for name, m := range map[string]image.Image{"a receipt": with, "no receipt": without} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ReadFrame(m)
			}
		})
	}
}
