package client

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/protocol"
)

// road is one connection to the server at a time, on which requests may follow
// each other without waiting for answers (HTTP/1.1 pipelining). A round trip on
// a 2G link costs as much as four kilobytes, a second connection as much as
// eight; with one connection and no waiting neither is paid twice. What a cut
// leaves open is told by the next request, so every request on it can be
// repeated.
//
// One goroutine at a time starts requests.
type road struct {
	wire *wire
	mu   sync.Mutex
	car  *car // nil or dead: the next request opens another
}

// car is one connection.
type car struct {
	road *road
	conn net.Conn
	to   *bufio.Writer
	from *bufio.Reader
	due  chan *call // answers to come, in their order

	mu    sync.Mutex // over what follows
	dead  bool
	flown int // answers to come
	limit time.Duration
	timer *time.Timer
}

// call is one request under way.
type call struct {
	request *http.Request
	options watchOptions
	answer  chan reply // gets one
	stop    func() bool
	broken  bool // it did not leave whole; the failure comes as its answer
}

type reply struct {
	response *http.Response // its body is in memory
	err      error
}

// watchKey carries watchOptions in a request's context.
type watchKey struct{}

type watchOptions struct {
	wait  time.Duration   // how much longer the answer may take
	first func() error    // asked when a connection stands, before anything leaves; may be nil
	moved func(bytes int) // told of body bytes as they leave; may be nil
}

var (
	errAnswered = errors.New("the server answered before it had everything")
	errNoRoom   = errors.New("too many answers to come")
	errDead     = errors.New("the connection ended")
)

// underWay is how many requests may be begun and not answered.
const underWay = 4

// piece is how much of a body leaves at once, bytes: one TLS record that fills
// two segments of 1,448. Smaller ones cost more, of larger ones a cut takes more.
const piece = 2*1448 - 22

// RoundTrip makes one request and waits for its answer.
func (r *road) RoundTrip(q *http.Request) (*http.Response, error) {
	o, _ := q.Context().Value(watchKey{}).(watchOptions)
	c := r.start(q, o)
	got := <-c.answer
	return got.response, got.err
}

// start sends a request; the answer or the failure comes on the call. It
// returns when the last byte has left, or will not.
func (r *road) start(q *http.Request, o watchOptions) *call {
	c := &call{request: q, options: o, answer: make(chan reply, 1)}
	r.wire.attempts.Add(1)
	c.stop = context.AfterFunc(q.Context(), r.close)
	car, err := r.board(q.Context(), c)
	if err != nil {
		c.stop()
		c.broken = true
		if q.Body != nil {
			_ = q.Body.Close() // a transport's duty
		}
		c.answer <- reply{err: err}
		return c
	}
	if q.Body != nil {
		q.Body = &leaving{ReadCloser: q.Body, car: car, call: c}
	}
	if err = q.Write(car.to); err == nil {
		err = car.to.Flush()
	}
	if err != nil {
		c.broken = true
		car.kill()
	}
	return c
}

// stands tells whether there is a connection that lives.
func (r *road) stands() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.car == nil {
		return false
	}
	return r.car.lives()
}

// board finds the connection, or opens one, and registers the call on it.
func (r *road) board(ctx context.Context, c *call) (*car, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.car == nil || !r.car.lives() {
		conn, err := r.wire.connect(ctx)
		if err != nil {
			return nil, err
		}
		r.car = &car{road: r, conn: conn, due: make(chan *call, underWay)}
		r.car.to, r.car.from = bufio.NewWriterSize(conn, piece), bufio.NewReader(telling{conn, r.car.moved})
		go r.car.read()
	}
	if c.options.first != nil {
		if err := c.options.first(); err != nil {
			return nil, err
		}
	}
	return r.car, r.car.register(c)
}

// close ends the connection, if there is one.
func (r *road) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.car != nil {
		r.car.kill()
		r.car = nil
	}
}

func (k *car) lives() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.dead
}

// register adds a call whose answer is to come.
func (k *car) register(c *call) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errDead
	}
	select {
	case k.due <- c:
	default:
		return errNoRoom
	}
	k.flown++
	k.limit = k.road.wire.tuning.Answer + c.options.wait
	if k.timer == nil {
		k.timer = time.AfterFunc(k.limit, k.kill)
	}
	k.timer.Reset(k.limit)
	return nil
}

// moved notes that the connection lives.
func (k *car) moved() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flown > 0 && !k.dead {
		k.timer.Reset(k.limit)
	}
}

// kill ends the connection; read then fails and tells every call.
func (k *car) kill() {
	_ = k.conn.Close() // it is given up whatever this says
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.dead {
		k.dead = true
		close(k.due)
		if k.timer != nil {
			k.timer.Stop()
		}
	}
}

// read takes answers in, in the order of the calls.
func (k *car) read() {
	for c := range k.due {
		got, last := k.one(c)
		if last {
			k.kill()
		}
		k.mu.Lock()
		if k.flown--; k.flown == 0 && k.timer != nil {
			k.timer.Stop()
		}
		k.mu.Unlock()
		c.stop()
		if cause := context.Cause(c.request.Context()); got.err != nil && cause != nil {
			got.err = errors.Join(cause, got.err)
		}
		c.answer <- got
	}
}

// one reads one answer whole; last tells that the connection ends with it.
func (k *car) one(c *call) (got reply, last bool) {
	for {
		response, err := http.ReadResponse(k.from, c.request)
		if err != nil {
			return reply{err: err}, true
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, protocol.MaxMessage+1))
		_ = response.Body.Close() // what counts was read
		switch {
		case err != nil:
			return reply{err: err}, true
		case len(body) > protocol.MaxMessage:
			return reply{err: fmt.Errorf("an answer of more than %d bytes", protocol.MaxMessage)}, true
		case response.StatusCode == http.StatusSwitchingProtocols:
			return reply{err: errors.New("the server wants another protocol")}, true
		case response.StatusCode >= 200:
			response.Body = io.NopCloser(bytes.NewReader(body))
			return reply{response: response}, response.Close
		}
	}
}

// telling reads and tells.
type telling struct {
	io.Reader
	moved func()
}

func (p telling) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.moved()
	return n, err
}

// leaving hands a request's body out in small pieces, so that progress is seen.
type leaving struct {
	io.ReadCloser
	car  *car
	call *call
}

func (l *leaving) Read(b []byte) (int, error) {
	if len(l.call.answer) > 0 {
		return 0, errAnswered // nobody reads on at the other end
	}
	n, err := l.ReadCloser.Read(b[:min(len(b), piece)])
	l.car.moved()
	if l.call.options.moved != nil {
		l.call.options.moved(n)
	}
	return n, err
}
