// Package smallcentre is a centre small enough for tests of one command: it
// enrols kits and signs what a kit needs to work, and knows nothing else. The
// journeys use the real one.
package smallcentre

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Area is the office every kit belongs to.
const Area civic.Area = "mx-20-067"

// Centre answers until it is closed.
type Centre struct {
	URL string

	clock  func() time.Time
	server *http.Server

	root      *x509.Certificate
	rootKey   ed25519.PrivateKey
	serverKey ed25519.PrivateKey
	recipient string
	recovery  string

	mu      sync.Mutex
	kits    []protocol.KitKey
	used    map[string]civic.DeviceID
	serial  uint64
	leaseOf time.Duration
	problem civic.Code // every enrolment is refused with it, when not empty
}

// Start serves on a loopback port.
func Start(clock func() time.Time) (*Centre, error) {
	c := &Centre{clock: clock, used: map[string]civic.DeviceID{}, leaseOf: 30 * 24 * time.Hour}
	var err error
	if _, c.rootKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	if _, c.serverKey, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, err
	}
	for _, into := range []*string{&c.recipient, &c.recovery} {
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, err
		}
		*into = id.Recipient().String()
	}
	now := clock()
	if c.root, err = protocol.NewRoot(c.rootKey, "A small registry", now); err != nil {
		return nil, err
	}
	cert, err := protocol.NewServerCertificate(c.root, c.rootKey, c.serverKey, now, now.Add(24*time.Hour))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+protocol.PathBundle, c.bundle)
	mux.HandleFunc("POST "+protocol.PathEnrol, c.enrol)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		protocol.WriteProblem(w, civic.NewProblem(civic.ServerBusy, nil))
	})
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	c.URL = "https://" + listener.Addr().String()
	go func() { _ = c.server.Serve(tls.NewListener(listener, protocol.ServerTLS(cert))) }()
	return c, nil
}

// Close stops answering.
func (c *Centre) Close() error { return c.server.Close() }

// Refuse makes every enrolment fail with a code; empty lets them in again.
func (c *Centre) Refuse(code civic.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problem = code
}

// Lease sets how long new kits may start interviews.
func (c *Centre) Lease(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaseOf = d
}

// Code makes an enrolment code.
func (c *Centre) Code() (string, error) {
	var secret [protocol.SecretSize]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	return protocol.NewCode(secret, protocol.RootPin(c.root.RawSubjectPublicKeyInfo)).String(), nil
}

func (c *Centre) keyBundle() ([]byte, error) {
	now := c.clock()
	public, _ := c.serverKey.Public().(ed25519.PublicKey)
	c.serial++
	return protocol.Sign(protocol.StatementBundle, protocol.KeyBundle{
		Registry: "A small registry", Issued: now.Unix(), Expires: now.Add(365 * 24 * time.Hour).Unix(), Serial: c.serial,
		Recipients: []string{c.recipient}, Recovery: c.recovery, Server: public, Kits: c.kits,
	}, c.rootKey)
}

func (c *Centre) bundle(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.keyBundle()
	answer(w, protocol.BundleAnswer{Root: c.root.Raw, Bundle: b, ServerTime: c.clock().Unix()}, err)
}

func (c *Centre) enrol(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, protocol.MaxMessage))
	if err != nil {
		return // the asker is gone
	}
	var q protocol.EnrolRequest
	if err := protocol.Unmarshal(body, &q); err != nil {
		answer(w, nil, err)
		return
	}
	a, err := c.take(q)
	answer(w, a, err)
}

func (c *Centre) take(q protocol.EnrolRequest) (protocol.EnrolAnswer, error) {
	if err := q.Check(); err != nil {
		return protocol.EnrolAnswer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.problem != "" {
		return protocol.EnrolAnswer{}, civic.NewProblem(c.problem, nil)
	}
	device := civic.NewDeviceID(q.Device)
	by, repeat := c.used[string(q.Secret)]
	if repeat && by != device {
		return protocol.EnrolAnswer{}, civic.NewProblem(civic.CodeUsed, nil)
	}
	if !repeat {
		c.used[string(q.Secret)] = device
		c.kits = append(c.kits, protocol.KitKey{Device: device, Public: q.Device, Office: Area})
	}
	bundle, err := c.keyBundle()
	if err != nil {
		return protocol.EnrolAnswer{}, err
	}
	now := c.clock()
	lease, err := protocol.Sign(protocol.StatementLease, protocol.Lease{Device: device, Issued: now.Unix(), Expires: now.Add(c.leaseOf).Unix()}, c.serverKey)
	return protocol.EnrolAnswer{Device: device, Area: Area, Lease: lease, Bundle: bundle, ServerTime: now.Unix()}, err
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		protocol.WriteProblem(w, err)
		return
	}
	b, err := protocol.Marshal(v)
	if err != nil {
		protocol.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", protocol.MediaCBOR)
	_, _ = w.Write(b) // the asker may be gone; nothing depends on it
}
