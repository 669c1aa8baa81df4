package badlink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// over runs a client and a server over a link in virtual time.
func over(t *testing.T, c Conditions, client, server func(net.Conn), check func(l *Link, took time.Duration)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := New(c)
		done := make(chan struct{})
		go func() {
			for {
				conn, err := l.Listener().Accept()
				if err != nil {
					close(done)
					return
				}
				go func() {
					server(conn)
					_ = conn.Close()
				}()
			}
		}()
		began := time.Now()
		conn, err := l.Dial(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		client(conn)
		took := time.Since(began)
		_ = conn.Close()
		check(l, took)
		_ = l.Close()
		<-done
	})
}

// Everything written arrives, in order, whatever is lost on the way.
func TestBytesArriveWhole(t *testing.T) {
	sent := make([]byte, 200_000)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(sent)
	for _, c := range []Conditions{
		{},
		{Delay: 300 * time.Millisecond},
		{Up: 6250, Down: 6250, Delay: 300 * time.Millisecond, Loss: 0.05},
		{Up: 2500, Down: 2500, Delay: 300 * time.Millisecond, Loss: 0.3, Seed: 2},
		{Up: 50_000, Down: 50_000, Queue: 3000, Delay: 10 * time.Millisecond, Seed: 3},
	} {
		var got [32]byte
		over(t, c, func(conn net.Conn) {
			if _, err := conn.Write(sent); err != nil {
				t.Error(err)
			}
			answer := make([]byte, 32)
			if _, err := io.ReadFull(conn, answer); err != nil {
				t.Error(err)
			}
			copy(got[:], answer)
		}, func(conn net.Conn) {
			h := sha256.New()
			_, _ = io.CopyN(h, conn, int64(len(sent)))
			_, _ = conn.Write(h.Sum(nil))
		}, func(l *Link, took time.Duration) {
			t.Logf("%+v: %v, %+v", c, took, l.Stats())
		})
		if got != sha256.Sum256(sent) {
			t.Errorf("%+v: other bytes arrived", c)
		}
	}
}

// The model is worth something only if it takes the time a real link takes:
// kernel TCP needs 1.10 times the physical time for 1.9 MB at 50 kbit/s, 600 ms
// and 5 % loss.
func TestTimeIsThatOfALink(t *testing.T) {
	const size = 1_887_000
	over(t, Conditions{Up: 6250, Down: 6250, Delay: 300 * time.Millisecond, Loss: 0.05, Seed: 1}, func(conn net.Conn) {
		_, _ = conn.Write(make([]byte, size))
		_, _ = io.ReadFull(conn, make([]byte, 1))
	}, func(conn net.Conn) {
		_, _ = io.CopyN(io.Discard, conn, size)
		_, _ = conn.Write([]byte{1})
	}, func(l *Link, took time.Duration) {
		ratio := took.Seconds() / (size / 6250.0)
		t.Logf("%.3f times the physical time, %+v", ratio, l.Stats())
		if ratio < 1.07 || ratio > 1.16 {
			t.Errorf("%.3f times the physical time", ratio)
		}
	})
}

func TestCutResetsAndDropsWhatFlies(t *testing.T) {
	over(t, Conditions{Up: 6250, Down: 6250, Delay: 300 * time.Millisecond, AliveFor: 10 * time.Second, DeadFor: 2 * time.Second}, func(conn net.Conn) {
		_, err := conn.Write(make([]byte, 1_000_000))
		if err == nil {
			t.Error("a write outlived the cut")
		}
	}, func(conn net.Conn) {
		n, _ := io.Copy(io.Discard, conn)
		if n < 30_000 || n > 60_000 {
			t.Errorf("%d bytes arrived in ten seconds", n)
		}
	}, func(l *Link, took time.Duration) {
		if took != 12*time.Second || l.Stats().Cuts != 1 {
			t.Errorf("ended after %v with %+v", took, l.Stats())
		}
	})
}

func TestDeadlinesAndGoodbye(t *testing.T) {
	over(t, Conditions{Delay: time.Second}, func(conn net.Conn) {
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read past its deadline: %v", err)
		}
		_ = conn.SetReadDeadline(time.Time{})
		b, err := io.ReadAll(conn)
		if err != nil || !bytes.Equal(b, []byte("goodbye")) {
			t.Errorf("%q, %v", b, err)
		}
	}, func(conn net.Conn) {
		time.Sleep(5 * time.Second)
		_, _ = conn.Write([]byte("goodbye"))
	}, func(*Link, time.Duration) {})
}
