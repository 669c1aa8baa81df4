package rehearsal

import (
	"context"
	"crypto/ed25519"
	"flag"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

var (
	simSeeds = flag.Int("sim.seeds", 1_000, "seeds of the sync simulation; make test plays ten times as many, -short a tenth")
	simFirst = flag.Uint64("sim.first", 1, "first seed; a world is its seed and those after it")
)

func badKey() ed25519.PrivateKey {
	seed := seedBytes("stranger", 0)
	return ed25519.NewKeyFromSeed(seed[:])
}

// TestSimulation plays real clients against the real centre over links that
// lose, repeat, reorder, cut and lie: every sealed registration that was packed
// is settled exactly once, none that stayed at home has an outcome, and nothing
// waits in the end.
func TestSimulation(t *testing.T) {
	s := newStage(t, 400)
	seeds := *simSeeds
	if testing.Short() {
		seeds /= 10
	}
	var (
		mu    sync.Mutex
		total = worldResult{faults: map[string]int{}}
		next  = *simFirst
		end   = *simFirst + uint64(seeds)
	)
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	began := time.Now()
	t.Run("worlds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for {
					mu.Lock()
					first := next
					kits := int(min(kitsInWorld, end-next))
					next += uint64(kits)
					mu.Unlock()
					if kits == 0 {
						return
					}
					r := runWorld(t, s, first, kits, nil)
					mu.Lock()
					total.add(r)
					mu.Unlock()
				}
			})
		}
	})
	for _, wrong := range total.wrong {
		t.Error(wrong)
	}
	t.Logf("%d seeds, %d registrations, %d passes, %d requests, %v of virtual time in %v; faults %v",
		total.seeds, total.registrations, total.passes, total.requests, total.virtual.Round(time.Minute), time.Since(began).Round(time.Second), total.faults)
}

func (r *worldResult) add(o worldResult) {
	r.seeds += o.seeds
	r.registrations += o.registrations
	r.passes += o.passes
	r.requests += o.requests
	r.virtual += o.virtual * time.Duration(o.seeds)
	for k, v := range o.faults {
		r.faults[k] += v
	}
	r.wrong = append(r.wrong, o.wrong...)
}

// The simulation is worth something only if it finds mistakes. These are put in
// on purpose, and each must be found within a few worlds.
func TestSimulationFindsPlantedBugs(t *testing.T) {
	const few = 16
	s := newStage(t, 400)
	for name, plant := range map[string]bug{
		"deduplication off":              forgetful,
		"acknowledgement before durable": hasty,
	} {
		t.Run(name, func(t *testing.T) {
			for first := uint64(1); first < 20*few; first += few {
				if r := runWorld(t, s, first, few, plant); len(r.wrong) > 0 {
					t.Logf("found in the world of seed %d: %s", first, r.wrong[0])
					return
				}
			}
			t.Error("the mistake was not found")
		})
	}
}

// forgetful is a centre that does not remember what it took in, so that a
// repeat is taken for something new.
func forgetful(c *serve.Centre, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if !strings.HasPrefix(r.URL.Path, protocol.PathUploads) {
			return
		}
		_ = c.DB.Update(context.Background(), func(tx ledger.Tx) error {
			for _, sql := range []string{
				"DELETE FROM ingest_registration",
				"DELETE FROM ingest_digest WHERE digest IN (SELECT digest FROM ingest_file WHERE kind = 2 AND state = 3)",
				"DELETE FROM ingest_bytes WHERE digest IN (SELECT digest FROM ingest_file WHERE kind = 2 AND state = 3)",
				"DELETE FROM ingest_file WHERE kind = 2 AND state = 3",
			} {
				if _, err := tx.Exec(context.Background(), sql); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// hasty is a centre that signs for an upload before it is on the disk; one in
// eight it then loses.
func hasty(c *serve.Centre, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		meta, err := protocol.ParseMetadata(r.Header.Get(protocol.HeaderUploadMeta))
		if err != nil || meta.Kind != protocol.UploadBatch || meta.Name[0]%8 != 0 {
			next.ServeHTTP(w, r)
			return
		}
		statement, err := c.Access.Acks([]protocol.BatchAck{{Batch: meta.Name, State: protocol.BatchReceived, Safe: true}})
		if err != nil {
			protocol.WriteProblem(w, civic.NewProblem(civic.ServerBusy, err))
			return
		}
		w.Header().Set(protocol.HeaderAck, protocol.AckHeader(statement))
		w.Header().Set(protocol.HeaderUploadOffset, r.Header.Get(protocol.HeaderUploadLength))
		w.WriteHeader(http.StatusCreated)
	})
}
