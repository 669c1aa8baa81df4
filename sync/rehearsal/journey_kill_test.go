package rehearsal

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	kitcommand "github.com/askonce/fieldkit/app/command"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/server/access"
	centrecommand "github.com/askonce/fieldkit/server/command"
	"github.com/askonce/fieldkit/sync/client"
)

// asProgram, when set, makes the test's own binary one of the two programs, so
// that a test can kill it as the system would.
const asProgram = "FIELDKIT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case "fieldkit":
		os.Exit(asKit())
	case "fieldkit-server":
		os.Exit(asCentre())
	case "thief":
		os.Exit(asThief())
	}
	os.Exit(m.Run())
}

func asKit() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return kitcommand.Run(ctx, os.Args[1:], kitcommand.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Kit: func(o *kit.Options) {
			o.LogN = 10
			o.Tuning = client.Tuning{RetryMin: 10 * time.Millisecond, RetryMax: 100 * time.Millisecond, Patience: 100}
		},
	})
}

func asCentre() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return centrecommand.Run(ctx, os.Args[1:], centrecommand.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Rand: rand.Reader, Clock: time.Now,
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	})
}

// process prepares a process of one of the programs.
func process(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asProgram+"="+name)
	return c
}

// narrow is a TCP relay that lets few bytes a second through and counts them.
type narrow struct {
	listener net.Listener
	rate     int // bytes a second
	passed   atomic.Int64

	mu sync.Mutex
	to string
}

func newNarrow(t testing.TB, to string, rate int) *narrow {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &narrow{listener: l, rate: rate, to: to}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go n.relay(c)
		}
	}()
	return n
}

func (n *narrow) relay(kit net.Conn) {
	defer func() { _ = kit.Close() }()
	n.mu.Lock()
	to := n.to
	n.mu.Unlock()
	centre, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = centre.Close() }()
	over := make(chan struct{}, 2)
	go func() { n.pass(centre, kit); over <- struct{}{} }()
	go func() { n.pass(kit, centre); over <- struct{}{} }()
	<-over // one end is gone: so is the other
}

func (n *narrow) pass(to io.Writer, from io.Reader) {
	b := make([]byte, 512)
	for {
		count, err := from.Read(b)
		if count > 0 {
			time.Sleep(time.Duration(count) * time.Second / time.Duration(n.rate))
			if _, err := to.Write(b[:count]); err != nil {
				return
			}
			n.passed.Add(int64(count))
		}
		if err != nil {
			return
		}
	}
}

// centreProcess is a centre that can be killed.
type centreProcess struct {
	t      testing.TB
	data   string
	listen string
	url    string
	cmd    *exec.Cmd
}

func (c *centreProcess) start() {
	c.t.Helper()
	args := []string{"serve", "--data", c.data, "--listen", c.listen}
	if c.url != "" {
		args = append(args, "--url", c.url)
	}
	c.cmd = process(c.t, "fieldkit-server", args...)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		c.t.Fatalf("serve said %q, %v", line, err)
	}
	c.listen = address
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

func (c *centreProcess) kill() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait() // "killed" is what it says
	c.cmd = nil
}

// kills is how often the programs are killed; KILLS makes a longer run.
func kills(t testing.TB) int {
	t.Helper()
	if s := os.Getenv("KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 10
}

// TestJourneyKilledInMidTransfer kills the kit's sync or the centre with
// SIGKILL at random moments of the transfer. Going on ends in the same
// registry: everything once, nothing missing.
func TestJourneyKilledInMidTransfer(t *testing.T) {
	o := newOffice(t)
	o.stop()
	centre := &centreProcess{t: t, data: o.data, listen: "127.0.0.1:0"}
	centre.start()
	t.Cleanup(centre.kill)
	link := newNarrow(t, centre.listen, 60_000)
	centre.kill()
	centre.url = "https://" + link.listener.Addr().String()
	centre.start()

	k := newTablet(t)
	k.must("enrol", "--file", o.invite())
	const each = 100
	times := kills(t)
	rounds := max(5, times/4) // each brings new work, so that there is always a transfer to kill
	chance := mathrand.New(mathrand.NewPCG(uint64(times), 7))
	inTransfer := 0
	for i := range times {
		if round := i / max(1, times/rounds); i%max(1, times/rounds) == 0 && round < rounds {
			k.register(round*each, each)
		}
		before := link.passed.Load()
		pass := process(t, "fieldkit", "sync", "--wait", "30s", "--json", "--home", k.home, "--passphrase-file", k.pass)
		if err := pass.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = pass.Wait(); close(ended) }()

		// A random moment: after so many bytes, or when it ended before that.
		at := before + 500 + chance.Int64N(7_000)
		for waiting := true; waiting && link.passed.Load() < at; {
			select {
			case <-ended:
				waiting = false
			case <-time.After(time.Millisecond):
			}
		}
		select {
		case <-ended:
		default:
			inTransfer++
		}
		if chance.IntN(2) == 0 {
			_ = pass.Process.Kill()
			<-ended
			continue
		}
		centre.kill()
		centre.start()
		_ = pass.Process.Kill()
		<-ended
	}
	if inTransfer < times/2 {
		t.Errorf("only %d of %d kills fell into a transfer", inTransfer, times)
	}
	sealed := rounds * each
	k.synced()
	status := k.must("status")
	if got := status.number(t, "settled") + status.number(t, "held") + status.number(t, "returned"); got != sealed {
		t.Fatalf("after the last sync: %v", status.json)
	}
	centre.kill()
	at := o.must("status")
	if at.number(t, "registrations") != sealed || at.number(t, "queue") != 0 || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
	seen := map[string]int{}
	for _, r := range exportRegistry(t, o) {
		seen[r[1]+" "+r[2]]++
	}
	for row, times := range seen {
		if times != 1 {
			t.Errorf("%s stands %d times in the registry", row, times)
		}
	}
	if len(seen) != sealed-status.number(t, "held") && len(seen) != sealed {
		t.Errorf("the registry lists %d registrations of %d", len(seen), sealed)
	}
	t.Logf("%d kills, %d of them in a transfer", times, inTransfer)
}

// TestJourneyKilledWhileSealing kills an import at random moments: what was
// sealed stays sealed, and running it again doubles nothing.
func TestJourneyKilledWhileSealing(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	const n = 2000
	list := k.list(0, n)
	chance := mathrand.New(mathrand.NewPCG(3, 4))
	for range kills(t) {
		c := process(t, "fieldkit", "import", "--form", "febrl", list, "--json", "--home", k.home, "--passphrase-file", k.pass)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(chance.IntN(500)) * time.Millisecond)
		_ = c.Process.Kill()
		_ = c.Wait() // "killed" is what it says
	}
	before := k.must("status").number(t, "sealed")
	s := k.must("import", "--form", "febrl", list)
	if s.number(t, "repeated") != before || s.number(t, "sealed") != n-before {
		t.Fatalf("%d were sealed before the last run, which says %v", before, s.json)
	}
	k.synced()
	if at := o.must("status"); at.number(t, "registrations") != n || at.number(t, "quarantined") != 0 {
		t.Fatalf("the centre says %v", at.json)
	}
}
