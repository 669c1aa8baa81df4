package badlink

import (
	"context"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// conn is one end of a connection. It is a net.Conn with deadlines and a send
// buffer that can be set, as sockets have.
type conn struct {
	link *Link
	peer *conn
	name address
	age  int // of the link when the connection was made

	// Everything below is under the link's lock.
	moved   *sync.Cond
	out     *sender
	in      []byte               // arrived in order, not read yet
	want    int64                // sequence number expected next
	gaps    map[int64]arrivedGap // arrived out of order
	ended   bool                 // the other end's FIN arrived in order
	err     error
	closed  bool
	readBy  deadline
	writeBy deadline
}

type arrivedGap struct {
	data []byte
	fin  bool
}

func (l *Link) join() (client, server *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ports++
	name := address("kit-" + strconv.FormatUint(l.conditions.Seed, 10) + ":" + strconv.Itoa(l.ports))
	client = &conn{link: l, name: name, age: l.age, gaps: map[int64]arrivedGap{}}
	server = &conn{link: l, name: name, age: l.age, gaps: map[int64]arrivedGap{}}
	client.peer, server.peer = server, client
	client.moved, server.moved = sync.NewCond(&l.mu), sync.NewCond(&l.mu)
	client.out, server.out = newSender(client, l.up), newSender(server, l.down)
	l.conns[client] = struct{}{}
	return client, server
}

// connect is the three-way handshake; a lost SYN is sent again after 1 s, then
// 2 s, and so on.
func (c *conn) connect(ctx context.Context, server *conn, made chan<- error) {
	answered := make(chan struct{}, 1)
	wait := firstTimeout
	began := time.Now()
	for {
		c.link.mu.Lock()
		c.age, server.age = c.link.age, c.link.age
		c.link.up.send(synSize, func() {
			// SYN arrived; the answer may be lost as well.
			c.link.down.send(synSize, func() {
				select {
				case answered <- struct{}{}:
				default:
				}
			})
		})
		c.link.mu.Unlock()
		t := time.NewTimer(wait)
		select {
		case <-answered:
			t.Stop()
			c.link.mu.Lock()
			if rtt := time.Since(began); wait == firstTimeout {
				c.out.measure(rtt)
			}
			c.link.mu.Unlock()
			select {
			case c.link.backlog <- server:
				made <- nil
			default:
				made <- errRefused
			}
			return
		case <-ctx.Done():
			t.Stop()
			c.link.mu.Lock()
			c.fail(ctx.Err())
			c.link.mu.Unlock()
			made <- ctx.Err()
			return
		case <-c.link.closed:
			t.Stop()
			made <- net.ErrClosed
			return
		case <-t.C:
			if wait *= 2; wait > 64*time.Second {
				made <- syscall.ETIMEDOUT
				return
			}
		}
	}
}

// receive takes in a segment and acknowledges what is there.
func (c *conn) receive(seq int64, data []byte, fin bool) {
	if c.err != nil {
		// A closed end answers with a reset, which ends the other one.
		c.back().send(headerSize, func() { c.peer.fail(syscall.ECONNRESET) })
		return
	}
	if seq >= c.want {
		c.gaps[seq] = arrivedGap{data, fin}
	}
	for g, ok := c.gaps[c.want]; ok; g, ok = c.gaps[c.want] {
		delete(c.gaps, c.want)
		if !c.closed {
			c.in = append(c.in, g.data...)
		}
		c.want += int64(len(g.data))
		if g.fin {
			c.want++
			c.ended = true
		}
	}
	cum := c.want
	there := make(map[int64]bool, len(c.gaps))
	for s := range c.gaps {
		there[s] = true
	}
	peer := c.peer
	c.back().send(headerSize, func() { peer.out.ack(cum, func(s int64) bool { return there[s] }) })
	c.wake()
}

// back is the pipe away from this end.
func (c *conn) back() *pipe { return c.out.pipe }

func (c *conn) wake() { c.moved.Broadcast() }

// fail ends this end at once.
func (c *conn) fail(err error) {
	if c.err == nil {
		c.err = err
		c.out.stop()
	}
	c.wake()
}

func (c *conn) Read(b []byte) (int, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, net.ErrClosed
		case c.readBy.over():
			return 0, os.ErrDeadlineExceeded
		case len(c.in) > 0:
			n := copy(b, c.in)
			c.in = c.in[n:]
			return n, nil
		case c.ended:
			return 0, io.EOF
		case c.err != nil:
			return 0, &net.OpError{Op: "read", Net: "tcp", Err: c.err}
		case len(b) == 0:
			return 0, nil
		}
		c.moved.Wait()
	}
}

func (c *conn) Write(b []byte) (int, error) {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	done := 0
	for {
		switch {
		case c.closed:
			return done, net.ErrClosed
		case c.err != nil:
			return done, &net.OpError{Op: "write", Net: "tcp", Err: c.err}
		case c.writeBy.over():
			return done, os.ErrDeadlineExceeded
		case len(b) == 0:
			return done, nil
		}
		if room := c.out.limit - c.out.buffered(); room > 0 {
			n := min(room, len(b))
			c.out.unsent = append(c.out.unsent, b[:n]...)
			b, done = b[n:], done+n
			c.out.push()
			continue
		}
		c.moved.Wait()
	}
}

// Close sends what is buffered, then says goodbye; it does not wait.
func (c *conn) Close() error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	c.readBy.stop()
	c.writeBy.stop()
	c.out.closing = true
	c.out.push()
	c.wake()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.name }
func (c *conn) RemoteAddr() net.Addr { return c.name }

// SetWriteBuffer sets the send buffer as SO_SNDBUF does on Linux, which doubles
// the number. With 8 KB set, 1.9 MB at 50 kbit/s, 600 ms and 5 % loss then take
// 1.17 times the physical time; with a kernel's TCP they took 1.16.
func (c *conn) SetWriteBuffer(bytes int) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.out.limit = max(bytes*7/4, 2*segmentSize)
	c.wake()
	return nil
}

func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t) // neither fails
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.readBy.set(t, c)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.link.mu.Lock()
	defer c.link.mu.Unlock()
	c.writeBy.set(t, c)
	return nil
}

// deadline wakes an end when its time is over.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) over() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) set(t time.Time, c *conn) {
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), func() {
			c.link.mu.Lock()
			defer c.link.mu.Unlock()
			c.wake()
		})
	}
	c.wake()
}
