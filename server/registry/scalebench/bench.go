//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/match/people"
)

const (
	office = civic.Area("mx-20-067")
	// batchSize is how many registrations one batch brings.
	batchSize = 200
	seed      = 20_260_301
)

type bench struct {
	lookups, night, storm int
	rows                  int // of a list that is cleaned of doubles
	json                  bool
	profile               string
	keep                  string // where filled registries are kept and found again
	from                  int    // incoming people passed over
	place                 string // of the ledger that is open
	bars                  []bar
}

// row is one engine at one size.
type row struct {
	Engine     string  `json:"engine"`
	Persons    int     `json:"persons"`
	FillPerS   int     `json:"filled_per_second"`
	Candidates float64 `json:"candidates_mean"`
	P50        float64 `json:"lookup_p50_ms"`
	P99        float64 `json:"lookup_p99_ms"`
	Capped     float64 `json:"capped_share"`
	Thousand   float64 `json:"reconcile_1000_s"`
	CPU        float64 `json:"reconcile_1000_cpu_s"` // ours and the engine's
	Night      int     `json:"night,omitempty"`
	NightS     float64 `json:"night_s,omitempty"`
	NightCPU   float64 `json:"night_cpu_s,omitempty"`
}

// storms is what became of namesakes.
type storms struct {
	Engine  string  `json:"engine"`
	Storm   int     `json:"storm"` // people who share name and year
	Seconds float64 `json:"settled_s"`
	Persons int     `json:"persons"`
	Held    int     `json:"held"`
	Merged  int     `json:"merged"`
	Known   int     `json:"known_again"`
	// HeldAgain came again and are held for a look; Wrong were joined to others.
	HeldAgain int `json:"held_again"`
	Wrong     int `json:"joined_to_others"`
	Cut       int `json:"searches_cut_short"`
	Told      int `json:"told_too_common"` // outcomes that say the search was cut short
}

func (b *bench) run(ctx context.Context, sizes []int, engines []string, postgres string) error {
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Fprintf(os.Stderr, "%d processors, load before: %s", runtime.NumCPU(), load)
	stop, err := b.profiled()
	if err != nil {
		return err
	}
	defer stop()
	if b.rows > 0 {
		if err := b.clusterApart(ctx); err != nil {
			return err
		}
	}
	if !b.json {
		fmt.Printf("%-9s %9s %8s %6s %8s %8s %7s %9s %8s %7s %7s %8s\n", "engine", "persons", "fill/s", "cand", "p50 ms", "p99 ms", "capped", "1000 in s", "cpu s", "night", "in s", "cpu s")
	}
	for _, size := range sizes {
		for _, engine := range engines {
			night := 0
			if size == slices.Max(sizes) && engine == engines[len(engines)-1] {
				night = b.night
			}
			if err := b.on(ctx, engine, postgres, size, func(db ledger.DB) error { return b.measure(ctx, engine, db, size, night) }); err != nil {
				return fmt.Errorf("%s at %d: %w", engine, size, err)
			}
		}
	}
	if b.storm > 0 {
		for _, engine := range engines {
			if err := b.on(ctx, engine, postgres, 0, func(db ledger.DB) error { return b.storming(ctx, engine, db) }); err != nil {
				return err
			}
		}
	}
	return b.judge()
}

// profiled begins a processor profile where one is asked for.
func (b *bench) profiled() (stop func(), err error) {
	if b.profile == "" {
		return func() {}, nil
	}
	f, err := os.Create(b.profile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

func (b *bench) measure(ctx context.Context, engine string, db ledger.DB, size, night int) error {
	p := people.Mexico(seed, size, b.from+b.lookups+1000+night)
	p.Incoming = p.Incoming[b.from:]
	e, err := registry.NewEmbedded([32]byte{7}, rand.Reader)
	if err != nil {
		return err
	}
	r := row{Engine: engine, Persons: size, Night: night}
	start := time.Now()
	if filled, err := fill(ctx, db, e, p.Known); err != nil {
		return err
	} else if filled {
		r.FillPerS = int(float64(len(p.Known)) / time.Since(start).Seconds())
		if err := b.settled(ctx, engine); err != nil {
			return err
		}
	}
	p.Known = nil // a centre does not hold them in memory either
	runtime.GC()
	if err := b.lookup(ctx, db, e, p.Incoming[:b.lookups], &r); err != nil {
		return err
	}
	rec := reconcile.New(reconcile.Config{Registry: e, Clock: time.Now})
	rest := p.Incoming[b.lookups:]
	cpu := meterOf(ctx, db, engine)
	before := cpu.seconds()
	if r.Thousand, err = settle(ctx, db, rec, rest[:1000], uint64(b.from)+1); err != nil {
		return err
	}
	r.CPU = cpu.seconds() - before
	if night > 0 {
		before = cpu.seconds()
		if r.NightS, err = settle(ctx, db, rec, rest[1000:1000+night], uint64(b.from)+1001); err != nil {
			return err
		}
		r.NightCPU = cpu.seconds() - before
	}
	b.take(&r)
	return b.print(r, func() {
		fmt.Printf("%-9s %9d %8d %6.1f %8.2f %8.2f %6.1f%% %9.2f %8.2f %7d %7.1f %8.1f\n", r.Engine, r.Persons, r.FillPerS, r.Candidates, r.P50, r.P99, 100*r.Capped, r.Thousand, r.CPU, r.Night, r.NightS, r.NightCPU)
	})
}

func (b *bench) print(v any, table func()) error {
	if b.json {
		return json.NewEncoder(os.Stdout).Encode(v)
	}
	table()
	return nil
}

func (b *bench) lookup(ctx context.Context, db ledger.DB, e *registry.Embedded, in []people.Incoming, r *row) error {
	model := match.DefaultModel()
	var times []time.Duration
	capped, candidates := 0, 0
	for round := range 2 { // the first warms what a running server has warm
		times = times[:0]
		for i := range in {
			if round == 0 && i%4 != 0 {
				continue
			}
			start := time.Now()
			record := match.Prepare(in[i].Record)
			err := db.View(ctx, func(tx ledger.Tx) error {
				found, err := e.Candidates(ctx, tx, [][]uint64{record.Keys()})
				if err != nil {
					return err
				}
				among := make([]match.Person, len(found[0].Persons))
				for i, p := range found[0].Persons {
					among[i] = match.Person{ID: p.Person, Records: p.Records()}
				}
				model.Decide(record, among)
				if round == 1 {
					candidates += len(among)
					if found[0].Capped > 0 {
						capped++
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
	}
	slices.Sort(times)
	ms := func(q float64) float64 { return times[int(q*float64(len(times)-1))].Seconds() * 1000 }
	r.P50, r.P99 = ms(.50), ms(.99)
	r.Candidates, r.Capped = float64(candidates)/float64(len(times)), float64(capped)/float64(len(times))
	return nil
}

// settle reconciles registrations batch by batch and gives the seconds.
func settle(ctx context.Context, db ledger.DB, rec *reconcile.Reconciler, in []people.Incoming, counter uint64) (float64, error) {
	var batches [][]reconcile.Incoming
	for len(in) > 0 {
		n := min(batchSize, len(in))
		batch := make([]reconcile.Incoming, n)
		for i := range batch {
			batch[i] = visit(in[i].Record, counter)
			counter++
		}
		batches, in = append(batches, batch), in[n:]
	}
	start := time.Now()
	for _, batch := range batches {
		err := db.Update(ctx, func(tx ledger.Tx) error {
			_, err := rec.Settle(ctx, tx, office, batch)
			return err
		}, ledger.Office(office), ledger.Registry())
		if err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds(), nil
}

func number(kind byte, n uint64) (id civic.RegistrationID) {
	id[0] = kind
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}
