package camera

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// ever is longer than any machine takes; a test that waits that long has failed.
const ever = 2 * time.Minute

// patient are cameras read with the real ffmpeg on a machine that may be busy.
func patient(t *testing.T) *Cameras {
	t.Helper()
	c := New(Config{First: ever, Between: ever})
	if _, err := c.program(); err != nil {
		t.Fatal("these tests play pictures to the real program; install: apt-get install -y ffmpeg")
	}
	return c
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), ever)
	t.Cleanup(stop)
	return ctx
}

// scene is a picture whose left upper quarter is white.
func scene(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h / 2 {
		for x := range w / 2 {
			m.SetGray(x, y, color.Gray{Y: 255})
		}
	}
	return m
}

func draw(t *testing.T, m image.Image) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "scene.png")
	var b bytes.Buffer
	if err := errors.Join(png.Encode(&b, m), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gone waits until a stream's program is.
func gone(t *testing.T, s *Stream) {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(ever):
		t.Fatal("the program goes on after the end")
	}
}

// The real program plays drawn pictures as a camera would give them: scaled to
// what is wanted, turned as the camera is built in, until it is told to stop;
// another stream waits for the one before. Nothing is written to a disk, not
// even where the environment asks for a report.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("FFREPORT", "file="+filepath.Join(dir, "report.log"))
	t.Chdir(dir)
	ctx, cameras := within(t), patient(t)
	for _, c := range []struct {
		w, h, turn   int
		wantW, wantH int
		wantX, wantY int // a point of the white quarter
	}{
		{640, 480, 0, 640, 480, 100, 100}, {640, 480, 1, 480, 640, 380, 100}, {640, 480, 2, 640, 480, 540, 380}, {640, 480, 3, 480, 640, 100, 540},
		{3000, 1500, 0, 1280, 640, 200, 200}, {101, 75, 0, 100, 74, 10, 10},
	} {
		s := cameras.Open(ctx, Source{Format: "image2", Input: draw(t, scene(c.w, c.h))}, Turn(c.turn))
		for range 2 { // again and again
			f, err := s.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			m, err := f.Picture()
			if err != nil {
				t.Fatal(err)
			}
			if b := m.Bounds(); b.Dx() != c.wantW || b.Dy() != c.wantH {
				t.Fatalf("%+v came as %v", c, b)
			}
			y, _, _, _ := m.At(c.wantX, c.wantY).RGBA()
			far, _, _, _ := m.At(c.wantW-c.wantX, c.wantH-c.wantY).RGBA()
			if y < 0xe000 || far > 0x2000 {
				t.Errorf("%+v is not turned as it should be: %x, across %x", c, y, far)
			}
		}
		s.Close()
		if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
	}
	s := cameras.Open(ctx, Source{Format: "lavfi", Input: "testsrc2=size=320x240:rate=30"}, 0)
	if _, err := s.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cameras.Close(ctx)
	gone(t, s)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files were made: %v %v", left, err)
	}
}

// A stream that nobody wants any more still waits for the one before: who comes
// next waits for it only, and would find the camera taken.
func TestWaitsForAllBefore(t *testing.T) {
	cameras := New(Config{Program: filepath.Join(t.TempDir(), "ffmpeg")})
	first := &Stream{stop: func() {}, frames: make(chan Frame, 1), done: make(chan struct{})}
	cameras.last = first
	second := cameras.Open(t.Context(), Source{Format: "lavfi", Input: "testsrc2"}, 0)
	second.Close()
	var over atomic.Bool
	go func() {
		for range 1000 {
			runtime.Gosched()
		}
		over.Store(true)
		close(first.done)
	}()
	if <-second.Done(); !over.Load() {
		t.Error("the second is done before the first")
	}
}

// What the real program says of a device that is not there, and of a graph that
// is none, becomes words for the officer.
func TestNoSuchCamera(t *testing.T) {
	ctx, cameras := within(t), patient(t)
	for source, want := range map[string]civic.Code{
		"v4l2:/dev/video-none":  civic.CameraAbsent,
		"image2:/no/such/a.png": civic.CameraAbsent,
		"lavfi:nothing at all":  civic.CameraStopped,
	} {
		s, err := ParseSource(source)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cameras.Open(ctx, s, 0).Next(ctx); civic.CodeOf(err) != want {
			t.Errorf("%s: %v", source, err)
		}
	}
	nothing := New(Config{Program: filepath.Join(t.TempDir(), "ffmpeg")})
	if _, err := nothing.Open(ctx, Source{Format: "lavfi", Input: "testsrc2"}, 0).Next(ctx); civic.CodeOf(err) != civic.CameraProgram {
		t.Errorf("without the program: %v", err)
	}
}

// A film that ends is a camera that was pulled out.
func TestFilmEnds(t *testing.T) {
	ctx, cameras := within(t), patient(t)
	path := filepath.Join(t.TempDir(), "film.mjpeg")
	if err := os.WriteFile(path, bytes.Repeat(jpegOf(t, scene(64, 48)), 3), 0o600); err != nil {
		t.Fatal(err)
	}
	s := cameras.Open(ctx, Source{Format: "mjpeg", Input: path}, 0)
	var err error
	came := 0
	for err == nil {
		if _, err = s.Next(ctx); err == nil {
			came++
		}
	}
	if came == 0 || civic.CodeOf(err) != civic.CameraStopped {
		t.Errorf("%d pictures, then %v", came, err)
	}
}

// bad is a program in ffmpeg's place.
func bad(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// A program that dies, hangs, writes rubbish or far too much ends the stream
// with words, and is gone; the pictures before it came through.
func TestBadPrograms(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := jpegOf(t, scene(64, 48))
	good := put("good", one)
	half := put("half", append(bytes.Clone(one), one[:len(one)/2]...))
	huge := put("huge", append(append(bytes.Clone(one), one[:len(one)-2]...), bytes.Repeat([]byte{7}, 6<<20)...))
	begun := put("begun", bytes.Repeat([]byte{0xff, 0xd8, 0xff, 0}, 1<<18))
	for _, c := range []struct {
		name, script   string
		first, between time.Duration
		came           bool
		want           civic.Code
	}{
		{"dies at once", "exit 1", ever, ever, false, civic.CameraStopped},
		{"in use", "echo '/dev/video0: Device or resource busy' >&2; exit 1", ever, ever, false, civic.CameraBusy},
		{"not allowed", "echo '/dev/video0: Permission denied' >&2; exit 1", ever, ever, false, civic.CameraDenied},
		{"in use on Windows", "echo 'Could not run graph (sometimes caused by a device already in use by other application)' >&2; exit 1", ever, ever, false, civic.CameraBusy},
		{"talks without end", "exec yes >&2", 50 * time.Millisecond, ever, false, civic.CameraStopped},
		{"dies in the middle of a picture", "cat " + half + "; exit 1", ever, ever, true, civic.CameraStopped},
		{"is killed", "cat " + good + "; kill -9 $$", ever, ever, true, civic.CameraStopped},
		{"hangs from the start", "exec sleep 600", 50 * time.Millisecond, ever, false, civic.CameraStopped},
		{"hangs later", "cat " + good + "; exec sleep 600", ever, 50 * time.Millisecond, true, civic.CameraStopped},
		{"rubbish without end", "exec cat /dev/zero", ever, ever, false, civic.CameraStopped},
		{"beginnings without end", "exec cat " + begun + " " + begun + " /dev/zero", ever, ever, false, civic.CameraStopped},
		{"a picture without end", "cat " + huge + "; exec sleep 600", ever, ever, true, civic.CameraStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := within(t)
			s := New(Config{Program: bad(t, c.script), First: c.first, Between: c.between}).Open(ctx, Source{Format: "image2", Input: "x"}, 0)
			f, err := s.Next(ctx)
			if c.came {
				if err != nil || !bytes.Equal(f, one) {
					t.Fatalf("the picture before: %v, %d bytes", err, len(f))
				}
				f, err = s.Next(ctx)
			}
			if f != nil || civic.CodeOf(err) != c.want {
				t.Errorf("ends with %v", err)
			}
			gone(t, s)
		})
	}
}

// A camera that does not know the best way is asked in the next one.
func TestOtherWays(t *testing.T) {
	one := filepath.Join(t.TempDir(), "one")
	if err := os.WriteFile(one, jpegOf(t, scene(64, 48)), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `case "$*" in *video_size*) echo "Could not set video options" >&2; exit 1;; esac; cat ` + one + `; exec sleep 600`
	ctx := within(t)
	cameras := New(Config{Program: bad(t, script), First: ever, Between: ever})
	for _, format := range []string{"v4l2", "dshow", "avfoundation"} {
		s := cameras.Open(ctx, Source{Format: format, Input: "x"}, 0)
		if _, err := s.Next(ctx); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		s.Close()
		gone(t, s)
	}
}

// Nobody takes the pictures: only the newest waits.
func TestOnlyTheNewestWaits(t *testing.T) {
	s := &Stream{frames: make(chan Frame, 1), done: make(chan struct{})}
	first := Frame("first")
	for _, f := range []Frame{first, Frame("second"), Frame("third")} {
		s.put(f)
	}
	if f, err := s.Next(t.Context()); err != nil || string(f) != "third" {
		t.Errorf("%q, %v", f, err)
	}
	if !bytes.Equal(first, make([]byte, len(first))) {
		t.Error("what nobody took stays in memory")
	}
}

// A picture that claims to be huge takes no memory.
func TestHugePicture(t *testing.T) {
	f := Frame(jpegOf(t, scene(64, 48)))
	at := bytes.Index(f, []byte{0xff, 0xc0})
	copy(f[at+5:], []byte{0xff, 0xdc, 0xff, 0xdc})
	if _, err := f.Picture(); !errors.Is(err, errLarge) {
		t.Errorf("%v", err)
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	for device, name := range map[string]string{"video0": "Integrated Camera: Rear\n", "video1": "Integrated Camera: Rear\n", "video10": "Microscope\n", "video2": "Front\x00 \xff\n"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, device), 0o700), os.WriteFile(filepath.Join(dir, device, "name"), []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	got := fmt.Sprint(linuxCameras(dir, func(device string) bool { return device != "/dev/video1" }))
	if want := "[v4l2:/dev/video0 v4l2:/dev/video2 v4l2:/dev/video10]"; got != want {
		t.Errorf("%s", got)
	}
	if _, err := New(Config{Devices: t.TempDir()}).List(t.Context()); civic.CodeOf(err) != civic.CameraAbsent {
		t.Errorf("no camera: %v", err)
	}
}

// What ffmpeg wrote about the devices of Windows (4.4 and 7.1) and macOS.
func TestWhatItSaysOfDevices(t *testing.T) {
	const now = `[dshow @ 000002] "Integrated Camera" (video)
[dshow @ 000002]   Alternative name "@device_pnp_\\?\usb#vid_5986#global"
[dshow @ 000002] "OBS Virtual Camera" (none)
[dshow @ 000002]   Alternative name "@device_sw_{860B}"
[dshow @ 000002] "Capture \"X\"" (audio, video)
[dshow @ 000002]   Alternative name "@device_pnp_2"
[dshow @ 000002] "Microphone" (audio)
[dshow @ 000002]   Alternative name "@device_cm_{33D9}"
Error opening input file dummy.`
	const before = "[dshow @ 01] DirectShow video devices (some may be both video and audio devices)\r\n[dshow @ 01]  \"HD Cam\"\r\n[dshow @ 01]     Alternative name \"@device_pnp_1\"\r\n" +
		"[dshow @ 01] DirectShow audio devices\r\n[dshow @ 01]  \"Mic\"\r\n[dshow @ 01]     Alternative name \"@device_cm\"\r\ndummy: Immediate exit requested\r\n"
	const mac = `[AVFoundation indev @ 0x7f] AVFoundation video devices:
[AVFoundation indev @ 0x7f] [0] FaceTime HD Camera
[AVFoundation indev @ 0x7f] [1] Capture screen 0
[AVFoundation indev @ 0x7f] AVFoundation audio devices:
[AVFoundation indev @ 0x7f] [0] MacBook Microphone`
	for want, got := range map[string][]Source{
		`[{dshow @device_pnp_\\?\usb#vid_5986#global Integrated Camera} {dshow @device_pnp_2 Capture \"X\"}]`: parseDirectShow(now),
		`[{dshow @device_pnp_1 HD Cam}]`:        parseDirectShow(before),
		`[{avfoundation 0 FaceTime HD Camera}]`: parseAVFoundation(mac),
	} {
		type plain struct{ Format, Input, Name string }
		all := make([]plain, len(got))
		for i, s := range got {
			all[i] = plain(s)
		}
		if fmt.Sprint(all) != want {
			t.Errorf("%v\nwant %s", all, want)
		}
	}
}

func TestParseSource(t *testing.T) {
	for text, ok := range map[string]bool{"v4l2:/dev/video2": true, "dshow:@device_pnp_\\\\?\\usb": true, " image2:/a b/%03d.png": true,
		"": false, "v4l2": false, "v4l2:": false, "https://camera/": false, "rtsp:x": false, "concat:a|b": false, "v4l2:a\nb": false, "lavfi:" + string(make([]byte, 2000)): false} {
		s, err := ParseSource(text)
		if (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if again, err := ParseSource(s.String()); ok && (err != nil || again != s) {
			t.Errorf("%q is written %q", text, s)
		}
	}
}
