package serve

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A body that stands still, or one that drips on for ever, is given up, and the
// connection with it: the server would wait for the little that is missing.
func TestBodiesThatStandStill(t *testing.T) {
	for name, c := range map[string]struct {
		stall, whole time.Duration
		length       int64
		drips        bool
	}{
		"stands still":      {10 * time.Millisecond, time.Hour, 1 << 40, false},
		"little is missing": {10 * time.Millisecond, time.Hour, 100, false},
		"drips on":          {time.Hour, 50 * time.Millisecond, 1 << 40, true},
	} {
		t.Run(name, func(t *testing.T) {
			read := make(chan error, 1)
			server := httptest.NewServer(patient(c.stall, c.whole, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				read <- err
				http.Error(w, "too slow", http.StatusBadRequest)
			})))
			defer server.Close()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\nx", c.length)
			for c.drips {
				if _, err := conn.Write([]byte("x")); err != nil {
					break // it was closed over there
				}
			}
			if err := <-read; !os.IsTimeout(err) {
				t.Errorf("%v", err)
			}
			_, _ = io.Copy(io.Discard, conn) // until it is closed over there, however
		})
	}
}

// watched is an answer whose connection tells of its deadlines.
type watched struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (w *watched) SetReadDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// Once a body is read no deadline is left, which would end what is answered
// slowly and what comes next.
func TestNoDeadlineIsLeftBehind(t *testing.T) {
	w := &watched{ResponseRecorder: httptest.NewRecorder()}
	var body string
	h := patient(time.Hour, 2*time.Hour, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(b)
	}))
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("whole")))
	if n := len(w.deadlines); body != "whole" || n < 2 || w.deadlines[0].IsZero() || !w.deadlines[n-1].IsZero() {
		t.Errorf("%q %v", body, w.deadlines)
	}
}
