package rehearsal

import (
	"context"
	cryptorand "crypto/rand"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/badlink"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
)

// linkTable asks for the whole table instead of the small cases that must hold.
var linkTable = flag.Bool("link.table", false, "print the table of link times, each setting with five seeds")

// linkSeeds is how many seeds each row of the table is the median of.
const linkSeeds = 5

// linkCase is one setting and what it must reach.
type linkCase struct {
	name          string
	link          badlink.Conditions
	registrations int
	photos        int
	ratio         float64 // most times the physical time
	bytes         float64 // most times the payload, on the wire with headers of IP; 0 for no limit
}

func linkCases() []linkCase {
	slow := badlink.Conditions{Up: 50_000 / 8, Down: 50_000 / 8, Delay: 300 * time.Millisecond, Loss: 0.05}
	slower := badlink.Conditions{Up: 20_000 / 8, Down: 20_000 / 8, Delay: 300 * time.Millisecond, Loss: 0.10}
	cut := func(c badlink.Conditions) badlink.Conditions {
		c.AliveFor, c.DeadFor = 20*time.Second, 2*time.Second
		return c
	}
	return []linkCase{
		{"50 kbit/s, 5 % lost", slow, 1000, 0, 1.7, 0},
		{"50 kbit/s, 5 % lost, cuts", cut(slow), 1000, 0, 1.7, 1.5},
		{"50 kbit/s, 5 % lost", slow, 1000, 60, 1.2, 0},
		{"50 kbit/s, 5 % lost, cuts", cut(slow), 1000, 60, 1.8, 1.5},
		{"20 kbit/s, 10 % lost, cuts", cut(slower), 1000, 0, 2.2, 0},
		{"20 kbit/s, 10 % lost, cuts", cut(slower), 1000, 10, 2.9, 0},
	}
}

// later moves the clock of a bubble, which begins in the year 2000, to the days
// of the registrations.
func later() time.Time { return time.Now().Add(27 * 365 * 24 * time.Hour) }

// budget is what a registration may cost on the wire, in bytes. Ours cost much
// less, and then the round trips that no batch can do without weigh more than
// the batch; the time against the budget is printed beside and held to nothing.
const budget = 45

type linkRun struct {
	took    time.Duration // until everything was acknowledged
	payload int64         // sealed bytes of batches and photos
	wire    int64         // bytes up with the headers of IP and TCP
	result  client.Result
}

// TestLinkTimes sends a day's work over terrible links, in virtual time. With
// -link.table it prints how long that took against payload over bandwidth, with
// the bar beside it; without, it holds two hard cases to loose limits.
func TestLinkTimes(t *testing.T) {
	s := newStage(t, 1000)
	cases := linkCases()
	if *linkTable {
		printLinkTable(t, s, cases)
		return
	}
	for _, c := range []linkCase{
		{"50 kbit/s, 5 % lost, cuts", cases[3].link, 300, 15, 2.4, 1.8},
		{"20 kbit/s, 10 % lost, cuts", cases[5].link, 300, 3, 4, 3},
	} {
		c.link.Seed = 1
		r := runLink(t, s, c)
		if r.ratio(c) > c.ratio || r.bytes() > c.bytes {
			t.Errorf("%s: %.2f times the physical time with %.2f times the bytes, more than %.1f and %.1f", c.name, r.ratio(c), r.bytes(), c.ratio, c.bytes)
		}
	}
}

func printLinkTable(t *testing.T, s *stage, cases []linkCase) {
	var table strings.Builder
	fmt.Fprintf(&table, "\nmedians of %d seeds, 300 ms each way; x phys: times payload over bandwidth; x budget: the same for %d B a registration;\n", linkSeeds, budget)
	fmt.Fprintf(&table, "x http: bytes of HTTP up, x ip: with the headers of IP and TCP and what was lost, both times the payload;\neach row is held to x phys, and to 1.5 x ip under cuts at 50 kbit/s; x budget is told beside\n\n")
	fmt.Fprintf(&table, "%-26s %5s %6s %9s %8s %7s %8s %5s %7s %6s %6s  %s\n", "link", "regs", "photos", "payload", "time", "x phys", "x budget", "bar", "", "x http", "x ip", "requests")
	for i, c := range cases {
		var runs []linkRun
		for seed := range linkSeeds {
			c.link.Seed = uint64(seed + 1)
			runs = append(runs, runLink(t, s, c))
		}
		slices.SortFunc(runs, func(a, b linkRun) int { return int(a.took - b.took) })
		r := runs[len(runs)/2]
		met := "met"
		if r.ratio(c) > c.ratio || c.bytes > 0 && r.bytes() > c.bytes {
			met = "not met"
		}
		fmt.Fprintf(&table, "%-26s %5d %6d %9d %7.1fs %7.2f %8.2f %5.1f %7s %6.2f %6.2f  %d\n", c.name, c.registrations, c.photos, r.payload,
			r.took.Seconds(), r.ratio(c), r.took.Seconds()/(float64(max(r.payload, int64(c.registrations*budget)))/float64(c.link.Up)), c.ratio, met,
			float64(r.result.BytesUp)/float64(r.payload), float64(r.wire)/float64(r.payload), r.result.Attempts)
		if i == 0 {
			one := singlePosts(t, c.link, c.registrations)
			times := one.Seconds() / r.took.Seconds()
			met = "met"
			if times < 100 {
				met = "not met"
			}
			fmt.Fprintf(&table, "%-26s %5d %6d %9d %7.1fs  one POST each takes %.0f times longer, bar 100: %s\n", c.name, c.registrations, 0, c.registrations*postSize, one.Seconds(), times, met)
		}
	}
	t.Log(table.String())
}

// physical is payload over bandwidth, in seconds.
func (r linkRun) physical(c linkCase) float64 { return float64(r.payload) / float64(c.link.Up) }

// ratio is the time against the physical time of the payload.
func (r linkRun) ratio(c linkCase) float64 { return r.took.Seconds() / r.physical(c) }

// bytes is what went up against the payload.
func (r linkRun) bytes() float64 { return float64(r.wire) / float64(r.payload) }

func runLink(t *testing.T, s *stage, c linkCase) (run linkRun) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.template)); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		centre, err := serve.Open(context.Background(), serve.Config{Data: dir, Clock: later, Rand: cryptorand.Reader, Forms: [][]byte{s.book}})
		if err != nil {
			t.Fatal(err)
		}
		good := badlink.New(badlink.Conditions{})
		link := badlink.New(c.link)
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan error, 2)
		go func() { served <- centre.Serve(ctx, good.Listener(), nil) }()
		kit := newBareKit(c.link.Seed, later, s.forms)
		kit.enrol(t, centre, good.Dial, client.Tuning{})
		regs := slices.Clone(s.regs[:c.registrations])
		if err := kit.seal(regs); err != nil {
			t.Fatal(err)
		}
		if err := kit.pack(regs); err != nil {
			t.Fatal(err)
		}
		photo := rand.NewChaCha8([32]byte{9})
		for range c.photos {
			b := make([]byte, 30_000)
			_, _ = photo.Read(b)
			if err := kit.attach(b); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range kit.items[1:] {
			run.payload += i.Size
		}
		go func() { served <- centre.Serve(ctx, link.Listener(), nil) }()
		began := time.Now()
		jitter := rand.New(rand.NewPCG(c.link.Seed, 1))
		for len(kit.waiting()) > 0 {
			result, err := kit.client(t, link.Dial, client.Tuning{}, jitter.Float64).Pass(ctx, client.Options{})
			run.result.Attempts += result.Attempts
			run.result.BytesUp += result.BytesUp
			if err != nil && civic.CodeOf(err) != civic.NoNetwork {
				t.Fatal(err)
			}
			if time.Since(began) > 3*time.Hour {
				t.Fatal("it does not finish")
			}
		}
		run.took = kit.acked.Sub(began)
		run.wire = link.Stats().BytesUp
		stop()
		_, _ = good.Close(), link.Close()
		<-served
		<-served
		if err := centre.Close(); err != nil {
			t.Error(err)
		}
	})
	return run
}

// postSize is a registration as a form of XML with the headers around it.
const postSize = 2104

// singlePosts sends every registration in a request of its own, on connections
// that are kept, as tools without batches do.
func singlePosts(t *testing.T, c badlink.Conditions, n int) (took time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		link := badlink.New(c)
		server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusCreated)
		})}
		served := make(chan error, 1)
		go func() { served <- server.Serve(link.Listener()) }()
		transport := &http.Transport{DialContext: func(ctx context.Context, _, address string) (net.Conn, error) { return link.Dial(ctx, address) }}
		kit := &http.Client{Transport: transport}
		began := time.Now()
		for range n {
			for {
				answer, err := kit.Post("http://centre/submission", "text/xml", strings.NewReader(strings.Repeat("x", postSize-200)))
				if err == nil {
					_, _ = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
					break
				}
				time.Sleep(time.Second)
			}
		}
		took = time.Since(began)
		transport.CloseIdleConnections()
		_ = link.Close()
		_ = server.Close()
		<-served
	})
	return took
}
