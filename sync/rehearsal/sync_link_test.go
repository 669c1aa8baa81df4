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

// linkSeeds is how many seeds each setting of the link runs with; the figure
// is their median.
var linkSeeds = flag.Int("link.seeds", 5, "seeds for each setting of the bad link")

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
// the batch: registrations alone are held to the time their budget would take.
const budget = 45

// tolerance is for the order of goroutines, which virtual time leaves open.
const tolerance = 1.03

type linkRun struct {
	took    time.Duration // until everything was acknowledged
	payload int64         // sealed bytes of batches and photos
	wire    int64         // bytes up with the headers of IP and TCP
	result  client.Result
}

// TestLinkTimes sends a day's work over terrible links, in virtual time, and
// prints how long it took against payload over bandwidth.
func TestLinkTimes(t *testing.T) {
	s := newStage(t, 1000)
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-28s %5s %6s %9s %8s %7s %8s %7s %7s %9s\n", "link", "regs", "photos", "payload", "time", "x phys", "x budget", "x http", "x ip", "requests")
	var single float64
	for _, c := range linkCases() {
		var runs []linkRun
		for seed := range *linkSeeds {
			c.link.Seed = uint64(seed + 1)
			runs = append(runs, runLink(t, s, c))
		}
		slices.SortFunc(runs, func(a, b linkRun) int { return int(a.took - b.took) })
		r := runs[len(runs)/2]
		physical := float64(r.payload) / float64(c.link.Up)
		ofBudget := r.took.Seconds() / (float64(max(r.payload, int64(c.registrations*budget))) / float64(c.link.Up))
		if c.photos > 0 {
			ofBudget = r.took.Seconds() / physical
		}
		ratio, bytes, wire := r.took.Seconds()/physical, float64(r.result.BytesUp)/float64(r.payload), float64(r.wire)/float64(r.payload)
		fmt.Fprintf(&table, "%-28s %5d %6d %9d %7.1fs %7.2f %8.2f %7.2f %7.2f %9d\n", c.name, c.registrations, c.photos, r.payload, r.took.Seconds(), ratio, ofBudget, bytes, wire, r.result.Attempts)
		if ofBudget > c.ratio*tolerance {
			t.Errorf("%s, %d photos: %.2f times the physical time, more than %.2f", c.name, c.photos, ofBudget, c.ratio)
		}
		if c.bytes > 0 && wire > c.bytes*tolerance {
			t.Errorf("%s, %d photos: %.2f times the payload went up, more than %.2f", c.name, c.photos, wire, c.bytes)
		}
		if single == 0 {
			one := singlePosts(t, c.link, c.registrations)
			single = one.Seconds() / r.took.Seconds()
			fmt.Fprintf(&table, "%-28s %5d %6s %9d %7.1fs  one POST each: %.0f times longer\n", c.name, c.registrations, "", c.registrations*postSize, one.Seconds(), single)
			if single < 100 {
				t.Errorf("one POST each takes only %.0f times longer", single)
			}
		}
	}
	t.Log(table.String())
}

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
