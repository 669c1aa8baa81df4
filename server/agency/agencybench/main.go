// Command agencybench prints how quickly agencies are answered: a registry of
// made-up people, six agencies with an agreement on the basis of consent, signed
// searches over HTTP to the real handler, with policy, consent and log on, and
// each bar with met or not met. The client is a process of its own that only
// writes what was signed before and reads, so that figures are the server's;
// processor time is told apart for server, database and client.
//
// It keeps what it made in -dir (and in the database), so that a second run
// only measures.
//
//	go run ./server/agency/agencybench -persons 1000000 -dir DIR
//	POSTGRES_DURABLE=1 POSTGRES_KEEP=DIR/db .ci/postgres go run ./server/agency/agencybench -postgres -persons 1000000 -dir DIR
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
)

func main() {
	var b bench
	flag.IntVar(&b.persons, "persons", 100_000, "people in the registry")
	flag.IntVar(&b.count, "requests", 4000, "requests to measure in each round")
	flag.IntVar(&b.beside, "beside", 32, "requests under way at once in the second round")
	flag.StringVar(&b.profile, "profile", "", "write a processor profile of the second round to this `file`")
	flag.StringVar(&b.dir, "dir", "", "folder to keep the centre in; a temporary one when empty")
	flag.BoolVar(&b.postgres, "postgres", false, "use the server that FIELDKIT_TEST_POSTGRES names")
	asClient := flag.Bool("client", false, "be the client: what to send comes on standard input")
	flag.Parse()
	err := error(nil)
	if *asClient {
		err = client(os.Stdin, os.Stdout)
	} else {
		err = b.run(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	persons, count, beside int
	profile, dir           string
	postgres               bool

	centre  *serve.Centre
	signers []jose.Signer // by agency
	tokens  []string
	address string
}

func (b *bench) run(ctx context.Context) error {
	if b.dir == "" {
		made, err := os.MkdirTemp("", "agencybench-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		b.dir = made
	}
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	c := serve.Config{Data: b.dir, Clock: time.Now, Rand: rand.Reader, PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1}}
	if b.postgres {
		c.Ledger = os.Getenv("FIELDKIT_TEST_POSTGRES")
	}
	if _, err := os.Stat(filepath.Join(b.dir, "keys")); err != nil {
		if err := serve.Init(ctx, c, "Bench"); err != nil {
			return err
		}
	}
	centre, err := serve.Open(ctx, c)
	if err != nil {
		return err
	}
	b.centre = centre
	if err := errors.Join(b.fill(ctx, b.persons), b.join(ctx), b.settled(ctx)); err != nil {
		return errors.Join(err, centre.Close())
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, centre.Close())
	}
	b.address = ln.Addr().String()
	server := &http.Server{Handler: centre.Handler(), ReadHeaderTimeout: 10 * time.Second}
	working, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	work.Go(func() { _ = centre.Work(working) }) // leaves are sequenced meanwhile
	work.Go(func() { _ = server.Serve(ln) })
	err = b.measure(ctx)
	stop()
	err = errors.Join(err, server.Close())
	work.Wait()
	return errors.Join(err, centre.Close())
}

// settled lets PostgreSQL do after a great import what it does by itself in the
// hours after.
func (b *bench) settled(ctx context.Context) error {
	if !b.postgres {
		return nil
	}
	return b.centre.DB.Update(ctx, func(tx ledger.Tx) error {
		for _, t := range []string{"registry_key", "registry_person", "registry_said", "registry_link", "registry_event", "share_visit", "share_choice"} {
			if _, err := tx.Exec(ctx, "ANALYZE "+t); err != nil {
				return err
			}
		}
		return nil
	})
}

// The bars of the design.
const (
	barP99       = 25 * time.Millisecond
	barPerSecond = 500
)

func (b *bench) measure(ctx context.Context) error {
	if _, err := b.round(ctx, 200, 1, 0, 1); err != nil { // warms what a running server has warm
		return err
	}
	engine := "SQLite"
	if b.postgres {
		engine = "PostgreSQL"
	}
	fmt.Printf("%s, %d persons\n", engine, b.persons)
	alone, err := b.round(ctx, b.count, 1, 0, 10_000)
	if err != nil {
		return err
	}
	fmt.Printf("  one after the other: %s\n", alone)
	if b.profile != "" {
		f, err := os.Create(b.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	beside, err := b.round(ctx, b.count, b.beside, 0, 1_000_000)
	pprof.StopCPUProfile()
	if err != nil {
		return err
	}
	fmt.Printf("  %d beside each other: %.0f requests a second; %s\n", b.beside, beside.perSecond(), beside)
	paced, err := b.round(ctx, b.count, 4*b.beside, time.Second/barPerSecond, 2_000_000)
	if err != nil {
		return err
	}
	fmt.Printf("  one every %s, whatever became of those before: %s\n", time.Second/barPerSecond, paced)
	fmt.Printf("  bar: 99 of 100 answered within %s, one after the other: %s\n", barP99, verdict(alone.at(0.99) <= barP99))
	fmt.Printf("  bar: 99 of 100 answered within %s, at %d a second: %s\n", barP99, barPerSecond, verdict(paced.at(0.99) <= barP99))
	fmt.Printf("  bar: %d requests a second with the client on the same processors: %s\n", barPerSecond, verdict(beside.perSecond() >= barPerSecond))
	return nil
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "not met"
}

// figures are those of one round.
type figures struct {
	answered
	server, database time.Duration
}

func (b *bench) round(ctx context.Context, count, beside int, each time.Duration, seed int) (f figures, err error) {
	list, err := b.requests(count, b.persons, seed)
	if err != nil {
		return f, err
	}
	in, err := (&round{Address: b.address, Requests: list, Beside: beside, Each: each}).written()
	if err != nil {
		return f, err
	}
	server, database := cpu(), time.Duration(0)
	if b.postgres {
		database = databaseCPU(ctx, b.centre.DB)
	}
	f.answered, err = play(ctx, in)
	f.server = cpu() - server
	if b.postgres {
		f.database = databaseCPU(ctx, b.centre.DB) - database
	}
	return f, err
}

func (f figures) perSecond() float64 { return float64(len(f.Times)) / f.Took.Seconds() }

func (f figures) at(share float64) time.Duration {
	return f.Times[int(share*float64(len(f.Times)-1))].Round(10 * time.Microsecond)
}

func (f figures) String() string {
	each := func(d time.Duration) time.Duration {
		return (d / time.Duration(len(f.Times))).Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %s, p95 %s, p99 %s, longest %s; processor a request: server %s, database %s, client %s",
		f.at(0.5), f.at(0.95), f.at(0.99), f.at(1), each(f.server), each(f.database), each(f.CPU))
}
