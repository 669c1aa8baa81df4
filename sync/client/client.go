package client

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Config is what a client is made of. Only the fields marked so may be zero.
type Config struct {
	Server    string            // https://host:port, or host:port alone
	Root      *x509.Certificate // the registry's root, pinned at enrolment
	Transport ed25519.PrivateKey
	// ServerKey is the key that signs acknowledgements and leases, from the
	// bundle the kit holds; it is asked at each pass.
	ServerKey func() ed25519.PublicKey
	Local     Local
	// Witness compares heads of the centre's log of looks. May be nil.
	Witness Witness
	Clock   func() time.Time

	// LastServerTime is the latest time known from the centre; a clock behind
	// it is not believed when certificates are checked. May be nil.
	LastServerTime func() time.Time
	// Dial replaces the network in tests and behind carriers. May be nil.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Session is what KeepSession was told last, also by Enrolled: the next
	// handshake resumes it. Keep it where the transport key lies. Both may be nil.
	Session     []byte
	KeepSession func(session []byte)
	// Jitter gives numbers in [0,1) that spread out retries. May be nil.
	Jitter func() float64
	Logger *slog.Logger // may be nil
	// Tuning changes how patient the client is; zero fields take DefaultTuning.
	Tuning Tuning
}

// Tuning is the one setting for all links; it adapts by itself.
type Tuning struct {
	// Chunk is the most one request uploads, bytes. It shrinks by itself where
	// only whole requests get through, and grows again.
	Chunk int64
	// Stall cuts a connection on which nothing moved for so long.
	Stall time.Duration
	// Answer is how long an answer may take, beyond what was asked to wait.
	Answer time.Duration
	// RetryMin and RetryMax bound the pause before another try.
	RetryMin, RetryMax time.Duration
	// Patience is how often in a row a try may fail with nothing gained before
	// the pass gives up with civic.NoNetwork.
	Patience int
	// SendBuffer is where the socket's send buffer starts, bytes: what a cut
	// destroys is what waits there. It grows with the measured rate.
	SendBuffer int
}

// DefaultTuning is what zero fields of Tuning become.
func DefaultTuning() Tuning {
	return Tuning{
		Chunk: 1 << 20,
		// Linux takes more than its send buffer at first, 46 kB were seen: at
		// 20 kbit/s a write then waits some twenty seconds though all is well.
		Stall:      45 * time.Second,
		Answer:     45 * time.Second,
		RetryMin:   200 * time.Millisecond,
		RetryMax:   20 * time.Second,
		Patience:   6,
		SendBuffer: 16 << 10,
	}
}

// Options say how far a pass goes.
type Options struct {
	// Wait is how long to stay for outcomes after everything went up.
	Wait time.Duration
	// Progress is told how far the pass is, a few times a second at most, by
	// the goroutine that works. May be nil.
	Progress func(Progress)
	// PackLimit is how many bytes of the district pack the pass may bring: 0 for
	// no limit, less for none. Registrations and outcomes are never held back.
	PackLimit int64
}

// Progress is how far a pass is.
type Progress struct {
	Step     Step
	Files    int           // files to send in this pass
	FilesUp  int           // of those, arrived
	Size     int64         // bytes of those files
	Up       int64         // of those, arrived or on their way
	Received int           // messages taken in
	Pack     int64         // bytes of the district pack that came in this pass
	PackSize int64         // those and what is still to come; 0 while none is fetched
	Rate     float64       // bytes a second of late, 0 if not known yet
	Left     time.Duration // what is left of the step at that rate, 0 if not known
}

// Step is what a pass is doing.
type Step uint8

// The steps of a pass.
const (
	Connecting Step = iota
	Sending
	Asking
	Waiting
	Retrying
	Fetching // the district pack
)

// Result is what one pass did. It is filled in as far as the pass came, also
// when Pass returns an error.
type Result struct {
	Sent      int   // files that arrived whole in this pass
	Received  int   // messages taken in
	Attempts  int   // HTTP requests begun
	BytesUp   int64 // HTTP headers and bodies; TLS not counted
	BytesDown int64
	Pending   int // registrations of this kit the centre has not decided

	ServerTime time.Time     // the centre's clock at its last answer, zero if none
	ClockOff   time.Duration // the kit's clock minus the centre's, at that moment
	// Doubt is a civic.ClockDoubt problem when ClockOff is more than
	// MaxClockOff, else nil. The pass went on nevertheless.
	Doubt error
}

// MaxClockOff is how much a kit's clock may differ before it is called in doubt.
const MaxClockOff = 10 * time.Minute

// Client is a kit's side of the wire. One pass runs at a time; it is not safe
// for concurrent use.
type Client struct {
	config  Config
	address string // host:port
	base    string // https://host:port
	tls     *tls.Config
	known   *protocol.Sessions
}

// New checks a configuration and makes a client; it opens no connection.
func New(c Config) (*Client, error) {
	if c.Local == nil || c.ServerKey == nil || c.Clock == nil || c.Root == nil {
		return nil, errors.New("the client needs Local, ServerKey, Clock and Root")
	}
	base, address, err := parseServer(c.Server)
	if err != nil {
		return nil, err
	}
	now := c.Clock
	if last := c.LastServerTime; last != nil {
		now = func() time.Time {
			if t := last(); t.After(c.Clock()) {
				return t
			}
			return c.Clock()
		}
	}
	config, err := protocol.ClientTLS(c.Root, c.Transport, now)
	if err != nil {
		return nil, err
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	c.Tuning = c.Tuning.filled()
	known := protocol.NewSessions(address, c.Session)
	known.Keep = c.KeepSession
	return &Client{config: c, base: base, address: address, tls: config, known: known}, nil
}

// filled puts the default in every field that is zero.
func (t Tuning) filled() Tuning {
	d := DefaultTuning()
	return Tuning{
		Chunk:      cmp.Or(t.Chunk, d.Chunk),
		Stall:      cmp.Or(t.Stall, d.Stall),
		Answer:     cmp.Or(t.Answer, d.Answer),
		RetryMin:   cmp.Or(t.RetryMin, d.RetryMin),
		RetryMax:   cmp.Or(t.RetryMax, d.RetryMax),
		Patience:   cmp.Or(t.Patience, d.Patience),
		SendBuffer: cmp.Or(t.SendBuffer, d.SendBuffer),
	}
}

// parseServer takes a server's address as people write it.
func parseServer(s string) (base, address string, err error) {
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || (u.Path != "" && u.Path != "/") || u.RawQuery != "" {
		return "", "", civic.NewProblem(civic.WrongUse, nil, "A server is written as https://host:port.")
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	address = net.JoinHostPort(u.Hostname(), port)
	return "https://" + address, address, nil
}
