package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// wire is the road to one server: connections that are metered, watched and
// kept lean, and the HTTP client over them.
type wire struct {
	address string
	base    string
	dial    func(ctx context.Context, address string) (net.Conn, error)
	tls     *tls.Config
	tuning  Tuning
	clock   func() time.Time
	jitter  func() float64

	up, down, attempts atomic.Int64

	transport *http.Transport
	http      *http.Client
}

// conns is how many connections a wire opens: one that sends, and one that
// waits for its answer meanwhile.
const conns = 2

func newWire(w *wire) *wire {
	if w.dial == nil {
		d := &net.Dialer{Timeout: w.tuning.Stall}
		w.dial = func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	w.transport = &http.Transport{
		DialTLSContext:     w.connect,
		MaxConnsPerHost:    conns,
		MaxIdleConns:       conns,
		IdleConnTimeout:    2 * time.Minute,
		WriteBufferSize:    piece,
		DisableCompression: true, // what travels is sealed: it does not shrink
	}
	w.http = &http.Client{
		Transport: watcher{w},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	return w
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// connect opens one connection with its TLS. The meter lies inside TLS: it
// counts what HTTP says, whatever the encryption adds.
func (w *wire) connect(ctx context.Context, _, _ string) (net.Conn, error) {
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

// bufferCeiling is as large as a send buffer grows, in bytes.
const bufferCeiling = 4 << 20

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
	if span := now.Sub(l.since); span >= time.Second {
		l.adapt(span)
		l.moved, l.inside = 0, 0
	}
	return n, err
}

// adapt widens the buffer to a second and a half of what the link carried,
// where the buffer was what held it back.
func (l *lean) adapt(span time.Duration) {
	if l.inside < span/2 {
		return
	}
	want := int(min(float64(l.moved)/span.Seconds()*1.5, bufferCeiling))
	if want > l.buffer+l.buffer/4 && l.Conn.(writeBuffered).SetWriteBuffer(want) == nil {
		l.buffer = want
	}
}

// watcher ends a request on which nothing moves, counts requests, and knows
// when a request's last byte has left.
type watcher struct{ wire *wire }

// watchKey carries watchOptions in a request's context.
type watchKey struct{}

type watchOptions struct {
	wait  time.Duration   // how much longer the answer may take
	first func() error    // asked when a connection stands and the body begins to leave; may be nil
	moved func(bytes int) // told of body bytes as they leave; may be nil
	left  func()          // told when the last one left; may be nil
}

var errStalled = errors.New("nothing moved on the connection")

func (r watcher) RoundTrip(q *http.Request) (*http.Response, error) {
	o, _ := q.Context().Value(watchKey{}).(watchOptions)
	r.wire.attempts.Add(1)
	ctx, cancel := context.WithCancelCause(q.Context())
	limit := r.wire.tuning.Answer + o.wait
	timer := time.AfterFunc(limit, func() { cancel(errStalled) })
	q = q.Clone(ctx)
	body := &leaving{ReadCloser: q.Body, options: o, timer: timer, limit: limit}
	if q.Body != nil && q.Body != http.NoBody {
		q.Body = body
	} else if o.left != nil {
		o.left()
	}
	answer, err := r.wire.transport.RoundTrip(q)
	body.end()
	if err != nil {
		timer.Stop()
		if cause := context.Cause(ctx); cause != nil {
			err = errors.Join(cause, err)
		}
		cancel(nil)
		return nil, err
	}
	timer.Reset(limit)
	answer.Body = &arriving{ReadCloser: answer.Body, timer: timer, limit: limit, cancel: cancel}
	return answer, nil
}

// leaving hands a request's body out in small pieces, so that progress is seen.
type leaving struct {
	io.ReadCloser
	options watchOptions
	timer   *time.Timer
	limit   time.Duration

	mu    sync.Mutex
	begun bool
	over  bool // the request is; what still reads is nobody's
}

// piece is how much of a body leaves at once, bytes: one TLS record that fills
// two segments of 1,448. Smaller ones cost more, of larger ones a cut takes more.
const piece = 2*1448 - 22

func (l *leaving) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return 0, errStalled
	}
	if !l.begun && l.options.first != nil {
		if err := l.options.first(); err != nil {
			return 0, err
		}
	}
	l.begun = true
	n, err := l.ReadCloser.Read(b[:min(len(b), piece)])
	l.timer.Reset(l.limit)
	if l.options.moved != nil {
		l.options.moved(n)
	}
	if err != nil && l.options.left != nil {
		l.options.left()
	}
	return n, err
}

// end makes what still reads the body harmless: the transport may go on in a
// goroutine of its own after it gave an answer.
func (l *leaving) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

type arriving struct {
	io.ReadCloser
	timer  *time.Timer
	limit  time.Duration
	cancel context.CancelCauseFunc
}

func (a *arriving) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	a.timer.Reset(a.limit)
	return n, err
}

func (a *arriving) Close() error {
	a.timer.Stop()
	err := a.ReadCloser.Close()
	a.cancel(nil)
	return err
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
