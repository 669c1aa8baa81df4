package voice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"time"
)

// errTooMuch is a program's output that has no end.
var errTooMuch = errors.New("a program gives more than it should")

// inherited are the variables that a program of the system needs to find its
// data and the loudspeaker. It is given no others: a passphrase may stand in one.
var inherited = []string{
	"PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "ESPEAK_DATA_PATH", "ALSA_CONFIG_PATH", "ALSA_CARD",
	"AUDIODEV", "PULSE_SERVER", "PULSE_SINK", "PULSE_COOKIE", "PULSE_RUNTIME_PATH", "PIPEWIRE_REMOTE", "PIPEWIRE_RUNTIME_DIR", "SYSTEMROOT",
}

func environment() []string {
	out := []string{"LC_ALL=C.UTF-8"}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// run runs a program with in on its standard input and gives what it says, at
// most limit bytes of it; 0 throws it away. It ends the program, and whatever
// that has started, when ctx ends or its time is over. What the program
// complains of is thrown away: it may repeat the words.
func run(ctx context.Context, path string, args []string, in io.Reader, limit int, patience time.Duration) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env, cmd.Stdin = environment(), in
	out := &bounded{limit: limit, full: cancel}
	if limit > 0 {
		cmd.Stdout = out
	}
	// Pipes that something else still holds are let go of after this.
	cmd.WaitDelay = time.Second
	asGroup(cmd)
	err := cmd.Run()
	switch {
	case out.over:
		return nil, errTooMuch
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return out.b.Bytes(), err
}

// bounded keeps a program's output up to a limit and calls full beyond it.
type bounded struct {
	b     bytes.Buffer
	limit int
	over  bool
	full  func()
}

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > w.limit {
		w.over = true
		w.full()
		return 0, errTooMuch
	}
	return w.b.Write(p)
}

// taken hands a sound over in small parts, so that what is left tells how much
// of it a player has taken.
type taken struct{ left *bytes.Reader }

func (t taken) Read(p []byte) (int, error) { return t.left.Read(p) }
