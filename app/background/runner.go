package background

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// Kit is what the runner asks of a kit; *kit.Kit is one.
type Kit interface {
	State() kit.State
	MaySync(ctx context.Context) error
	Reachable(ctx context.Context) error
	Status(ctx context.Context) (kit.Counts, error)
	Sync(ctx context.Context, wait time.Duration, progress func(kit.Progress)) (kit.SyncResult, error)
}

// Config says how eager the runner is. Only Kit is required.
type Config struct {
	Kit Kit
	// Told is told what happened, by the runner's own goroutine; may be nil.
	Told func(Event)
	// Progress is told how far a pass is; may be nil.
	Progress func(kit.Progress)
	Logger   *slog.Logger

	First   time.Duration // between two tries after one that failed; 5 s when 0
	Ceiling time.Duration // the longest distance between two tries; 2 min when 0
	Quiet   time.Duration // between two passes while nothing waits; 15 min when 0
	Wait    time.Duration // how long a pass stays for decisions; 20 s when 0

	// After and Chance replace the machine's timers and dice in tests.
	After  func(time.Duration) <-chan time.Time
	Chance func() float64 // in [0,1)
}

// Event is one thing the runner did.
type Event struct {
	Online bool // the centre answered
	Synced bool // a pass was made, whole or in part
	Result kit.SyncResult
	Err    error // why not, nil when all went well
}

// Runner syncs by itself.
type Runner struct {
	c      Config
	nudged chan struct{}
	paused atomic.Bool
}

// New makes a runner; nothing happens before Run.
func New(c Config) *Runner {
	or := func(d *time.Duration, other time.Duration) {
		if *d <= 0 {
			*d = other
		}
	}
	or(&c.First, 5*time.Second)
	or(&c.Ceiling, 2*time.Minute)
	or(&c.Quiet, 15*time.Minute)
	or(&c.Wait, 20*time.Second)
	if c.After == nil {
		c.After = time.After
	}
	if c.Chance == nil {
		c.Chance = rand.Float64
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	return &Runner{c: c, nudged: make(chan struct{}, 1)}
}

// Nudge makes the runner try soon, at once if it is only waiting. It never
// blocks.
func (r *Runner) Nudge() {
	select {
	case r.nudged <- struct{}{}:
	default:
	}
}

// Pause holds the runner back, for an officer who wants to send later, until
// called with false.
func (r *Runner) Pause(hold bool) {
	r.paused.Store(hold)
	if !hold {
		r.Nudge()
	}
}

// Run works until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	failures, quiet := 0, time.Duration(0)
	for ctx.Err() == nil {
		pause := r.c.Quiet
		switch did, err := r.try(ctx, quiet); {
		case err != nil:
			failures++
			pause = r.backOff(failures)
		case did.Result.Pending > 0 || did.waits:
			failures, quiet = 0, 0
			pause = r.backOff(2) // decisions are on their way
		case did.Synced:
			failures, quiet = 0, 0
		}
		// While nothing waits a sign of life is enough; a pass is due only
		// after a quiet while.
		step := min(pause, r.c.Ceiling)
		select {
		case <-ctx.Done():
			return
		case <-r.nudged:
			quiet = r.c.Quiet
		case <-r.c.After(r.spread(step)):
			quiet += step
		}
	}
}

// tried is what one try came to.
type tried struct {
	Event
	waits bool // something is left to send or to be decided
}

// try makes a pass if there is a reason and a network.
func (r *Runner) try(ctx context.Context, quiet time.Duration) (tried, error) {
	// The state is asked first: it is what drops the keys of a kit left alone.
	if r.c.Kit.State() == kit.NotEnrolled || r.paused.Load() {
		return tried{}, nil
	}
	counts, err := r.c.Kit.Status(ctx)
	if err != nil {
		return tried{}, err
	}
	if quiet != 0 && quiet < r.c.Quiet && counts.Waiting() == 0 && counts.Received == 0 {
		return tried{}, nil
	}
	if !r.may(ctx) {
		return tried{}, nil
	}
	if err := r.c.Kit.Reachable(ctx); err != nil {
		r.tell(Event{Err: err})
		return tried{}, err
	}
	result, err := r.c.Kit.Sync(ctx, r.c.Wait, r.c.Progress)
	e := Event{Online: civic.CodeOf(err) != civic.NoNetwork, Synced: err == nil, Result: result, Err: err}
	r.tell(e)
	if err != nil {
		r.c.Logger.Info("a sync by itself did not finish", "code", civic.CodeOf(err))
		return tried{Event: e}, err
	}
	after, err := r.c.Kit.Status(ctx)
	return tried{Event: e, waits: err == nil && after.Waiting() > 0 && result.Received > 0}, nil
}

// may tells whether the office's window, the day's data and the network let the
// kit sync by itself now.
func (r *Runner) may(ctx context.Context) bool { return r.c.Kit.MaySync(ctx) == nil }

func (r *Runner) tell(e Event) {
	if r.c.Told != nil {
		r.c.Told(e)
	}
}

// backOff doubles from First up to the ceiling.
func (r *Runner) backOff(failures int) time.Duration {
	d := r.c.First
	for i := 1; i < failures && d < r.c.Ceiling; i++ {
		d *= 2
	}
	return min(d, r.c.Ceiling)
}

// spread moves a pause by up to a quarter to either side.
func (r *Runner) spread(d time.Duration) time.Duration {
	return d + time.Duration((r.c.Chance()-0.5)/2*float64(d))
}
