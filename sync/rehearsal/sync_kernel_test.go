//go:build linux && soak

package rehearsal

import (
	"context"
	cryptorand "crypto/rand"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/badlink"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
)

// TestKernelLinkTimes sends the hardest row of the table over the kernel's own
// TCP between namespaces, in real time. It needs root; `make soak` runs it.
func TestKernelLinkTimes(t *testing.T) {
	s := newStage(t, 1000)
	c := linkCases()[5]
	const seeds = 3
	var (
		took [seeds]float64
		all  sync.WaitGroup
	)
	for i := range seeds {
		link := c
		link.link.Seed = uint64(i + 1)
		all.Go(func() { took[i] = overKernel(t, s, link) })
	}
	all.Wait()
	slices.Sort(took[:])
	t.Logf("%s, %d registrations and %d photos over the kernel's TCP: %.2f times the physical time (of %.2f, bar %.1f)", c.name, c.registrations, c.photos, took[seeds/2], took, c.ratio)
	if took[seeds/2] > c.ratio {
		t.Errorf("%.2f times, more than %.1f", took[seeds/2], c.ratio)
	}
}

// overKernel runs one setting and gives its time over the physical one.
func overKernel(t *testing.T, s *stage, c linkCase) float64 {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(s.template)); err != nil {
		t.Error(err)
		return 0
	}
	clock := time.Now
	centre, err := serve.Open(context.Background(), serve.Config{Data: dir, Clock: clock, Rand: cryptorand.Reader, Forms: [][]byte{s.book}})
	if err != nil {
		t.Error(err)
		return 0
	}
	link, err := badlink.NewKernel(c.link)
	if err != nil {
		t.Errorf("namespaces and tunnels are not permitted here: %v", err)
		return 0
	}
	listener, err := link.Listen()
	if err != nil {
		t.Error(err)
		return 0
	}
	good := badlink.New(badlink.Conditions{})
	ctx, stop := context.WithCancel(context.Background())
	var served sync.WaitGroup
	served.Go(func() { _ = centre.Serve(ctx, good.Listener(), nil) })
	kit := newBareKit(c.link.Seed, clock, s.forms)
	kit.enrol(t, centre, good.Dial, client.Tuning{})
	regs := slices.Clone(s.regs[:c.registrations])
	if err := kit.seal(regs); err != nil {
		t.Error(err)
	}
	if err := kit.pack(regs); err != nil {
		t.Error(err)
	}
	photo := rand.NewChaCha8([32]byte{9})
	for range c.photos {
		b := make([]byte, 30_000)
		_, _ = photo.Read(b)
		if err := kit.attach(b); err != nil {
			t.Error(err)
		}
	}
	var payload int64
	for _, i := range kit.items[1:] {
		payload += i.Size
	}
	served.Go(func() { _ = centre.Serve(ctx, listener, nil) })
	began := time.Now()
	for len(kit.waiting()) > 0 {
		_, err := kit.client(t, link.Dial, client.Tuning{}, rand.Float64).Pass(ctx, client.Options{})
		if err != nil && civic.CodeOf(err) != civic.NoNetwork || time.Since(began) > 20*time.Minute {
			t.Errorf("seed %d: %v", c.link.Seed, err)
			break
		}
	}
	took := kit.acked.Sub(began)
	stop()
	_, _, _ = listener.Close(), link.Close(), good.Close()
	served.Wait()
	if err := centre.Close(); err != nil {
		t.Error(err)
	}
	return took.Seconds() / (float64(payload) / float64(c.link.Up))
}
