package rehearsal

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
)

// scissors cut every connection of a kit once so many bytes went one way.
type scissors struct {
	mu       sync.Mutex
	up, down int // bytes still let through; negative: no limit
}

var errCut = errors.New("the line was cut")

func (s *scissors) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	over := s.up == 0 || s.down == 0
	s.mu.Unlock()
	if over {
		return nil, errCut
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &cutConn{Conn: c, s: s}, err
}

// take lets part of n bytes through one way.
func (s *scissors) take(left *int, n int) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *left < 0 {
		return n, false
	}
	n = min(n, *left)
	*left -= n
	return n, *left == 0
}

type cutConn struct {
	net.Conn
	s *scissors
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	got, cut := c.s.take(&c.s.down, n)
	if cut {
		_ = c.Conn.Close()
		return got, errCut
	}
	return got, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	n, cut := c.s.take(&c.s.up, len(b))
	sent, err := c.Conn.Write(b[:n])
	if cut {
		_ = c.Conn.Close()
		return sent, errCut
	}
	return sent, err
}

// TestJourneySyncFaultTable cuts the line after more and more bytes: upwards,
// where the centre did not store what was cut, and downwards, where it stored
// and its answer was lost. After each cut the kit goes on over a whole line, and
// everything is at the centre once.
func TestJourneySyncFaultTable(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	line := &scissors{up: -1, down: -1}
	k.change = func(op *kit.Options) {
		op.Dial = line.dial
		op.Tuning = client.Tuning{RetryMin: time.Millisecond, RetryMax: 2 * time.Millisecond, Patience: 2}
	}
	total, cuts := 0, 0
	for _, c := range []struct {
		name           string
		from, to, step int
		at             func(n int)
	}{
		{"up", 600, 14_000, 1_900, func(n int) { line.up = n }},
		{"down", 300, 9_000, 1_100, func(n int) { line.down = n }},
	} {
		for n := c.from; n < c.to; n += c.step {
			k.register(total, 12)
			total += 12
			c.at(n)
			s := k.run("sync", "--wait", "2s")
			line.up, line.down = -1, -1
			if s.code != 0 {
				cuts++
				if s.problem() != civic.NoNetwork {
					t.Fatalf("%s after %d bytes: %v\n%s", c.name, n, s.json, s.stderr)
				}
			}
			k.synced()
			k.wantStatus(map[string]int{"sealed": 0, "sent": 0, "received": 0, "quarantined": 0})
			if at := o.must("status").number(t, "registrations"); at != total {
				t.Fatalf("%s after %d bytes: %d registrations at the centre, want %d", c.name, n, at, total)
			}
		}
	}
	if cuts < 6 {
		t.Fatalf("only %d cuts hit a pass", cuts)
	}
}
