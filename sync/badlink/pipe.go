package badlink

import "time"

// Sizes on the wire, in bytes.
const (
	segmentSize = 1448 // data of a full segment: 1500 less IP, TCP and timestamps
	headerSize  = 52
	synSize     = 60
)

// pipe is one direction of the link: a queue, a narrow place, a delay. The
// link's lock is held whenever it is used.
type pipe struct {
	link   *Link
	rate   int
	free   time.Time // when the narrow place has passed on what waits
	flying []packet  // in the order they arrive
	timer  *time.Timer
}

type packet struct {
	at      time.Time
	deliver func()
}

// send puts a packet on the way. It may be lost; deliver is called at the
// other end otherwise, with the link's lock held.
func (p *pipe) send(size int, deliver func()) {
	l := p.link
	if p == l.up {
		l.stats.PacketsUp++
		l.stats.BytesUp += int64(size)
	} else {
		l.stats.PacketsDown++
		l.stats.BytesDown += int64(size)
	}
	lost := l.conditions.Loss > 0 && l.dice.Float64() < l.conditions.Loss
	now := time.Now()
	if p.free.Before(now) {
		p.free = now
	}
	if p.rate > 0 {
		waiting := int(p.free.Sub(now).Seconds() * float64(p.rate))
		if waiting+size > l.conditions.Queue {
			l.stats.Lost++
			return
		}
		p.free = p.free.Add(time.Duration(float64(size) / float64(p.rate) * float64(time.Second)))
	}
	if lost || l.dead {
		l.stats.Lost++
		return
	}
	p.flying = append(p.flying, packet{p.free.Add(l.conditions.Delay), deliver})
	if len(p.flying) == 1 {
		p.arm()
	}
}

func (p *pipe) arm() {
	d := time.Until(p.flying[0].at)
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.land)
		return
	}
	p.timer.Reset(d)
}

func (p *pipe) land() {
	p.link.mu.Lock()
	defer p.link.mu.Unlock()
	for len(p.flying) > 0 {
		if time.Now().Before(p.flying[0].at) {
			p.arm()
			return
		}
		deliver := p.flying[0].deliver
		p.flying = p.flying[1:]
		deliver()
	}
}

// clear loses everything on the way.
func (p *pipe) clear() {
	p.link.stats.Lost += len(p.flying)
	p.flying = nil
	p.free = time.Time{}
}
