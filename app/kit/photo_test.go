package kit

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"net/http"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// portrait is a picture as smooth and as grained as one of a face, its left
// upper corner red.
func portrait(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			light := 120 + 60*math.Sin(float64(x)/float64(w)*9)*math.Cos(float64(y)/float64(h)*7) + float64((x*31+y*17)%7)
			m.SetRGBA(x, y, color.RGBA{R: uint8(light), G: uint8(light * 0.8), B: uint8(light * 0.7), A: 255})
			if x < w/4 && y < h/4 {
				m.SetRGBA(x, y, color.RGBA{R: 230, A: 255})
			}
		}
	}
	return m
}

// written is a page full of small marks, as a scan of a paper is.
func written(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray(x, y, color.Gray{Y: 235})
			if y/12%3 != 0 && (x/5*7+y/5*13+x*y/90)%5 < 2 {
				m.SetGray(x, y, color.Gray{Y: 40})
			}
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tagged puts EXIF with an orientation and words that tell a place, a comment
// and something behind the end into a JPEG.
func tagged(b []byte, turn byte) []byte {
	exif := append([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"), turn, 0, 0, 0)
	exif = append(exif, "GPS 17.07N 96.72W"...)
	segment := func(mark byte, body []byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(body)+2)), body...)
	}
	out := append([]byte{0xff, 0xd8}, segment(0xe1, exif)...)
	out = append(out, segment(0xfe, []byte("GPS in a comment"))...)
	out = append(out, b[2:]...)
	return append(out, "GPS behind the end"...)
}

func taggedPNG(b []byte) []byte {
	body := []byte("tEXtComment\x00GPS 17.07N")
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	const head = 8 + 25 // signature and IHDR
	return append(append(append([]byte{}, b[:head]...), chunk...), b[head:]...)
}

// A photo of any camera becomes what a photo should cost, upright, and says
// nothing about where and with what it was taken.
func TestPhotosAreLean(t *testing.T) {
	var shot bytes.Buffer
	if err := png.Encode(&shot, portrait(1000, 800)); err != nil {
		t.Fatal(err)
	}
	small := asJPEG(t, portrait(120, 80))
	for _, c := range []struct {
		name    string
		b       []byte
		most    int
		longest int
		tall    bool
	}{
		{"a tablet's photo", tagged(asJPEG(t, portrait(2400, 1800)), 1), photoBytes, 1280, false},
		{"held upright", tagged(asJPEG(t, portrait(1600, 1200)), 6), photoBytes, 1280, true},
		{"held upright the other way", tagged(asJPEG(t, portrait(400, 300)), 8), photoBytes, 400, true},
		{"small", tagged(small, 1), len(small), 120, false},
		{"a comment behind the points", slices.Concat(small[:len(small)-2], []byte("\xff\xfe\x00\x0cGPS 17.07N"), small[len(small)-2:]), photoBytes, 120, false},
		{"a drawing", taggedPNG(shot.Bytes()), photoBytes, 1280, false},
		{"a page of writing", asJPEG(t, written(1600, 1200)), 200 << 10, 1280, false},
	} {
		lean, media, err := leanPhoto(c.b, http.DetectContentType(c.b))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		m, kind, err := image.Decode(bytes.NewReader(lean))
		if err != nil || "image/"+kind != media {
			t.Errorf("%s: %v, %s told as %s", c.name, err, kind, media)
			continue
		}
		size := m.Bounds()
		t.Logf("%s: %d kB become %d kB, %d by %d", c.name, len(c.b)>>10, len(lean)>>10, size.Dx(), size.Dy())
		if len(lean) > c.most || max(size.Dx(), size.Dy()) > c.longest || (size.Dy() > size.Dx()) != c.tall {
			t.Errorf("%s: %d bytes, %v", c.name, len(lean), size)
		}
		if bytes.Contains(lean, []byte("GPS")) || bytes.Contains(lean, []byte("Exif")) {
			t.Errorf("%s: it tells where it was taken", c.name)
		}
	}
	pad := new(bytes.Buffer)
	if err := png.Encode(pad, image.NewPaletted(image.Rect(0, 0, 300, 150), color.Palette{color.White, color.Black})); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{small, pad.Bytes()} { // a signature is the same bytes
		if lean, _, err := leanPhoto(b, http.DetectContentType(b)); err != nil || !bytes.Equal(lean, b) {
			t.Errorf("what is small and bare was changed: %v", err)
		}
	}
}

// Each of the eight orientations brings the red corner to the left above.
func TestOrientations(t *testing.T) {
	m := portrait(160, 120)
	for turn := 1; turn <= 8; turn++ {
		back := []int{0, 1, 2, 3, 4, 5, 8, 7, 6}[turn] // what undoes it
		lean, _, err := leanPhoto(tagged(asJPEG(t, upright(m, back)), byte(turn)), "image/jpeg")
		if err != nil {
			t.Fatal(err)
		}
		got, err := jpeg.Decode(bytes.NewReader(lean))
		if err != nil {
			t.Fatal(err)
		}
		r, g, _, _ := got.At(15, 15).RGBA()
		if got.Bounds().Dx() != 160 || r < 0xc000 || g > 0x4000 {
			t.Errorf("orientation %d: %v, %x %x", turn, got.Bounds(), r, g)
		}
	}
}

// What is no picture, or claims to be a huge one, is told and takes no memory.
func TestPhotosThatAreNone(t *testing.T) {
	b := asJPEG(t, portrait(64, 64))
	at := bytes.Index(b, []byte{0xff, 0xc0})
	huge := bytes.Clone(b)
	copy(huge[at+5:], []byte{0xff, 0xdc, 0xff, 0xdc})
	_, _, err := leanPhoto(huge, "image/jpeg")
	wantCode(t, err, civic.UploadTooLarge)
	var deep bytes.Buffer // sixteen bits a colour take twice the memory
	if err := png.Encode(&deep, image.NewNRGBA64(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	head := deep.Bytes()[:33]
	copy(head[16:], []byte{0, 0, 0x18, 0, 0, 0, 0x10, 0}) // 6,144 by 4,096
	binary.BigEndian.PutUint32(head[29:], crc32.ChecksumIEEE(head[12:29]))
	_, _, err = leanPhoto(deep.Bytes(), "image/png")
	wantCode(t, err, civic.UploadTooLarge)
	for _, none := range [][]byte{nil, b[:40], b[:len(b)/2], []byte("\xff\xd8\xff\xe0 no picture"), []byte("\x89PNG\r\n\x1a\n")} {
		if _, _, err := leanPhoto(none, "image/jpeg"); civic.CodeOf(err) != civic.PictureUnknown {
			t.Errorf("%d bytes: %v", len(none), err)
		}
	}
}

// Whatever file is chosen: nothing panics, and what comes out is a picture.
func FuzzPhoto(f *testing.F) {
	b := asJPEG(f, portrait(32, 24))
	var p bytes.Buffer
	if err := png.Encode(&p, portrait(16, 16)); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(tagged(b, 6))
	f.Add(taggedPNG(p.Bytes()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(b)); err == nil && size.Width*size.Height > 1<<20 {
			return // slow, and no other way
		}
		lean, media, err := leanPhoto(b, http.DetectContentType(b))
		if err != nil {
			return
		}
		if _, kind, err := image.Decode(bytes.NewReader(lean)); err != nil || "image/"+kind != media {
			t.Fatalf("%s: %v", media, err)
		}
	})
}
