package ingest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/upload"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Settler decides what becomes of registrations, in the caller's transaction.
type Settler interface {
	Settle(ctx context.Context, tx ledger.Tx, area civic.Area, regs []reconcile.Incoming) ([]civic.Outcome, error)
}

// Forms finds the versions of forms registrations were made with.
type Forms interface {
	Form(civic.FormRef) (*form.Form, bool)
}

// Config is what an Ingest takes from its surroundings.
type Config struct {
	DB      ledger.DB
	Access  *access.Access
	Forms   Forms
	Settler Settler
	// Ahead asks others about registrations before they are settled, outside of
	// any transaction; a refusal of it makes the file wait. It may be nil.
	Ahead func(ctx context.Context, regs []reconcile.Incoming) error
	// District gives kits the people of their district; nil where there is none.
	District District
	// Witness answers a kit that tells which head of the log of looks it holds;
	// nil where there is no log.
	Witness func(ctx context.Context, area civic.Area, device civic.DeviceID, seen protocol.LogSeen) (*protocol.LogNews, error)
	// Dir is the folder for uploads under way and for attachments.
	Dir    string
	Clock  func() time.Time
	Rand   io.Reader
	Logger *slog.Logger
	// Meter keeps what a kit says its interviews came to; nil for nobody.
	Meter func(ctx context.Context, d access.Device, meters []protocol.Meter) error
	// Identify tells which transport key a request was sent with; when nil it is
	// read from the connection's TLS.
	Identify func(*http.Request) (ed25519.PublicKey, bool)
	// Idle is how long an upload may be silent before its connection is given
	// up; two minutes when zero.
	Idle time.Duration
}

// Ingest takes in files and answers kits. It is for any number of goroutines.
type Ingest struct {
	Config
	uploads *upload.Handler
	keys    keyCache

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something was decided
	wake    chan struct{} // tells the worker of something to do
	tries   map[civic.Digest]try
}

// New makes the folders and an Ingest over them.
func New(c Config) (*Ingest, error) {
	if c.Identify == nil {
		c.Identify = func(r *http.Request) (ed25519.PublicKey, bool) { return protocol.TransportKey(r.TLS) }
	}
	g := &Ingest{Config: c, changed: make(chan struct{}), wake: make(chan struct{}, 1), tries: map[civic.Digest]try{}}
	g.keys.keys = map[keyRef]cachedKey{}
	for _, dir := range []string{g.uploadDir(), g.fileDir()} {
		if err := durable.MakeDir(dir); err != nil {
			return nil, civic.NewProblem(civic.FileUnreadable, err, filepath.Base(dir))
		}
	}
	g.uploads = upload.New(upload.Config{Keeper: keeper{g}, Dir: g.uploadDir(), Clock: c.Clock, Logger: c.Logger, Idle: c.Idle})
	return g, nil
}

// Uploads answers tus 1.0 under protocol.PathUploads.
func (g *Ingest) Uploads(w http.ResponseWriter, r *http.Request) { g.uploads.ServeHTTP(w, r) }

// Sweep removes uploads that nobody went on with for two weeks; the kit still
// holds the file and begins again.
func (g *Ingest) Sweep() error { return g.uploads.Sweep() }

func (g *Ingest) uploadDir() string { return filepath.Join(g.Dir, "uploads") }
func (g *Ingest) fileDir() string   { return filepath.Join(g.Dir, "files") }

// announce lets waiting calls look again.
func (g *Ingest) announce() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *Ingest) change() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// stir tells the worker that something waits.
func (g *Ingest) stir() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// caller finds the kit behind a request.
func (g *Ingest) caller(r *http.Request) (d access.Device, err error) {
	key, ok := g.Identify(r)
	if !ok {
		return d, civic.NewProblem(civic.DeviceUnknown, errors.New("no client certificate"))
	}
	err = g.DB.View(r.Context(), func(tx ledger.Tx) (err error) {
		d, err = g.Access.ByTransport(r.Context(), tx, key)
		return err
	})
	return d, err
}

// refuse answers with a problem; what is not the asker's fault is logged.
func (g *Ingest) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var p *civic.Problem
	if !errors.As(err, &p) || p.HTTPStatus() >= 500 {
		g.Logger.Error("request failed", "method", r.Method, "error", err)
	}
	protocol.WriteProblem(w, err)
}
