package badlink

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Kernel is a link of the same conditions with the kernel's own TCP at both
// ends: two network namespaces joined by this program, packet by packet, in
// real time. It needs root, and is there to keep the model honest.
type Kernel struct {
	conditions Conditions
	kit        *namespace
	centre     *namespace
	up, down   *lane

	mu    sync.Mutex
	conns map[net.Conn]uint16 // the kit's, with their ports
	gone  map[uint16]bool     // ports from before a cut
	dead  bool
	age   int
	stop  chan struct{}
}

var (
	kitAddress    = [4]byte{10, 77, 0, 1}
	centreAddress = [4]byte{10, 77, 0, 2}
)

// kernelPort is where the centre listens.
const kernelPort = "10.77.0.2:4433"

// NewKernel makes such a link; an error where the system does not permit it.
func NewKernel(c Conditions) (*Kernel, error) {
	if c.Queue == 0 {
		c.Queue = 48 << 10
	}
	k := &Kernel{conditions: c, conns: map[net.Conn]uint16{}, gone: map[uint16]bool{}, stop: make(chan struct{})}
	var err error
	if k.kit, err = newNamespace(kitAddress); err != nil {
		return nil, err
	}
	if k.centre, err = newNamespace(centreAddress); err != nil {
		return nil, errors.Join(err, k.kit.close())
	}
	k.up = &lane{kernel: k, rate: c.Up, from: k.kit, to: k.centre, port: 20, dice: rand.New(rand.NewPCG(c.Seed, 1))}
	k.down = &lane{kernel: k, rate: c.Down, from: k.centre, to: k.kit, port: 22, dice: rand.New(rand.NewPCG(c.Seed, 2))}
	for _, l := range []*lane{k.up, k.down} {
		l.flying = make(chan flyingPacket, 1<<12)
		go l.take()
		go l.land()
	}
	if c.AliveFor > 0 {
		go k.cuts()
	}
	return k, nil
}

func (k *Kernel) cuts() {
	wait := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-k.stop:
			return false
		}
	}
	for wait(k.conditions.AliveFor) {
		k.mu.Lock()
		k.dead = true
		k.age++
		k.mu.Unlock()
		if !wait(k.conditions.DeadFor) {
			return
		}
		k.mu.Lock()
		k.dead = false
		for c, port := range k.conns { // the way is another one: old connections are reset
			k.gone[port] = true
			if t, ok := c.(*net.TCPConn); ok {
				_ = t.SetLinger(0)
			}
			_ = c.Close()
			delete(k.conns, c)
		}
		k.mu.Unlock()
	}
}

// Dial opens a connection from the kit's namespace.
func (k *Kernel) Dial(ctx context.Context, _ string) (net.Conn, error) {
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) {
			// The prototype's figures are for cubic; another one is no failure.
			_ = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
		})
	}}
	var conn net.Conn
	var err error
	k.kit.do(func() { conn, err = d.DialContext(ctx, "tcp4", kernelPort) })
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conns[conn] = uint16(conn.LocalAddr().(*net.TCPAddr).Port)
	return conn, nil
}

// Listen accepts in the centre's namespace.
func (k *Kernel) Listen() (l net.Listener, err error) {
	k.centre.do(func() { l, err = net.Listen("tcp4", kernelPort) })
	return l, err
}

// Close ends the link; close the listener first.
func (k *Kernel) Close() error {
	close(k.stop)
	return errors.Join(k.kit.close(), k.centre.close())
}

// lane is one direction.
type lane struct {
	kernel   *Kernel
	rate     int
	from, to *namespace
	port     int // where the kit's port stands in a packet of this direction
	dice     *rand.Rand
	free     time.Time
	flying   chan flyingPacket
}

type flyingPacket struct {
	at   time.Time
	age  int
	data []byte
}

// take reads packets and decides what becomes of them.
func (l *lane) take() {
	defer close(l.flying)
	buf := make([]byte, 2048)
	for {
		n, err := l.from.tun.Read(buf)
		if err != nil {
			return
		}
		if n < 24 || buf[0]>>4 != 4 || buf[9] != unix.IPPROTO_TCP {
			continue
		}
		k := l.kernel
		k.mu.Lock()
		lost := k.dead || k.gone[binary.BigEndian.Uint16(buf[l.port:])]
		age := k.age
		k.mu.Unlock()
		lost = l.dice.Float64() < k.conditions.Loss || lost
		now := time.Now()
		if l.free.Before(now) {
			l.free = now
		}
		if l.rate > 0 {
			if int(l.free.Sub(now).Seconds()*float64(l.rate))+n > k.conditions.Queue {
				continue
			}
			l.free = l.free.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
		}
		if lost {
			continue
		}
		select {
		case l.flying <- flyingPacket{l.free.Add(k.conditions.Delay), age, append([]byte(nil), buf[:n]...)}:
		default: // more than any queue holds
		}
	}
}

// land writes packets when their time has come.
func (l *lane) land() {
	for p := range l.flying {
		time.Sleep(time.Until(p.at))
		l.kernel.mu.Lock()
		lost := l.kernel.dead || p.age != l.kernel.age
		l.kernel.mu.Unlock()
		if !lost {
			_, _ = l.to.tun.Write(p.data) // a full queue at the other end is a loss like others
		}
	}
}

// namespace is a network of its own with one tunnel in it. Sockets belong to
// the namespace of the thread that makes them, so one thread stays in it.
type namespace struct {
	tun  *os.File
	work chan func()
}

func newNamespace(own [4]byte) (*namespace, error) {
	n := &namespace{work: make(chan func())}
	ready := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its namespace
		ready <- n.enter(own)
		for f := range n.work {
			f()
		}
	}()
	return n, <-ready
}

func (n *namespace) do(f func()) {
	done := make(chan struct{})
	n.work <- func() {
		defer close(done)
		f()
	}
	<-done
}

func (n *namespace) close() error {
	close(n.work)
	return n.tun.Close()
}

func (n *namespace) enter(own [4]byte) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	request, err := unix.NewIfreq("bad0")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return errors.Join(err, unix.Close(fd))
	}
	n.tun = os.NewFile(uintptr(fd), "bad0")
	control, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(control) }()
	for _, step := range []struct {
		what  uint
		value func() error
	}{
		{unix.SIOCSIFADDR, func() error { return request.SetInet4Addr(own[:]) }},
		{unix.SIOCSIFNETMASK, func() error { return request.SetInet4Addr([]byte{255, 255, 255, 0}) }},
		{unix.SIOCSIFFLAGS, func() error { request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil }},
	} {
		if err := step.value(); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(control, step.what, request); err != nil {
			return err
		}
	}
	return nil
}
