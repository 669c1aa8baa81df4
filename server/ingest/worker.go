package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// lookEvery is how often the worker looks for files nobody told it of.
	lookEvery = time.Second
	// round is how many files it takes up at once.
	round = 32
	// officesAtOnce is how many offices' files one round takes up; the others are
	// left to other processes. The statement in waiting has as many places.
	officesAtOnce = 4
	// maxOffices is how many offices one look names.
	maxOffices = 256
	// maxTries is how often a file may fail for no reason of its own before it
	// is set aside, so that one odd file holds up nothing.
	maxTries = 5
	// tryAgain is how long a failed file rests the first time.
	tryAgain = 2 * time.Second
)

// try counts how often a file failed, and says when it may be tried again.
type try struct {
	times int
	next  time.Time
}

// task is a file that waits.
type task struct {
	area   civic.Area
	digest civic.Digest
	kind   int
	device civic.DeviceID
	key    [8]byte
}

// Run works until the context ends. A file is settled in one transaction, so
// that it may be ended at any moment.
func (g *Ingest) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		n, err := g.Work(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			g.Logger.Error("the worker cannot read the ledger", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-g.wake:
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Work settles what waits now, at most a round of files, and tells how many
// files it brought to an end.
func (g *Ingest) Work(ctx context.Context) (int, error) {
	tasks, release, err := g.take(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	// Opening and judging is the processors' work and runs beside the settling,
	// which goes file by file in the order they came.
	ready := make([]chan opened, len(tasks))
	for i := range ready {
		ready[i] = make(chan opened, 1)
	}
	limit := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))
	ahead := make(chan struct{}, 2*cap(limit)) // bounds the opened files in memory
	go func() {
		for i, t := range tasks {
			ahead <- struct{}{}
			limit <- struct{}{}
			go func() {
				defer func() { <-limit }()
				ready[i] <- g.prepare(ctx, t)
			}()
		}
	}()
	done := 0
	for i, t := range tasks {
		o := <-ready[i]
		<-ahead
		if ctx.Err() != nil {
			continue // let the others finish opening
		}
		if g.conclude(ctx, t, o) {
			done++
		}
	}
	if done > 0 {
		g.announce()
	}
	return done, nil
}

// take lists files that wait, the oldest first, without those that rest, of
// offices that no other worker is at. The offices are this worker's until
// release: files of one office are settled in the order they came, however many
// processes work.
func (g *Ingest) take(ctx context.Context) (tasks []task, release func(), err error) {
	offices, err := g.waitingOffices(ctx)
	for err == nil && len(offices) > 0 {
		n := min(officesAtOnce, len(offices))
		var held []string
		if held, release, err = g.DB.Turns(ctx, offices[:n], n); err != nil {
			break
		}
		// Only now: what waited before may have been settled by whoever was at it.
		if tasks, err = g.waiting(ctx, held); err == nil && len(tasks) > 0 {
			return tasks, release, nil
		}
		release()
		offices = offices[n:]
	}
	return nil, func() {}, err
}

// turnOf names the turn at an office's files.
const turnOf = "settle "

// waitingOffices names the turns at offices with waiting files, the office
// that waits longest first.
func (g *Ingest) waitingOffices(ctx context.Context) (turns []string, err error) {
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		turns = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var area string
			err := r.Scan(&area)
			turns = append(turns, turnOf+area)
			return err
		}, "SELECT area FROM ingest_file WHERE state = 1 GROUP BY area ORDER BY min(received_at), area LIMIT ?1", maxOffices)
	})
	return turns, err
}

// waiting lists the files that wait in offices named by their turns.
func (g *Ingest) waiting(ctx context.Context, turns []string) (tasks []task, err error) {
	if len(turns) == 0 {
		return nil, nil
	}
	args := []any{round + g.resting()}
	for i := range officesAtOnce { // one statement, however many offices
		args = append(args, strings.TrimPrefix(turns[min(i, len(turns)-1)], turnOf))
	}
	err = g.DB.View(ctx, func(tx ledger.Tx) error {
		tasks = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var t task
			var area string
			var digest, device, key []byte
			if err := r.Scan(&area, &digest, &t.kind, &device, &key); err != nil {
				return err
			}
			t.area, t.digest, t.device, t.key = civic.Area(area), civic.Digest(digest), civic.DeviceID(device), [8]byte(key)
			if !g.rests(t.digest) && len(tasks) < round {
				tasks = append(tasks, t)
			}
			return nil
		}, `SELECT area, digest, kind, device, key_id FROM ingest_file WHERE state = 1 AND area IN (?2, ?3, ?4, ?5)
			ORDER BY received_at, area, taken LIMIT ?1`, args...)
	})
	return tasks, err
}

// conclude settles an opened file or sets it aside, and tells whether the file
// waits no longer.
func (g *Ingest) conclude(ctx context.Context, t task, o opened) bool {
	err := o.err
	if err == nil {
		err = guard(func() error { return g.settle(ctx, t, o) })
	}
	if err == nil {
		g.forget(t.digest)
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	var p *civic.Problem
	switch {
	case errors.As(err, &p) && p.HTTPStatus() < 500:
		// The file's own fault.
	case errors.As(err, &p), errors.Is(err, context.Canceled):
		// The centre's: a full disk, a busy ledger. The file waits.
		g.Logger.Error("a file has to wait", "file", t.digest.String(), "error", err)
		g.rest(t.digest, false)
		return false
	default:
		g.Logger.Error("a file failed", "file", t.digest.String(), "error", err)
		if !g.rest(t.digest, true) {
			return false
		}
		p = civic.NewProblem(civic.ProcessingFailed, err)
	}
	if err := g.setAside(ctx, t, p); err != nil {
		g.Logger.Error("a file cannot be set aside", "file", t.digest.String(), "error", err)
		return false
	}
	g.forget(t.digest)
	return true
}

// guard turns a panic over one file into an error: the next file is nobody's
// fault.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}

// setAside puts a file into quarantine with its reason.
func (g *Ingest) setAside(ctx context.Context, t task, p *civic.Problem) error {
	g.Logger.Warn("set aside", "file", t.digest.String(), "device", t.device.String(), "reason", string(p.Code))
	return g.DB.Update(ctx, func(tx ledger.Tx) error {
		state := stateQuarantined
		if p.Code == civic.NeedKey {
			state = stateNeedsKey
		}
		_, err := tx.Exec(ctx, "UPDATE ingest_file SET state = ?3, reason = ?4, words = ?5, done_at = ?6 WHERE area = ?1 AND digest = ?2 AND state = 1",
			string(t.area), t.digest[:], state, string(p.Code), joinWords(p.Words), g.Clock().Unix())
		return err
	}, ledger.Office(t.area))
}

// rest lets a file wait longer each time; given up means it has failed too often.
func (g *Ingest) rest(digest civic.Digest, count bool) (givenUp bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tries[digest]
	if count || t.times == 0 {
		t.times++
	}
	t.next = g.Clock().Add(tryAgain << min(t.times, 6))
	g.tries[digest] = t
	return count && t.times >= maxTries
}

func (g *Ingest) rests(digest civic.Digest) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.tries[digest]
	return ok && g.Clock().Before(t.next)
}

func (g *Ingest) resting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.tries)
}

func (g *Ingest) forget(digest civic.Digest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tries, digest)
}

// owner finds the kit of a task.
func (g *Ingest) owner(ctx context.Context, tx ledger.Tx, t task) (access.Device, error) {
	return g.Access.ByID(ctx, tx, t.device)
}
