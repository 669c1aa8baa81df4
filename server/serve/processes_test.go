package serve_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/command"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// asServer, when set, makes the test's own binary the server's program, so that
// a test can kill it as the system would.
const asServer = "FIELDKIT_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command.Run(ctx, os.Args[1:], command.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Rand: rand.Reader, Clock: time.Now,
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	}))
}

// process is one of several servers on one database and one folder.
type process struct {
	t       testing.TB
	args    []string
	address string
	cmd     *exec.Cmd
}

func (p *process) start() {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	p.cmd = exec.Command(self, append([]string{"serve", "--listen", p.address}, p.args...)...)
	p.cmd.Env = append(os.Environ(), asServer+"=yes")
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	var told strings.Builder
	p.cmd.Stderr = &told
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		p.t.Errorf("serve said %q, %v: %s", line, err, told.String())
		return
	}
	if strings.HasSuffix(p.address, ":0") { // the same one from then on
		p.address = address
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // "killed" is what it says
	}
}

// killsOfServers is how often a server is killed; KILLS makes a longer run.
func killsOfServers(t testing.TB) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("KILLS"))
	if err != nil {
		return 5
	}
	return n
}

// Two servers on one PostgreSQL take in what six kits of three offices send to
// either, and one of them is killed again and again. Every registration is
// settled once and told once, and each office's files in the order they came.
func TestTwoServersOneKilledAtRandom(t *testing.T) {
	if !ledgertest.HasPostgres() {
		return // several servers need one: make test starts it
	}
	conf := config(t.TempDir())
	conf.Ledger = ledgertest.Postgres(t)
	if err := serve.Init(t.Context(), conf, "Test"); err != nil {
		t.Fatal(err)
	}
	centre := open(t, conf) // an administrator's, which serves nothing
	servers := []*process{{t: t, address: "127.0.0.1:0"}, {t: t, address: "127.0.0.1:0"}}
	for _, p := range servers {
		p.args = []string{"--data", conf.Data, "--db", conf.Ledger, "--url", "https://centre.test"}
		p.start()
		t.Cleanup(p.kill)
	}
	var sent atomic.Int64
	var stop atomic.Bool
	var group errgroup.Group
	var kits []*kit
	for i := range 6 {
		k := newKit(t, centre, civic.Area("mx-"+strconv.Itoa(i%3)))
		k.random = mrand.New(mrand.NewPCG(uint64(i), 9))
		k.enrol(centre, "https://"+servers[0].address)
		kits = append(kits, k)
		group.Go(func() error {
			if err := send(k, servers, protocol.UploadKey, k.header(centre)); err != nil {
				return err
			}
			for n := 0; n < 4 || !stop.Load(); n++ {
				if err := send(k, servers, protocol.UploadBatch, k.pack(k.births(5))); err != nil {
					return err
				}
				sent.Add(5)
				time.Sleep(time.Duration(50+k.random.IntN(100)) * time.Millisecond)
			}
			return nil
		})
	}
	chance := mrand.New(mrand.NewPCG(1, 2))
	for range killsOfServers(t) {
		time.Sleep(time.Duration(50+chance.IntN(500)) * time.Millisecond)
		p := servers[chance.IntN(2)]
		p.kill()
		p.start()
	}
	stop.Store(true)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, k := range kits {
		told := map[civic.RegistrationID]int{}
		for _, o := range hearAll(t, k, servers) {
			told[o.Registration]++
			if told[o.Registration] > 1 {
				t.Errorf("%s was told twice", o.Registration)
			}
		}
		if len(told) != int(k.counter) {
			t.Errorf("a kit sealed %d and was told of %d", k.counter, len(told))
		}
	}
	if n := counts(t, centre); int64(n.Registrations) != sent.Load() {
		t.Fatalf("%d registrations were sent, the ledger says %+v", sent.Load(), n)
	}
	inOrder(t, centre)
	t.Logf("%d registrations, %d kills", sent.Load(), killsOfServers(t))
}

// send brings a file to one of the servers, again and again until one has it.
func send(k *kit, servers []*process, kind protocol.UploadKind, file []byte) error {
	web := toAny(k, servers)
	var last error
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(20 * time.Millisecond) {
		if last = upload(web, k.url, kind, file); last == nil {
			return nil
		}
		var p *civic.Problem
		if errors.As(last, &p) && p.HTTPStatus() < 500 && p.Code != civic.Stopped && p.Code != civic.UploadOffset && p.Code != civic.UploadChecksum {
			return fmt.Errorf("refused: %w", last)
		}
	}
	return last
}

// toAny is the kit's browser whose connections go to any of the servers.
func toAny(k *kit, servers []*process) *http.Client {
	web := k.browser()
	transport := web.Transport.(*http.Transport)
	transport.DisableKeepAlives = true
	addresses := []string{servers[0].address, servers[1].address}
	var next atomic.Int64
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addresses[next.Add(1)%2])
	}
	return web
}

// hearAll asks until everything a kit sealed is decided, and gives all outcomes.
func hearAll(t *testing.T, k *kit, servers []*process) (outcomes []civic.Outcome) {
	t.Helper()
	var cursor uint64
	for try := 0; ; try++ {
		k.url = "https://" + servers[try%2].address
		var a protocol.SyncAnswer
		err := k.post(protocol.PathSync, protocol.SyncRequest{Cursor: cursor, Wait: 5, Clock: protocol.Stamp{Wall: time.Now().Unix()}}, &a)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range a.Down {
			cursor = d.Seq
			if d.Kind != protocol.DownOutcomes {
				continue
			}
			plain, err := protocol.OpenDown(k.secret[:], d.Seq, d.Kind, d.Body)
			if err != nil {
				t.Fatal(err)
			}
			more, err := protocol.OpenOutcomes(k.public(), plain)
			if err != nil {
				t.Fatal(err)
			}
			outcomes = append(outcomes, more...)
		}
		if a.Pending == 0 && len(a.Down) == 0 {
			return outcomes
		}
	}
}

// inOrder holds the order in which registrations were settled to the order in
// which each office's files came.
func inOrder(t *testing.T, c *serve.Centre) {
	t.Helper()
	taken := map[civic.Area][]int64{}
	err := c.DB.View(t.Context(), func(tx ledger.Tx) error {
		return ledger.All(t.Context(), tx, func(r ledger.Row) error {
			var area civic.Area
			var n int64
			err := r.Scan(&area, &n)
			taken[area] = append(taken[area], n)
			return err
		}, `SELECT a.area, f.taken FROM audit a JOIN ingest_registration g ON g.area = a.area AND g.registration = a.object
 JOIN ingest_file f ON f.area = g.area AND f.digest = g.batch WHERE a.action = 'settle' ORDER BY a.area, a.seq`)
	})
	if err != nil || len(taken) != 3 {
		t.Fatal(err, len(taken))
	}
	for area, list := range taken {
		if !slices.IsSorted(list) {
			t.Errorf("the files of %s were not settled in the order they came: %v", area, list)
		}
	}
}
