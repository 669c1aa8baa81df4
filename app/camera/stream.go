package camera

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Stream is a camera that is being read.
type Stream struct {
	stop   context.CancelFunc
	frames chan Frame // the newest picture
	done   chan struct{}
	err    error // why it ended; read after done
	closed atomic.Bool
}

// Next gives the newest picture that was not given before and waits for one.
// After the stream's end it says why: a problem, or context.Canceled after Close,
// also while the program is still ending.
func (s *Stream) Next(ctx context.Context) (Frame, error) {
	if s.closed.Load() {
		s.forget()
		return nil, context.Canceled
	}
	select {
	case f := <-s.frames:
		return f, nil
	default:
	}
	select {
	case f := <-s.frames:
		return f, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.done:
	}
	select {
	case f := <-s.frames: // came with the end
		return f, nil
	default:
		return nil, s.err
	}
}

// Close ends the program at once and does not wait for it. No picture comes any
// more.
func (s *Stream) Close() {
	s.closed.Store(true)
	s.stop()
	s.forget()
}

// forget wipes the picture that waits.
func (s *Stream) forget() {
	select {
	case old := <-s.frames:
		clear(old)
	default:
	}
}

// Done is closed once the program is gone.
func (s *Stream) Done() <-chan struct{} { return s.done }

// put makes f the newest picture; the one it takes the place of is wiped.
func (s *Stream) put(f Frame) {
	s.forget()
	s.frames <- f // has room: nobody else puts
}

// run tries one way after another until one gives pictures, and reads on until
// it ends. It returns why.
func (s *Stream) run(ctx context.Context, program string, ways [][]string, first, between time.Duration) error {
	var err error
	for _, args := range ways {
		var came bool
		if came, err = s.read(ctx, program, args, first, between); came || ctx.Err() != nil {
			break
		}
	}
	return err
}

// read runs the program once. came tells that there was a picture.
func (s *Stream) read(ctx context.Context, program string, args []string, first, between time.Duration) (came bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	words := &tail{most: 4 << 10}
	cmd := command(ctx, program, args...)
	cmd.Stderr = words
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, civic.NewProblem(civic.CameraStopped, err)
	}
	if err := cmd.Start(); err != nil {
		return false, civic.NewProblem(civic.CameraProgram, err)
	}
	var silent atomic.Bool
	watch := time.AfterFunc(first, func() { silent.Store(true); stop() })
	defer watch.Stop()
	pictures := newSplitter(out)
	defer pictures.wipe()
	for {
		var f Frame
		if f, err = pictures.next(); err != nil {
			break
		}
		came = true
		watch.Reset(between)
		s.put(f)
	}
	stop()
	// A program that wrote more than may be read would wait for ever to be read.
	_ = out.Close()
	_ = cmd.Wait()
	switch {
	case errors.Is(err, io.EOF) && !silent.Load() && !came:
		return came, words.problem()
	default:
		return came, civic.NewProblem(civic.CameraStopped, err)
	}
}

// tail keeps the last bytes that a program wrote about itself. They are looked
// at for the kind of trouble and go no further.
type tail struct {
	most int
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[max(0, len(b)-t.most):]...)
	if over := len(t.text) - t.most; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// problem is what the words of a program that gave no picture mean. The words
// are the system's own of ffmpeg 4 to 7 (strerror in the C locale, DirectShow).
func (t *tail) problem() error {
	words := t.String()
	for _, c := range []struct {
		code civic.Code
		says []string
	}{
		{civic.CameraBusy, []string{"Device or resource busy", "already in use", "Device in use"}},
		{civic.CameraDenied, []string{"Permission denied", "Operation not permitted", "Access is denied", "not authorized"}},
		{civic.CameraAbsent, []string{"No such file or directory", "No such device", "Could not find video device", "Could not enumerate video devices", "device not found", "Inappropriate ioctl"}},
	} {
		for _, say := range c.says {
			if strings.Contains(words, say) {
				return civic.NewProblem(c.code, nil)
			}
		}
	}
	return civic.NewProblem(civic.CameraStopped, nil)
}
