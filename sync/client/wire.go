package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// wire is the way to one server: a connection that is metered and kept lean, and
// the HTTP client over it.
type wire struct {
	address string
	base    string
	dial    func(ctx context.Context, address string) (net.Conn, error)
	tls     *tls.Config
	known   *protocol.Sessions // with this server; the cache of tls
	tuning  Tuning
	clock   func() time.Time
	jitter  func() float64

	up, down, attempts atomic.Int64
	buffer             atomic.Int64 // bytes of the send buffer that suits the link

	road *road
	http *http.Client // over the road
}

// dialTime is how long a server may take to pick up.
const dialTime = 20 * time.Second

func newWire(w *wire) *wire {
	if w.dial == nil {
		d := &net.Dialer{Timeout: min(w.tuning.Stall, dialTime)}
		w.dial = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	w.buffer.Store(int64(w.tuning.SendBuffer))
	w.tls = w.tls.Clone()
	w.tls.ClientSessionCache = w.known
	w.road = &road{wire: w}
	w.http = &http.Client{
		Transport: w.road,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	return w
}

func (w *wire) close() { w.road.close() }

// connect opens one connection with its TLS. The meter lies inside TLS: it
// counts what HTTP says, whatever the encryption adds.
func (w *wire) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*w.tuning.Stall)
	defer cancel()
	if _, ok := w.known.Get(""); ok {
		c, err := w.shake(ctx, protocol.Resuming(w.tls))
		if !errors.Is(err, protocol.ErrNotResumed) {
			return c, err
		}
		w.known.Forget()
	}
	return w.shake(ctx, w.tls)
}

func (w *wire) shake(ctx context.Context, config *tls.Config) (net.Conn, error) {
	raw, err := dialTwice(ctx, func(ctx context.Context) (net.Conn, error) { return w.dial(ctx, w.address) })
	if err != nil {
		return nil, err
	}
	secure := tls.Client(newLean(raw, w), config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &meter{Conn: secure, wire: w}, nil
}

// meter counts the bytes of HTTP both ways.
type meter struct {
	net.Conn
	wire *wire
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	m.wire.down.Add(int64(n))
	return n, err
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.Conn.Write(b)
	m.wire.up.Add(int64(n))
	return n, err
}

// lean keeps a socket's send buffer as small as the link allows, because a cut
// destroys what waits in it, and cuts a connection whose writes do not move.
type lean struct {
	net.Conn
	wire   *wire
	buffer int // bytes; 0 when the connection has none to set
	since  time.Time
	moved  int64         // bytes written since, beyond what filled the buffer
	inside time.Duration // of that time, spent waiting in Write
}

const (
	// A send buffer holds what the link carries in bufferSpan: enough that the
	// link does not idle while one lost segment is sent again.
	bufferSpan    = 2 * time.Second
	bufferFloor   = 6 << 10 // bytes
	bufferCeiling = 4 << 20
	// adaptEvery is the shortest span that tells how fast a link is.
	adaptEvery = 5 * time.Second
)

type writeBuffered interface{ SetWriteBuffer(bytes int) error }

func newLean(c net.Conn, w *wire) *lean {
	l := &lean{Conn: c, wire: w}
	boundUnsent(c)
	l.set(int(w.buffer.Load()))
	return l
}

// set sets the buffer. A system may take more than it was told: Linux doubles.
func (l *lean) set(bytes int) {
	b, ok := l.Conn.(writeBuffered)
	if ok && b.SetWriteBuffer(bytes) == nil {
		l.moved -= 2 * int64(max(0, bytes-l.buffer))
		l.buffer = bytes
	}
}

func (l *lean) Write(b []byte) (int, error) {
	cut := time.AfterFunc(l.wire.tuning.Stall, func() { _ = l.Close() })
	defer cut.Stop()
	if l.buffer == 0 {
		return l.Conn.Write(b)
	}
	began := l.wire.clock()
	if l.since.IsZero() {
		l.since = began
	}
	n, err := l.Conn.Write(b)
	now := l.wire.clock()
	l.moved += int64(n)
	l.inside += now.Sub(began)
	if span := now.Sub(l.since); span >= adaptEvery {
		if l.inside >= span/2 {
			l.adapt(span)
		}
		l.since, l.moved, l.inside = now, min(l.moved, 0), 0
	}
	return n, err
}

// adapt sizes the buffer to the link, for this connection and the next.
func (l *lean) adapt(span time.Duration) {
	rate := float64(max(l.moved, 0)) / span.Seconds()
	want := int(min(max(rate*bufferSpan.Seconds(), bufferFloor), bufferCeiling))
	l.moved = 0
	if want > l.buffer*5/4 || want < l.buffer*3/4 {
		l.set(want)
		l.wire.buffer.Store(int64(l.buffer))
	}
}

// problemOf turns what a request failed with into a problem.
func problemOf(ctx context.Context, err error) error {
	var (
		p     *civic.Problem
		plain tls.RecordHeaderError
	)
	switch {
	case ctx.Err() != nil:
		return civic.NewProblem(civic.Stopped, context.Cause(ctx))
	case errors.As(err, &p):
		return p
	case errors.As(err, &plain): // something that does not even speak TLS
		return civic.NewProblem(civic.WrongServer, err)
	default:
		return civic.NewProblem(civic.NoNetwork, err)
	}
}

// passes tells whether trying again may help.
func passes(err error) bool {
	switch civic.CodeOf(err) {
	case civic.NoNetwork, civic.ServerBusy, civic.TooManyTries:
		return true
	}
	return false
}

// backoff is the pause before try number n, from 0: doubling up to a ceiling,
// anywhere in its upper half, so that fifty kits do not come at once.
func (w *wire) backoff(n int, asked time.Duration) time.Duration {
	pause := w.tuning.RetryMax
	if n < 16 {
		pause = min(w.tuning.RetryMin<<n, w.tuning.RetryMax)
	}
	pause = pause/2 + time.Duration(w.jitter()*float64(pause/2))
	return max(pause, min(asked, w.tuning.RetryMax))
}

// pause waits, or fails with civic.Stopped.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return civic.NewProblem(civic.Stopped, context.Cause(ctx))
	}
}
