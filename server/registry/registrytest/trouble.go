package registrytest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// Misfortune is what happens to one request.
type Misfortune int

// What can happen to a request.
const (
	Nothing   Misfortune = iota
	Error500             // refused before anything was done
	Busy429              // refused with Retry-After
	Denied401            // the token ran out
	NoAnswer             // the connection breaks before anything was done
	LostReply            // the work is done and the connection breaks
	LateError            // the work is done and the answer is 500
	Twice                // a box on the way delivers the request twice
	WrongJSON            // the work is done and half an answer comes
	HTMLPage             // the work is done and a page of a proxy comes
	OtherKind            // another resource than asked for comes
	Oversized            // the answer has no end
	Hang                 // no answer comes until the asker gives up
	Slow                 // the answer comes, late
	Elsewhere            // it sends the asker to another address
)

// All are the misfortunes after which an asker must try again.
func All() map[string]Misfortune {
	return map[string]Misfortune{
		"error 500": Error500, "busy": Busy429, "denied": Denied401, "no answer": NoAnswer, "lost reply": LostReply, "error after the work": LateError,
		"wrong JSON": WrongJSON, "a proxy's page": HTMLPage, "another kind": OtherKind, "without end": Oversized, "hanging": Hang, "elsewhere": Elsewhere,
	}
}

// Trouble stands before a service and lets misfortunes happen.
type Trouble struct {
	*httptest.Server

	mu     sync.Mutex
	next   []Misfortune
	always Misfortune
	seen   []string // method and path
	only   string   // misfortunes happen to requests whose path ends so
	hangs  func()   // called when one hangs
}

// NewTrouble serves a handler.
func NewTrouble(h http.Handler) *Trouble {
	t := &Trouble{}
	t.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.serve(h, w, r) }))
	return t
}

// Next lets misfortunes happen to the requests that follow, one each.
func (t *Trouble) Next(m ...Misfortune) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = append(t.next, m...)
}

// Always lets one happen to every request from now on; Nothing ends that.
func (t *Trouble) Always(m Misfortune) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.always, t.next = m, nil
}

// Only spares requests whose method and path do not begin so, such as "POST /Patient".
func (t *Trouble) Only(prefix string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.only = prefix
}

// Hangs calls hung whenever a request hangs from now on.
func (t *Trouble) Hangs(hung func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hangs = hung
}

func (t *Trouble) hanging() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.hangs != nil {
		t.hangs()
	}
}

// Requests lists what was asked so far, as method and path.
func (t *Trouble) Requests() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.seen...)
}

func (t *Trouble) draw(r *http.Request) Misfortune {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = append(t.seen, r.Method+" "+r.URL.Path)
	if !strings.HasPrefix(r.Method+" "+r.URL.Path, t.only) {
		return Nothing
	}
	if len(t.next) > 0 {
		m := t.next[0]
		t.next = t.next[1:]
		return m
	}
	return t.always
}

// slowTime is how late a slow answer comes.
const slowTime = 50 * time.Millisecond

func (t *Trouble) serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	work := func() *httptest.ResponseRecorder {
		again := r.Clone(r.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, again)
		return rec
	}
	m := t.draw(r)
	switch m {
	case Error500:
		http.Error(w, "no", http.StatusInternalServerError)
	case Busy429:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "later", http.StatusTooManyRequests)
	case Denied401:
		http.Error(w, "who?", http.StatusUnauthorized)
	case NoAnswer:
		panic(http.ErrAbortHandler)
	case LostReply:
		work()
		panic(http.ErrAbortHandler)
	case LateError:
		work()
		http.Error(w, "broke afterwards", http.StatusBadGateway)
	case WrongJSON:
		rec := work()
		pass(w, rec, rec.Body.Bytes()[:rec.Body.Len()/2])
	case HTMLPage:
		work()
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>please sign in</html>")
	case OtherKind:
		work()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"resourceType":"Basic","id":"x"}`)
	case Oversized:
		work()
		w.Header().Set("Content-Type", "application/json")
		chunk := bytes.Repeat([]byte(" "), 1<<16)
		for range 128 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case Hang:
		t.hanging()
		<-r.Context().Done()
	case Elsewhere:
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case Twice:
		work()
		rec := work()
		pass(w, rec, rec.Body.Bytes())
	case Slow:
		select {
		case <-time.After(slowTime):
		case <-r.Context().Done():
		}
		rec := work()
		pass(w, rec, rec.Body.Bytes())
	default:
		rec := work()
		pass(w, rec, rec.Body.Bytes())
	}
}

func pass(w http.ResponseWriter, rec *httptest.ResponseRecorder, body []byte) {
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(body)
}
