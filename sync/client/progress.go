package client

import (
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/protocol"
)

// progress gathers what the uploads tell and passes it on, a few times a
// second.
type progress struct {
	mu    sync.Mutex
	tell  func(Progress)
	clock func() time.Time
	now   Progress
	last  time.Time // when it was told
	marks []mark    // the recent past, for the rate
}

type mark struct {
	at   time.Time
	done int64
}

const (
	tellEvery  = 250 * time.Millisecond
	rateWindow = 8 * time.Second
)

func newProgress(tell func(Progress), clock func() time.Time) *progress {
	return &progress{tell: tell, clock: clock}
}

func (g *progress) step(s Step) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if (s == Asking || s == Waiting) && g.now.Pack < g.now.PackSize {
		s = Fetching // the next part of the pack is what is asked for
	}
	if g.now.Step != s || g.last.IsZero() {
		g.now.Step = s
		g.told(true)
	}
}

// plan adds files to send.
func (g *progress) plan(items []protocol.Item) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, i := range items {
		g.now.Files++
		g.now.Size += i.Size
	}
	if len(items) > 0 {
		g.now.Step = Sending
		g.marks = nil
		g.told(true)
	}
}

// moved adds bytes on their way; a negative number takes back what was lost.
func (g *progress) moved(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Up = max(0, g.now.Up+n)
	if n > 0 {
		g.now.Step = Sending
	}
	g.told(false)
}

// arrived notes a whole file.
func (g *progress) arrived(i protocol.Item, counted int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.FilesUp++
	g.now.Up += i.Size - counted
	g.told(true)
}

// fetched notes a part of the district pack, and what is still to come.
func (g *progress) fetched(n, left int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now.Step != Fetching {
		g.marks = nil
	}
	g.now.Step = Fetching
	g.now.Pack += n
	g.now.PackSize = g.now.Pack + left
	g.told(true)
}

func (g *progress) took(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now.Received += n
	g.told(true)
}

func (g *progress) told(always bool) {
	if g.tell == nil {
		return
	}
	at := g.clock()
	if !always && at.Sub(g.last) < tellEvery {
		return
	}
	g.last = at
	done, size := g.now.Up, g.now.Size
	if g.now.Step == Fetching {
		done, size = g.now.Pack, g.now.PackSize
	}
	g.marks = append(g.marks, mark{at, done})
	for len(g.marks) > 2 && at.Sub(g.marks[0].at) > rateWindow {
		g.marks = g.marks[1:]
	}
	g.now.Rate, g.now.Left = 0, 0
	if span := at.Sub(g.marks[0].at).Seconds(); span >= 1 {
		g.now.Rate = max(0, float64(done-g.marks[0].done)/span)
	}
	if left := size - done; g.now.Rate > 0 && left > 0 {
		g.now.Left = time.Duration(float64(left) / g.now.Rate * float64(time.Second)).Round(time.Second)
	}
	g.tell(g.now)
}
