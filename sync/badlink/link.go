package badlink

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"time"
)

// Conditions say how bad a link is. The zero value is a perfect one.
type Conditions struct {
	Up, Down int           // bytes a second that fit through, 0 for no limit
	Delay    time.Duration // one way
	Loss     float64       // share of packets lost, each way
	Queue    int           // bytes that wait before the narrow place, 0 for 48 KB
	// AliveFor and DeadFor make cuts: the link carries for AliveFor, then
	// nothing for DeadFor, after which connections from before are reset.
	// Zero means no cuts.
	AliveFor, DeadFor time.Duration
	Seed              uint64
}

// Stats are what went over a link.
type Stats struct {
	PacketsUp, PacketsDown int
	BytesUp, BytesDown     int64 // with headers of IP and TCP, lost ones included
	Lost                   int
	Cuts, Connections      int
}

// Link joins clients that call Dial with a server that accepts on Listener.
type Link struct {
	conditions Conditions
	mu         sync.Mutex
	dice       *rand.Rand
	up, down   *pipe
	conns      map[*conn]struct{} // client ends
	backlog    chan net.Conn
	closed     chan struct{}
	dead       bool // in the middle of a cut
	age        int  // counts cuts: what was sent at another age is gone
	cut        *time.Timer
	stats      Stats
	ports      int
}

// New makes a link; Close it.
func New(c Conditions) *Link {
	if c.Queue == 0 {
		c.Queue = 48 << 10
	}
	l := &Link{
		conditions: c,
		dice:       rand.New(rand.NewPCG(c.Seed, 0x6261646c696e6b)),
		conns:      map[*conn]struct{}{},
		backlog:    make(chan net.Conn, 64),
		closed:     make(chan struct{}),
	}
	l.up, l.down = &pipe{link: l, rate: c.Up}, &pipe{link: l, rate: c.Down}
	if c.AliveFor > 0 {
		l.cut = time.AfterFunc(c.AliveFor, l.die)
	}
	return l
}

// die begins a cut.
func (l *Link) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return
	}
	l.dead = true
	l.age++
	l.stats.Cuts++
	l.up.clear()
	l.down.clear()
	l.cut = time.AfterFunc(l.conditions.DeadFor, l.revive)
}

// revive ends a cut: the way is another one, and what it does not know is
// reset.
func (l *Link) revive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return
	}
	l.dead = false
	for c := range l.conns {
		if c.age < l.age {
			c.fail(syscall.ECONNRESET)
		}
	}
	l.cut = time.AfterFunc(l.conditions.AliveFor, l.die)
}

func (l *Link) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// Dial opens a connection to whoever accepts on Listener; the address is not
// looked at.
func (l *Link) Dial(ctx context.Context, _ string) (net.Conn, error) {
	client, server := l.join()
	made := make(chan error, 1)
	l.mu.Lock()
	l.stats.Connections++
	l.mu.Unlock()
	go client.connect(ctx, server, made)
	select {
	case err := <-made:
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Stats tells what went over the link so far.
func (l *Link) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

// Close ends everything on the link.
func (l *Link) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return nil
	}
	close(l.closed)
	if l.cut != nil {
		l.cut.Stop()
	}
	for c := range l.conns {
		c.fail(net.ErrClosed)
		c.peer.fail(net.ErrClosed)
	}
	l.up.clear()
	l.down.clear()
	return nil
}

// Listener is the server's end.
func (l *Link) Listener() net.Listener { return listener{l} }

type listener struct{ link *Link }

func (a listener) Accept() (net.Conn, error) {
	select {
	case c := <-a.link.backlog:
		return c, nil
	case <-a.link.closed:
		return nil, net.ErrClosed
	}
}

func (a listener) Close() error   { return a.link.Close() }
func (a listener) Addr() net.Addr { return address("centre") }

type address string

func (address) Network() string  { return "badlink" }
func (a address) String() string { return string(a) }

var errRefused = errors.New("nobody accepts")
