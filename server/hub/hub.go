package hub

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/upload"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Config is what a hub takes from its surroundings.
type Config struct {
	Dir    string
	Server string   // the centre's URL; the one it enrolled at when empty
	Hosts  []string // further names in its certificate
	Clock  func() time.Time
	Rand   io.Reader
	Logger *slog.Logger
	// Every is how often it forwards within its hours; five minutes when zero.
	Every time.Duration
	Hours Hours
	Dial  func(ctx context.Context, address string) (net.Conn, error) // nil for the network
}

// Hours are the hours of a day in which a hub forwards, by the machine's clock;
// the zero Hours are all day. They may go over midnight.
type Hours struct{ From, To time.Duration }

// Open tells whether a moment lies within the hours.
func (h Hours) Open(t time.Time) bool {
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	switch {
	case h.From == h.To:
		return true
	case h.From < h.To:
		return h.From <= at && at < h.To
	}
	return at >= h.From || at < h.To
}

// renewBefore is how long before its end a certificate is renewed.
const renewBefore = 45 * 24 * time.Hour

// Hub is an enrolled hub.
type Hub struct {
	Config
	about     about
	root      *x509.Certificate
	transport ed25519.PrivateKey
	tlsKey    *ecdsa.PrivateKey
	uploads   *upload.Handler
	client    *client.Client

	mu     sync.Mutex
	cert   *tls.Certificate
	bundle protocol.BundleAnswer
	serial uint64
	files  map[civic.Digest]*held
	keys   map[protocol.KeyID]bool
	ahead  time.Duration // how far the centre's clock is before the hub's

	nudge chan struct{}
}

// Open opens a folder that Enrol made; civic.NotEnrolled when it is none.
func Open(c Config) (*Hub, error) {
	if c.Every == 0 {
		c.Every = 5 * time.Minute
	}
	h := &Hub{Config: c, files: map[civic.Digest]*held{}, keys: map[protocol.KeyID]bool{}, nudge: make(chan struct{}, 1)}
	found, err := recall(h.path(fileHub), &h.about)
	if err == nil && !found {
		err = civic.NewProblem(civic.NotEnrolled, nil)
	}
	if err != nil {
		return nil, err
	}
	if h.Server == "" {
		h.Server = h.about.Server
	}
	if h.root, err = x509.ParseCertificate(h.about.Root); err != nil {
		return nil, civic.NewProblem(civic.KeyUnreadable, err, fileHub)
	}
	if h.transport, err = ownKey(h.path(fileTransport), c.Rand); err != nil {
		return nil, err
	}
	if h.tlsKey, err = ownTLS(h.path(fileTLS), c.Rand); err != nil {
		return nil, err
	}
	for _, dir := range []string{dirUploads, dirFiles, dirAsk, dirAnswer} {
		if err := os.MkdirAll(h.path(dir), 0o700); err != nil {
			return nil, civic.NewProblem(civic.FileUnreadable, err, dir)
		}
	}
	if err := h.reload(); err != nil {
		return nil, err
	}
	h.uploads = upload.New(upload.Config{Keeper: keeper{h}, Dir: h.path(dirUploads), Clock: c.Clock, Logger: c.Logger})
	h.client, err = client.New(client.Config{
		Server: h.Server, Root: h.root, Transport: h.transport, ServerKey: func() ed25519.PublicKey { return h.about.Key },
		Local: local{h}, Clock: c.Clock, Dial: c.Dial, Logger: c.Logger,
	})
	return h, err
}

// Here tells whether a folder is one that Enrol made.
func Here(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileHub))
	return err == nil
}

func (h *Hub) path(parts ...string) string {
	return filepath.Join(append([]string{h.Dir}, parts...)...)
}

// reload reads what the folder holds.
func (h *Hub) reload() error {
	if _, err := recall(h.path(fileBundle), &h.bundle); err != nil {
		return err
	}
	var b protocol.KeyBundle
	if protocol.Open(protocol.StatementBundle, h.bundle.Bundle, rootKey(h.root), &b) == nil {
		h.serial = b.Serial
	}
	var chain protocol.HubAnswer
	if _, err := recall(h.path(fileChain), &chain); err != nil {
		return err
	}
	h.cert, _ = h.certificate(chain)
	return h.readFiles()
}

func rootKey(root *x509.Certificate) ed25519.PublicKey {
	key, _ := root.PublicKey.(ed25519.PublicKey)
	return key
}

// derive makes 32 bytes from the transport key's seed for one purpose.
func derive(transport ed25519.PrivateKey, purpose string) []byte {
	b, err := hkdf.Key(sha256.New, transport.Seed(), nil, "askonce/hub/"+purpose, ed25519.SeedSize)
	if err != nil { // only for absurd lengths
		panic("hub: " + err.Error())
	}
	return b
}

// getCertificate is for tls.Config.GetCertificate.
func (h *Hub) getCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cert == nil {
		return nil, errors.New("the centre has not certified this hub yet")
	}
	return h.cert, nil
}

// serverTime is the centre's clock, as well as the hub knows it.
func (h *Hub) serverTime() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.Clock().Add(h.ahead)
}

// stir lets the forwarder look at once.
func (h *Hub) stir() {
	select {
	case h.nudge <- struct{}{}:
	default:
	}
}
