package serve

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// bodyStall is how long a browser or an agency may send nothing of a body it
	// announced, bodyTime how long the whole of it may take. Kits have neither: their
	// links are slow, and what they send goes on where it broke off.
	bodyStall = 30 * time.Second
	bodyTime  = 5 * time.Minute
)

// patient gives up on requests whose bodies stand still or never end, so that
// nobody holds a connection and what stands behind it for nothing.
func patient(stall, whole time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &patientBody{r.Body, http.NewResponseController(w), stall, time.Now().Add(whole)}
		}
		next.ServeHTTP(w, r)
	})
}

// patientBody reads with a deadline of its own each time, and leaves none behind a
// body that came to its end. One that was given up keeps it: the server would read
// what little is missing before it answers, and wait for it without end.
type patientBody struct {
	io.ReadCloser
	connection *http.ResponseController
	stall      time.Duration
	end        time.Time
}

// Read reads, and waits for so long.
func (b *patientBody) Read(p []byte) (int, error) {
	until := time.Now().Add(b.stall)
	if until.After(b.end) {
		until = b.end
	}
	_ = b.connection.SetReadDeadline(until) // where there is no connection there is nothing to wait for
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.connection.SetReadDeadline(time.Time{})
	}
	return n, err
}
