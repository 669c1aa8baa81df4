package badlink

import (
	"slices"
	"time"
)

// sender is the sending half of one end: congestion window, loss recovery and
// retransmission, after RFC 5681, 6675, 8985 (RACK and tail probes) and 6298,
// with the constants Linux uses. The link's lock is held in every method.
type sender struct {
	conn   *conn
	pipe   *pipe
	limit  int    // bytes the send buffer takes, sent and unsent
	unsent []byte // in the buffer, never sent
	flight []*segment
	next   int64 // sequence number of the next new byte
	acked  int64

	window    float64 // segments
	threshold float64
	recovery  int64 // sequence number that ends a recovery, -1 outside one
	srtt      time.Duration
	least     time.Duration // the shortest round trip
	rttvar    time.Duration
	backoff   int
	probed    bool
	timer     *time.Timer
	closing   bool // a FIN follows the last byte
	finished  bool // the FIN was sent
}

type segment struct {
	seq   int64
	data  []byte
	fin   bool
	sent  time.Time
	again bool // retransmitted: no round trip is measured on it
	there bool // selectively acknowledged
	lost  bool
}

func (g *segment) end() int64 {
	n := g.seq + int64(len(g.data))
	if g.fin {
		n++
	}
	return n
}

const (
	initialWindow = 10
	minTimeout    = 200 * time.Millisecond
	maxTimeout    = 120 * time.Second
	firstTimeout  = time.Second
	cubicBeta     = 0.7
)

func newSender(c *conn, p *pipe) *sender {
	return &sender{conn: c, pipe: p, limit: 64 << 10, window: initialWindow, threshold: 1 << 20, recovery: -1}
}

func (s *sender) buffered() int {
	n := len(s.unsent)
	for _, g := range s.flight {
		n += len(g.data)
	}
	return n
}

// outstanding counts segments believed to be on the way.
func (s *sender) outstanding() int {
	n := 0
	for _, g := range s.flight {
		if !g.there && !g.lost {
			n++
		}
	}
	return n
}

// push sends what the window allows: lost segments first.
func (s *sender) push() {
	if s.conn.err != nil {
		return
	}
	for _, g := range s.flight {
		if g.lost && s.outstanding() < int(s.window) {
			s.transmit(g, true)
		}
	}
	for s.outstanding() < int(s.window) && s.pushNew() {
		continue
	}
	s.arm()
}

func (s *sender) pushNew() bool {
	if len(s.unsent) == 0 && (!s.closing || s.finished) {
		return false
	}
	n := min(len(s.unsent), segmentSize)
	g := &segment{seq: s.next, data: slices.Clone(s.unsent[:n])}
	s.unsent = s.unsent[n:]
	if len(s.unsent) == 0 && s.closing {
		g.fin, s.finished = true, true
	}
	s.next = g.end()
	s.flight = append(s.flight, g)
	s.transmit(g, false)
	return true
}

func (s *sender) transmit(g *segment, again bool) {
	g.sent, g.lost, g.again = time.Now(), false, g.again || again
	peer := s.conn.peer
	s.pipe.send(headerSize+len(g.data), func() { peer.receive(g.seq, g.data, g.fin) })
}

// ack takes in an acknowledgement: everything below cum arrived, and above it
// the segments for which has answers true.
func (s *sender) ack(cum int64, has func(seq int64) bool) {
	if s.conn.err != nil {
		return
	}
	now := time.Now()
	var (
		newest  time.Time
		arrived int
		sample  time.Duration
	)
	full := s.outstanding() >= int(s.window)
	keep := s.flight[:0]
	for _, g := range s.flight {
		there := g.end() <= cum || has(g.seq)
		if there && !g.there {
			arrived++
			g.there = true
			if g.sent.After(newest) {
				newest = g.sent
			}
			if !g.again {
				sample = now.Sub(g.sent)
			}
		}
		if g.end() > cum {
			keep = append(keep, g)
		}
	}
	s.flight = keep
	if cum > s.acked {
		s.acked, s.backoff = cum, 0
	}
	if arrived == 0 {
		return
	}
	s.probed = false
	if sample > 0 {
		s.measure(sample)
	}
	lost := false
	for _, g := range s.flight {
		if !g.there && !g.lost && (g.sent.Add(s.least/4).Before(newest) || s.recovery >= 0 && g.sent.Before(newest)) {
			g.lost, lost = true, true
		}
	}
	switch {
	case s.recovery >= 0 && cum >= s.recovery:
		s.recovery = -1
	case s.recovery < 0 && lost:
		s.threshold = max(2, s.window*cubicBeta)
		s.window = s.threshold
		s.recovery = s.next
	}
	if s.recovery < 0 && full {
		if s.window < s.threshold {
			s.window += float64(arrived)
		} else {
			s.window += float64(arrived) / s.window
		}
	}
	s.conn.wake()
	s.push()
}

func (s *sender) measure(sample time.Duration) {
	if s.least == 0 || sample < s.least {
		s.least = sample
	}
	if s.srtt == 0 {
		s.srtt, s.rttvar = sample, sample/2
		return
	}
	s.rttvar += ((s.srtt - sample).Abs() - s.rttvar) / 4
	s.srtt += (sample - s.srtt) / 8
}

func (s *sender) timeout() time.Duration {
	d := firstTimeout
	if s.srtt > 0 {
		d = s.srtt + max(minTimeout, 4*s.rttvar)
	}
	return min(d<<s.backoff, maxTimeout)
}

// arm sets the timer: a tail probe first, then the retransmission timeout.
func (s *sender) arm() {
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.outstanding() == 0 || s.conn.err != nil {
		return
	}
	if !s.probed && s.backoff == 0 && s.srtt > 0 && s.recovery < 0 {
		d := 2 * s.srtt
		if s.outstanding() == 1 {
			d += minTimeout // the other end may delay its acknowledgement
		}
		if d < s.timeout() {
			s.timer = time.AfterFunc(d, s.probe)
			return
		}
	}
	s.timer = time.AfterFunc(s.timeout(), s.expire)
}

func (s *sender) probe() {
	s.conn.link.mu.Lock()
	defer s.conn.link.mu.Unlock()
	if s.conn.err != nil || s.outstanding() == 0 {
		return
	}
	s.probed = true
	if !s.pushNew() {
		last := s.flight[len(s.flight)-1]
		s.transmit(last, true)
	}
	s.arm()
}

func (s *sender) expire() {
	s.conn.link.mu.Lock()
	defer s.conn.link.mu.Unlock()
	if s.conn.err != nil || s.outstanding() == 0 {
		return
	}
	if s.backoff == 0 {
		s.threshold = max(2, s.window*cubicBeta)
	}
	s.backoff = min(s.backoff+1, 8)
	s.window = 1
	s.recovery = s.next
	for _, g := range s.flight {
		g.lost = !g.there
	}
	s.push()
}

func (s *sender) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}
