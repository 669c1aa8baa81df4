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
)

// wire is the way to one server: a connection that is metered and kept lean, and
// the HTTP client over it.
type wire struct {
	address string
	base    string
	dial    func(ctx context.Context, address string) (net.Conn, error)
	tls     *tls.Config
	tuning  Tuning
	clock   func() time.Time
	jitter  func() float64

	up, down, attempts atomic.Int64

	road *road
	http *http.Client // over the road
}

func newWire(w *wire) *wire {
	if w.dial == nil {
		d := &net.Dialer{Timeout: w.tuning.Stall}
		w.dial = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
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
	raw, err := w.dial(ctx, w.address)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(newLean(raw, w.tuning, w.clock), w.tls)
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
	tuning Tuning
	clock  func() time.Time
	buffer int // bytes; 0 when the connection has none to set
	since  time.Time
	moved  int64         // bytes written since
	inside time.Duration // of it spent waiting in Write
}

const (
	// bufferCeiling is as large as a send buffer grows, in bytes.
	bufferCeiling = 4 << 20
	// adaptEvery is the shortest span that tells how fast a link is.
	adaptEvery = 8 * time.Second
)

type writeBuffered interface{ SetWriteBuffer(bytes int) error }

func newLean(c net.Conn, t Tuning, clock func() time.Time) *lean {
	l := &lean{Conn: c, tuning: t, clock: clock}
	if b, ok := c.(writeBuffered); ok && b.SetWriteBuffer(t.SendBuffer) == nil {
		l.buffer = t.SendBuffer
	}
	return l
}

func (l *lean) Write(b []byte) (int, error) {
	cut := time.AfterFunc(l.tuning.Stall, func() { _ = l.Close() })
	defer cut.Stop()
	if l.buffer == 0 {
		return l.Conn.Write(b)
	}
	began := l.clock()
	if l.moved == 0 {
		l.since = began
	}
	n, err := l.Conn.Write(b)
	now := l.clock()
	l.moved += int64(n)
	l.inside += now.Sub(began)
	if span := now.Sub(l.since); span >= adaptEvery {
		l.adapt(span)
		l.moved, l.inside = 0, 0
	}
	return n, err
}

// adapt widens the buffer to a good second of what the link carried, where the
// buffer was what held it back. The span is long, because a buffer that empties
// at once after a loss must not pass for a fast link.
func (l *lean) adapt(span time.Duration) {
	if l.inside < span/2 {
		return
	}
	want := int(min(float64(l.moved)/span.Seconds()*1.2, bufferCeiling))
	if want > l.buffer+l.buffer/4 && l.Conn.(writeBuffered).SetWriteBuffer(want) == nil {
		l.buffer = want
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
