package background

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// fakeKit is a kit with a network that comes and goes.
type fakeKit struct {
	mu      sync.Mutex
	state   kit.State
	online  bool
	waiting int
	pending int
	probes  []time.Time
	passes  []time.Time
	fail    error // of the next passes
	closed  bool  // the kit may not sync by itself
}

func (f *fakeKit) MaySync(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return civic.NewProblem(civic.SyncWindow, nil)
	}
	return nil
}

func (f *fakeKit) State() kit.State { return f.state }

func (f *fakeKit) Reachable(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.probes = append(f.probes, time.Now())
	if !f.online {
		return civic.NewProblem(civic.NoNetwork, nil)
	}
	return nil
}

func (f *fakeKit) Status(context.Context) (kit.Counts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return kit.Counts{Sealed: f.waiting}, nil
}

func (f *fakeKit) Sync(context.Context, time.Duration, func(kit.Progress)) (kit.SyncResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passes = append(f.passes, time.Now())
	if f.fail != nil {
		return kit.SyncResult{}, f.fail
	}
	sent := f.waiting
	f.waiting = 0
	return kit.SyncResult{Sent: sent, Received: sent, Pending: f.pending}, nil
}

func (f *fakeKit) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeKit) counts() (probes, passes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.probes), len(f.passes)
}

// start runs a runner over a kit in a bubble of false time.
func start(t *testing.T, f *fakeKit, told func(Event)) *Runner {
	t.Helper()
	r := New(Config{Kit: f, Told: told, Chance: func() float64 { return 0.5 }})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return r
}

func TestSyncsWhenTheNetworkComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, waiting: 7}
		var events []Event
		start(t, f, func(e Event) { events = append(events, e) })
		time.Sleep(10 * time.Minute)
		if _, passes := f.counts(); passes != 0 {
			t.Fatalf("made %d passes without a network", passes)
		}
		f.set(func() { f.online = true })
		time.Sleep(2*time.Minute + time.Second) // the ceiling
		if _, passes := f.counts(); passes != 1 {
			t.Fatalf("made %d passes after the network came back, want 1", passes)
		}
		synctest.Wait()
		if last := events[len(events)-1]; !last.Synced || last.Result.Sent != 7 {
			t.Fatalf("told %+v", last)
		}
	})
}

func TestTriesGrowApartUpToTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, waiting: 1}
		start(t, f, nil)
		time.Sleep(20 * time.Minute)
		var gaps []time.Duration
		f.set(func() {
			for i := 1; i < len(f.probes); i++ {
				gaps = append(gaps, f.probes[i].Sub(f.probes[i-1]))
			}
		})
		if !slices.IsSorted(gaps) || gaps[0] != 5*time.Second || gaps[len(gaps)-1] != 2*time.Minute {
			t.Fatalf("gaps between tries: %v", gaps)
		}
	})
}

func TestNudgeSendsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Unlocked, online: true}
		r := start(t, f, nil)
		_, before := f.counts()
		f.set(func() { f.waiting = 1 })
		r.Nudge()
		synctest.Wait()
		if _, passes := f.counts(); passes != before+1 {
			t.Fatalf("a nudge made %d passes, want 1", passes-before)
		}
	})
}

func TestQuietKitRarelySyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, online: true}
		start(t, f, nil)
		time.Sleep(time.Hour + time.Second) // not at the same moment as a tick
		if probes, passes := f.counts(); passes < 4 || passes > 6 || probes > 6 {
			t.Fatalf("an hour of quiet took %d probes and %d passes", probes, passes)
		}
	})
}

func TestPauseHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, online: true}
		r := start(t, f, nil)
		r.Pause(true)
		_, before := f.counts()
		f.set(func() { f.waiting = 3 })
		time.Sleep(time.Hour + time.Second) // not at the same moment as a tick
		if _, passes := f.counts(); passes != before {
			t.Fatal("a pass while held back")
		}
		r.Pause(false)
		synctest.Wait()
		if _, passes := f.counts(); passes != before+1 {
			t.Fatal("no pass after the hold")
		}
	})
}

func TestClosedWindowIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, online: true, waiting: 3, closed: true}
		start(t, f, nil)
		time.Sleep(time.Hour + time.Second)
		if probes, passes := f.counts(); probes != 0 || passes != 0 {
			t.Fatalf("%d probes, %d passes outside the window", probes, passes)
		}
		f.set(func() { f.closed = false })
		time.Sleep(3 * time.Minute)
		if _, passes := f.counts(); passes == 0 {
			t.Fatal("no pass after the window opened")
		}
	})
}

func TestFailedPassIsToldAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.Locked, online: true, waiting: 2, fail: civic.NewProblem(civic.ServerBusy, nil)}
		var events []Event
		start(t, f, func(e Event) { events = append(events, e) })
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(events) < 2 || events[0].Synced || !errors.Is(events[0].Err, civic.NewProblem(civic.ServerBusy, nil)) || !events[0].Online {
			t.Fatalf("told %+v", events)
		}
		f.set(func() { f.fail = nil })
		time.Sleep(5 * time.Minute)
		if counts, _ := f.Status(t.Context()); counts.Waiting() != 0 {
			t.Fatal("still waiting after the centre was well again")
		}
	})
}

func TestKitNotEnrolledIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeKit{state: kit.NotEnrolled, online: true, waiting: 1}
		start(t, f, nil)
		time.Sleep(time.Hour + time.Second) // not at the same moment as a tick
		if probes, passes := f.counts(); probes != 0 || passes != 0 {
			t.Fatalf("%d probes, %d passes", probes, passes)
		}
	})
}
