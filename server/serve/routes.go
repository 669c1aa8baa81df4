package serve

import (
	"crypto/ed25519"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// How often one address may try what could be guessed.
const (
	enrolEvery = 6 * time.Second
	enrolBurst = 20
	loginEvery = 3 * time.Second
	loginBurst = 20
)

// maxEnrol bounds an enrolment request's body, in bytes.
const maxEnrol = protocol.MaxSealedSecret + 4<<10

// routes joins the calls of this process's part: those of kits, those of the
// console and of agencies, or both.
func (c *Centre) routes(console http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+protocol.PathHealth, c.health)
	mux.HandleFunc("GET "+protocol.PathBundle, c.bundle)
	mux.HandleFunc("POST "+protocol.PathPerson, c.question(protocol.PathPerson, c.Person))
	mux.HandleFunc("POST "+protocol.PathLooks, c.question(protocol.PathLooks, c.Looks))
	if !c.Opener {
		c.kitRoutes(mux)
		protocol.RefuseOtherVersions(mux)
	}
	if c.Access.Keys().Opens() {
		people := http.NewServeMux()
		c.openerRoutes(people, console)
		mux.Handle("/", patient(bodyStall, bodyTime, people))
	}
	return mux
}

// kitRoutes are what kits and hubs call. An intake serves them without a key
// that opens anything.
func (c *Centre) kitRoutes(mux *http.ServeMux) {
	enrol := newLimiter(enrolEvery, enrolBurst, c.Clock)
	mux.HandleFunc("POST "+protocol.PathEnrol, func(w http.ResponseWriter, r *http.Request) {
		// Only refusals count: fifty kits of one office enrol from one address.
		if wait := enrol.wait(address(r)); wait > 0 {
			protocol.WriteProblem(w, civic.NewProblem(civic.TooManyTries, nil, protocol.Span(wait)))
			return
		}
		if !c.enrol(w, r) {
			enrol.count(address(r))
		}
	})
	mux.HandleFunc("POST "+protocol.PathSync, c.Ingest.Sync)
	mux.HandleFunc("POST "+protocol.PathRelay, c.Ingest.Relay)
	mux.HandleFunc("POST "+protocol.PathCarried, c.Ingest.Carried)
	mux.HandleFunc("POST "+protocol.PathHub, c.Ingest.Hub)
	mux.HandleFunc(protocol.PathUploads, c.Ingest.Uploads)
	mux.HandleFunc(protocol.PathUploads+"/", c.Ingest.Uploads)
}

// openerRoutes are what people and agencies call: whoever answers here may
// have to open something.
func (c *Centre) openerRoutes(mux *http.ServeMux, console http.Handler) {
	c.agencyRoutes(mux)
	mux.Handle("GET "+translog.PathLog, c.Log.PublicHandler())
	mux.HandleFunc("/console/", c.limited("/sign-in", console.ServeHTTP))
	mux.HandleFunc("/citizen/", c.limited("/enter", func(w http.ResponseWriter, r *http.Request) { c.people.ServeHTTP(w, r) }))
	mux.Handle("GET /{$}", http.RedirectHandler("/console/", http.StatusSeeOther))
}

// limited bounds how often an address may post to the page that ends so: there
// a password or a code can be guessed.
func (c *Centre) limited(end string, next http.HandlerFunc) http.HandlerFunc {
	tries := newLimiter(loginEvery, loginBurst, c.Clock)
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end) {
			if wait := tries.wait(address(r)); wait > 0 {
				w.Header().Set("Retry-After", "30")
				http.Error(w, civic.NewProblem(civic.TooManyTries, nil, protocol.Span(wait)).Error(), http.StatusTooManyRequests)
				return
			}
			tries.count(address(r))
		}
		next(w, r)
	}
}

func (c *Centre) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok")
}

func (c *Centre) bundle(w http.ResponseWriter, r *http.Request) {
	statement, _, err := c.Access.Bundle(r.Context())
	if err != nil {
		c.refuse(w, err)
		return
	}
	c.answer(w, protocol.BundleAnswer{Root: c.Access.Keys().Root.Raw, Bundle: statement, ServerTime: c.Clock().Unix()})
}

// enrol answers an enrolment, and tells whether it was granted.
func (c *Centre) enrol(w http.ResponseWriter, r *http.Request) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEnrol))
	var ask protocol.EnrolRequest
	if err != nil {
		err = civic.NewProblem(civic.RequestMalformed, err)
	} else {
		err = protocol.Unmarshal(body, &ask)
	}
	if err != nil {
		c.refuse(w, err)
		return false
	}
	identify := c.Identify
	if identify == nil {
		identify = func(r *http.Request) (ed25519.PublicKey, bool) { return protocol.TransportKey(r.TLS) }
	}
	shown, _ := identify(r)
	words, err := c.Access.Enrol(r.Context(), ask, shown)
	if err != nil {
		c.refuse(w, err)
		return false
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(words) // a kit that is gone asks again
	return true
}

func (c *Centre) answer(w http.ResponseWriter, v any) {
	words, err := protocol.Marshal(v)
	if err != nil {
		c.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(words)
}

// refuse answers with a problem; what is not the asker's fault is logged.
func (c *Centre) refuse(w http.ResponseWriter, err error) {
	if p := civic.CodeOf(err); p == "" || civic.NewProblem(p, nil).HTTPStatus() >= 500 {
		c.Logger.Error("request failed", "error", err)
	}
	protocol.WriteProblem(w, err)
}

// address is who asks, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
