package camera

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Config says with what cameras are read; its zero value suits the program that
// officers carry.
type Config struct {
	// Program is ffmpeg's path; empty to look for it beside this program and
	// where the system keeps programs.
	Program string
	// First is how long a camera may take to the first picture, Between to each
	// further one. 0 stands for 12 and 6 seconds.
	First, Between time.Duration
	// Devices is where Linux lists its cameras; empty for the system's own.
	Devices string
}

// Cameras lists and opens the cameras of this machine. At most one stream is
// open at a time; a new one waits until the one before has let go of its camera.
// Its methods may be called from several goroutines.
type Cameras struct {
	c    Config
	mu   sync.Mutex
	last *Stream
}

// New looks for nothing yet: a machine without camera or program is told so
// when somebody wants one.
func New(c Config) *Cameras {
	if c.First == 0 {
		c.First = 12 * time.Second
	}
	if c.Between == 0 {
		c.Between = 6 * time.Second
	}
	if c.Devices == "" {
		c.Devices = "/sys/class/video4linux"
	}
	return &Cameras{c: c}
}

// program is the path of ffmpeg, or the problem camera_program.
func (c *Cameras) program() (string, error) {
	if c.c.Program != "" {
		if path, err := exec.LookPath(c.c.Program); err == nil {
			return path, nil
		}
		return "", civic.NewProblem(civic.CameraProgram, nil)
	}
	if own, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(own), "ffmpeg")
		if path, err := exec.LookPath(beside); err == nil { // finds ffmpeg.exe too
			return path, nil
		}
	}
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return "", civic.NewProblem(civic.CameraProgram, nil)
	}
	return path, nil
}

// Open begins to read a source; pictures and what goes wrong come by
// Stream.Next. The stream ends with ctx, too.
func (c *Cameras) Open(ctx context.Context, source Source, turn Turn) *Stream {
	ctx, stop := context.WithCancel(ctx)
	s := &Stream{stop: stop, frames: make(chan Frame, 1), done: make(chan struct{})}
	c.mu.Lock()
	before := c.last
	c.last = s
	c.mu.Unlock()
	if before != nil {
		before.Close()
	}
	go func() {
		defer close(s.done)
		defer stop()
		if before != nil {
			<-before.done // also when this one is not wanted any more: the next waits for this one only
		}
		program, err := c.program()
		if err == nil && ctx.Err() == nil {
			err = s.run(ctx, program, source.attempts(turn), c.c.First, c.c.Between)
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if s.closed.Load() {
			s.forget()
		}
		s.err = err
	}()
	return s
}

// Close ends the stream that is open and waits until its program is gone, or ctx
// is.
func (c *Cameras) Close(ctx context.Context) {
	c.mu.Lock()
	last := c.last
	c.mu.Unlock()
	if last == nil {
		return
	}
	last.Close()
	select {
	case <-last.done:
	case <-ctx.Done():
	}
}

// List names the cameras of this machine; none is the problem camera_absent.
func (c *Cameras) List(ctx context.Context) ([]Source, error) {
	var all []Source
	switch runtime.GOOS {
	case "linux", "android":
		all = linuxCameras(c.c.Devices, captures)
	case "windows":
		said, err := c.said(ctx, "-list_devices", "true", "-f", "dshow", "-i", "dummy")
		if err != nil {
			return nil, err
		}
		all = parseDirectShow(said)
	case "darwin":
		said, err := c.said(ctx, "-f", "avfoundation", "-list_devices", "true", "-i", "")
		if err != nil {
			return nil, err
		}
		all = parseAVFoundation(said)
	}
	if len(all) == 0 {
		return nil, civic.NewProblem(civic.CameraAbsent, nil)
	}
	return all, nil
}

// said is what ffmpeg writes about devices; it ends with an error whatever it
// found.
func (c *Cameras) said(ctx context.Context, args ...string) (string, error) {
	program, err := c.program()
	if err != nil {
		return "", err
	}
	ctx, stop := context.WithTimeout(ctx, c.c.First)
	defer stop()
	words := &tail{most: 64 << 10}
	cmd := command(ctx, program, append([]string{"-hide_banner", "-nostdin"}, args...)...)
	cmd.Stderr = words
	_ = cmd.Run()
	return words.String(), nil
}

// handed are the variables of the environment that ffmpeg is given: where
// programs and libraries lie. What else stands there is no business of its own,
// such as FFREPORT, which would have it write a file.
var handed = []string{"PATH=", "LD_LIBRARY_PATH=", "SYSTEMROOT=", "WINDIR=", "TEMP=", "TMP="}

// command is ffmpeg, without a window of its own.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1"}
	for _, v := range os.Environ() {
		if slices.ContainsFunc(handed, func(name string) bool { return strings.HasPrefix(strings.ToUpper(v), name) }) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.WaitDelay = time.Second
	hide(cmd)
	return cmd
}
