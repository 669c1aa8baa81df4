package camera

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// Whatever a program writes: each picture is whole and within its limits, the
// end comes, nothing panics.
func FuzzFrames(f *testing.F) {
	one := jpegOf(f, scene(32, 24))
	f.Add(one)
	f.Add(append(append([]byte("noise\xff\xff"), one...), one[:40]...))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 0xff, 0, 0xff, 0xd0, 0xff, 0xd9})
	f.Add([]byte{0xff, 0xd8, 0xff, 0xff, 0xff, 0xe0, 0, 0, 0xff, 0xd8})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newSplitter(bytes.NewReader(b))
		total := 0
		for {
			frame, err := s.next()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errLarge) && !errors.Is(err, errNoise) {
					t.Fatal(err)
				}
				return
			}
			if total += len(frame); len(frame) < 4 || len(frame) > MaxFrame || total > len(b) || !bytes.HasPrefix(frame, []byte{0xff, 0xd8}) || !bytes.HasSuffix(frame, []byte{0xff, 0xd9}) {
				t.Fatalf("a picture of %d bytes of %d", len(frame), len(b))
			}
			if m, err := frame.Picture(); err == nil && m.Bounds().Dx()*m.Bounds().Dy() > MaxPixels {
				t.Fatalf("a picture of %v", m.Bounds())
			}
		}
	})
}

// What ffmpeg says of devices holds names that others chose.
func FuzzDevices(f *testing.F) {
	f.Add(`[dshow @ 0] "Cam" (video)` + "\n" + `[dshow @ 0]   Alternative name "@device"`)
	f.Add("[AVFoundation indev @ 0] AVFoundation video devices:\n[AVFoundation indev @ 0] [0] Cam")
	f.Fuzz(func(t *testing.T, said string) {
		for _, all := range [][]Source{parseDirectShow(said), parseAVFoundation(said)} {
			if len(all) > mostListed {
				t.Fatalf("%d cameras", len(all))
			}
			for _, s := range all {
				if s.Input == "" || len([]rune(s.Name)) > 61 {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
