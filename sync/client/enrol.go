package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// EnrolConfig is what a device brings to its enrolment. Make the keys and keep
// them before calling: a repeat with the same keys is answered as the first
// time, so that a lost answer costs nothing.
type EnrolConfig struct {
	Server    string
	Code      protocol.Code
	Device    ed25519.PrivateKey // signs batches and receipts
	Transport ed25519.PrivateKey // shown in TLS
	KitSecret [32]byte
	Name      string // what people call this kit
	Clock     func() time.Time
	// Dial replaces the network in tests; may be nil.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Tuning as in Config; may be zero.
	Tuning Tuning
}

// Enrolled is what a device brings home.
type Enrolled struct {
	Answer protocol.EnrolAnswer
	Bundle protocol.KeyBundle // what Answer.Bundle says, checked against the root
	Lease  protocol.Lease     // what Answer.Lease says, checked against the server key
	Root   *x509.Certificate  // what the code's pin stands for
	// Session saves the first pass a whole handshake: see Config.Session. May
	// be empty.
	Session []byte
	// Doubt is a civic.ClockDoubt problem when the device's clock differs from
	// the centre's by more than MaxClockOff, else nil.
	Doubt error
}

// Enrol makes the device a kit of the code's office. Problems: wrong_server
// (nothing was sent), code_unknown, code_expired, code_used, no_network,
// clock_doubt (the clock is too far off to tell whether the server is right).
func Enrol(ctx context.Context, c EnrolConfig) (Enrolled, error) {
	e, err := newEnrolment(c)
	if err != nil {
		return Enrolled{}, err
	}
	defer e.wire.close()
	bundle, root, err := e.bundle(ctx)
	if err != nil {
		return Enrolled{}, err
	}
	request, err := enrolRequest(c, bundle)
	if err != nil {
		return Enrolled{}, err
	}
	var answer protocol.EnrolAnswer
	if err := e.wire.call(ctx, http.MethodPost, protocol.PathEnrol, request, &answer, 0, nil); err != nil {
		return Enrolled{}, err
	}
	out := Enrolled{Answer: answer, Root: root}
	if out.Bundle, err = openBundle(answer.Bundle, root); err != nil {
		return Enrolled{}, err
	}
	if err := protocol.Open(protocol.StatementLease, answer.Lease, out.Bundle.Server, &out.Lease); err != nil {
		return Enrolled{}, err
	}
	device := civic.NewDeviceID(c.Device.Public().(ed25519.PublicKey))
	if answer.Device != device || out.Lease.Device != device {
		return Enrolled{}, civic.NewProblem(civic.WrongServer, errors.New("the answer is for another device"))
	}
	_, out.Doubt = clockDoubt(c.Clock(), answer.ServerTime)
	e.mu.Lock()
	defer e.mu.Unlock()
	out.Session = e.session
	return out, nil
}

// enrolment is one conversation before the kit is one.
type enrolment struct {
	wire    *wire
	mu      sync.Mutex
	root    *x509.Certificate // found in the handshake
	session []byte
}

func newEnrolment(c EnrolConfig) (*enrolment, error) {
	base, address, err := parseServer(c.Server)
	if err != nil {
		return nil, err
	}
	e := &enrolment{}
	config, err := protocol.EnrolTLS(c.Code.Pin, c.Transport, c.Clock, func(root *x509.Certificate) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.root = root
	})
	if err != nil {
		return nil, err
	}
	known := protocol.NewSessions(address, nil)
	known.Keep = func(session []byte) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.session = session
	}
	e.wire = newWire(&wire{address: address, base: base, dial: c.Dial, tls: config, known: known, tuning: c.Tuning.filled(), clock: c.Clock, jitter: rand.Float64})
	return e, nil
}

func (e *enrolment) bundle(ctx context.Context) (protocol.KeyBundle, *x509.Certificate, error) {
	var answer protocol.BundleAnswer
	if err := e.wire.call(ctx, http.MethodGet, protocol.PathBundle, nil, &answer, 0, nil); err != nil {
		return protocol.KeyBundle{}, nil, err
	}
	e.mu.Lock()
	root := e.root
	e.mu.Unlock()
	if root == nil || !bytes.Equal(root.Raw, answer.Root) {
		return protocol.KeyBundle{}, nil, civic.NewProblem(civic.WrongServer, errors.New("the bundle names another root than the handshake"))
	}
	b, err := openBundle(answer.Bundle, root)
	return b, root, err
}

func openBundle(statement []byte, root *x509.Certificate) (protocol.KeyBundle, error) {
	key, ok := root.PublicKey.(ed25519.PublicKey)
	if !ok {
		return protocol.KeyBundle{}, civic.NewProblem(civic.WrongServer, errors.New("the root's key is of another kind"))
	}
	var b protocol.KeyBundle
	err := protocol.Open(protocol.StatementBundle, statement, key, &b)
	return b, err
}

func enrolRequest(c EnrolConfig, b protocol.KeyBundle) (*protocol.EnrolRequest, error) {
	recipients, err := age.ParseRecipients(strings.NewReader(strings.Join(b.Recipients, "\n")))
	if err != nil {
		return nil, civic.NewProblem(civic.WrongServer, err)
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipients...)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(w, bytes.NewReader(c.KitSecret[:])); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	r := &protocol.EnrolRequest{
		Secret:    c.Code.Secret[:],
		Device:    c.Device.Public().(ed25519.PublicKey),
		Transport: c.Transport.Public().(ed25519.PublicKey),
		KitSecret: sealed.Bytes(),
		Name:      c.Name,
	}
	return r, r.Prove(c.Device)
}

// clockDoubt compares the kit's clock with the centre's.
func clockDoubt(kit time.Time, server int64) (off time.Duration, doubt error) {
	off = kit.Sub(time.Unix(server, 0)).Truncate(time.Second)
	if off.Abs() > MaxClockOff {
		doubt = civic.NewProblem(civic.ClockDoubt, nil, protocol.Span(off))
	}
	return off, doubt
}
