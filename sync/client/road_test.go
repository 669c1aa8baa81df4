package client

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A server may end the connection after each answer, as some things in between
// do: then what followed is sent again on another.
func TestRoadSurvivesConnectionClose(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 6)
	c.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Connection", "close")
		return false
	}
	result, err := newKit(t, c, m, func(k *Config) { k.Tuning.Patience = 10 }).Pass(t.Context(), Options{})
	if err != nil {
		t.Fatalf("%v after %d requests", err, result.Attempts)
	}
	for i, n := range names {
		if !c.uploads[n].whole {
			t.Errorf("file %d did not arrive", i)
		}
	}
}

// Answers in bulk: four uploads are under way before the first is answered.
func TestRoadDoesNotWaitForAnswers(t *testing.T) {
	c, m := newCentre(t), newMemory()
	fill(c, m, 8)
	var mu sync.Mutex
	roads := map[string]bool{}
	delay := 30 * time.Millisecond
	kit := newKit(t, c, m, nil)
	c.before = func(_ http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		roads[r.RemoteAddr] = true
		mu.Unlock()
		time.Sleep(delay)
		return false
	}
	if _, err := kit.Pass(t.Context(), Options{}); err != nil {
		t.Fatal(err)
	}
	if len(roads) != 1 { // on a slow machine a second is tried, and not used
		t.Errorf("%d connections for one pass", len(roads))
	}
}

// A server that takes everything and says nothing is given up.
func TestRoadGivesUpSilence(t *testing.T) {
	c, m := newCentre(t), newMemory()
	fill(c, m, 0)
	release := make(chan struct{})
	defer close(release)
	c.before = func(_ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
		return true
	}
	_, err := newKit(t, c, m, func(k *Config) {
		k.Tuning.Answer, k.Tuning.Patience = 50*time.Millisecond, 2
	}).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.NoNetwork {
		t.Errorf("got %v", err)
	}
}

// A refusal in the middle of a body ends its sending; the others go on.
func TestRoadHearsARefusalWhileItSends(t *testing.T) {
	c, m := newCentre(t), newMemory()
	big := m.add(protocol.ItemBatch, 9, random(5, 3<<20))
	names := fill(c, m, 0)
	c.before = tooLarge(big, "3 MiB")
	result, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.UploadTooLarge && civic.CodeOf(err) != civic.ServerBusy {
		t.Errorf("got %v", err)
	}
	for _, n := range names {
		if u := c.uploads[n]; u == nil || !u.whole {
			t.Errorf("another file did not arrive in %d requests", result.Attempts)
		}
	}
}

// What does not speak HTTP, or says too much, is no answer.
func TestRoadRefusesNoise(t *testing.T) {
	for name, noise := range map[string]string{
		"not http":   "220 mail.example ESMTP\r\n\r\n",
		"endless":    "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("x", protocol.MaxMessage+10),
		"other ways": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
		"half":       "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			c, m := newCentre(t), newMemory()
			c.before = func(w http.ResponseWriter, r *http.Request) bool {
				conn, buffer, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return true
				}
				_, _ = buffer.WriteString(noise)
				_ = buffer.Flush()
				_ = conn.Close()
				return true
			}
			_, err := newKit(t, c, m, func(k *Config) { k.Tuning.Patience = 2 }).Pass(t.Context(), Options{})
			if civic.CodeOf(err) != civic.NoNetwork {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Hints before the answer are passed over.
func TestRoadPassesOverHints(t *testing.T) {
	c, m := newCentre(t), newMemory()
	fill(c, m, 1)
	c.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusProcessing)
		w.WriteHeader(http.StatusEarlyHints)
		return false
	}
	if _, err := newKit(t, c, m, nil).Pass(t.Context(), Options{}); err != nil {
		t.Error(err)
	}
}

// When the kit's memory cannot note that a file leaves, it does not leave.
func TestNothingLeavesUnnoted(t *testing.T) {
	c, m := newCentre(t), newMemory()
	names := fill(c, m, 0)
	m.fail = civic.NewProblem(civic.DiskFull, errors.New("no space"), "1 kB", "2 kB")
	_, err := newKit(t, c, m, nil).Pass(t.Context(), Options{})
	if civic.CodeOf(err) != civic.DiskFull {
		t.Errorf("got %v", err)
	}
	for _, n := range names {
		if s := c.uploads[n]; s != nil && len(s.bytes) > 0 {
			t.Error("bytes left that the kit did not note")
		}
	}
}
