//go:build linux && soak

package badlink

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// The model beside the kernel, on the same conditions. It needs root and takes
// real minutes; `make soak` runs it.
func TestModelAgreesWithTheKernel(t *testing.T) {
	const size = 200_000
	for _, c := range []struct {
		buffer int
		link   Conditions
	}{
		{8 << 10, Conditions{Up: 6250, Down: 6250, Delay: 300 * time.Millisecond, Loss: 0.05}},
		{12 << 10, Conditions{Up: 6250, Down: 6250, Delay: 300 * time.Millisecond, Loss: 0.05}},
		{6 << 10, Conditions{Up: 2500, Down: 2500, Delay: 300 * time.Millisecond, Loss: 0.1}},
		{12 << 10, Conditions{Up: 2500, Down: 2500, Delay: 300 * time.Millisecond, Loss: 0.1}},
	} {
		const seeds = 8
		var kernel, model [seeds]float64
		var all sync.WaitGroup
		for i := range seeds {
			link := c.link
			link.Seed = uint64(i)
			all.Go(func() { kernel[i] = throughKernel(t, link, c.buffer, size) / (size / float64(c.link.Up)) })
		}
		all.Wait()
		for i := range seeds {
			c.link.Seed = uint64(i)
			model[i] = throughModel(t, c.link, c.buffer, size) / (size / float64(c.link.Up))
		}
		t.Logf("%5d B/s, %2.0f %% lost, buffer %2d kB: kernel %.2f, model %.2f times the physical time (means of %d)",
			c.link.Up, 100*c.link.Loss, c.buffer>>10, mean(kernel[:]), mean(model[:]), seeds)
		if r := mean(model[:]) / mean(kernel[:]); r < 0.8 || r > 1.25 {
			t.Errorf("the model takes %.2f times what the kernel takes", r)
		}
	}
}

func mean(f []float64) float64 {
	sum := 0.0
	for _, x := range f {
		sum += x
	}
	return sum / float64(len(f))
}

func throughKernel(t *testing.T, c Conditions, buffer, size int) float64 {
	k, err := NewKernel(c)
	if err != nil {
		t.Errorf("namespaces and tunnels are not permitted here: %v", err)
		return 1
	}
	l, err := k.Listen()
	if err != nil {
		t.Error(err)
		return 1
	}
	go serveOnce(l, size)
	took := sendOnce(t, func() (net.Conn, error) { return k.Dial(t.Context(), "") }, buffer, size)
	_, _ = l.Close(), k.Close()
	return took
}

func throughModel(t *testing.T, c Conditions, buffer, size int) (took float64) {
	synctest.Test(t, func(t *testing.T) {
		l := New(c)
		var served sync.WaitGroup
		served.Go(func() { serveOnce(l.Listener(), size) })
		took = sendOnce(t, func() (net.Conn, error) { return l.Dial(t.Context(), "") }, buffer, size)
		_ = l.Close()
		served.Wait()
	})
	return took
}

func serveOnce(l net.Listener, size int) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, conn, int64(size))
	_, _ = conn.Write([]byte{1})
	_, _ = io.Copy(io.Discard, conn)
	_ = conn.Close()
}

func sendOnce(t *testing.T, dial func() (net.Conn, error), buffer, size int) float64 {
	began := time.Now()
	conn, err := dial()
	if err != nil {
		t.Error(err)
		return 1
	}
	if err := conn.(writeBuffered).SetWriteBuffer(buffer); err != nil {
		t.Error(err)
	}
	_, _ = conn.Write(make([]byte, size))
	_, _ = io.ReadFull(conn, make([]byte, 1))
	took := time.Since(began).Seconds()
	_ = conn.Close()
	return took
}

type writeBuffered interface{ SetWriteBuffer(bytes int) error }
