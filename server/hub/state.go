package hub

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Names in a hub's folder.
const (
	fileTransport = "transport.key"
	fileTLS       = "tls.key"
	fileHub       = "hub.cbor"    // about, written last at enrolment
	fileBundle    = "bundle.cbor" // protocol.BundleAnswer
	fileChain     = "chain.cbor"  // protocol.HubAnswer
	fileAcks      = "acks.cbor"   // []protocol.BatchAck
	dirUploads    = "uploads"
	dirFiles      = "files"
	dirAsk        = "ask"
	dirAnswer     = "answer"
)

// about is what a hub knows of itself.
type about struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Area   civic.Area     `cbor:"2,keyasint"`
	Server string         `cbor:"3,keyasint"`
	Root   []byte         `cbor:"4,keyasint"` // certificate, DER
	Key    []byte         `cbor:"5,keyasint"` // the centre's statement key
}

// Enrolment is what a machine brings to become a hub.
type Enrolment struct {
	Dir    string
	Server string
	Code   protocol.Code
	Name   string
	Clock  func() time.Time
	Rand   io.Reader
	Dial   func(ctx context.Context, address string) (net.Conn, error) // nil for the network
}

// Enrol makes a folder a hub of the code's office. The keys are kept before
// they are sent, so that a lost answer costs nothing: enrol again.
func Enrol(ctx context.Context, e Enrolment) (civic.DeviceID, civic.Area, error) {
	if _, err := os.Stat(filepath.Join(e.Dir, fileHub)); err == nil {
		return civic.DeviceID{}, "", civic.NewProblem(civic.AlreadyEnrolled, nil)
	}
	if err := os.MkdirAll(e.Dir, 0o700); err != nil {
		return civic.DeviceID{}, "", civic.NewProblem(civic.FileUnreadable, err, e.Dir)
	}
	transport, err := ownKey(filepath.Join(e.Dir, fileTransport), e.Rand)
	if err != nil {
		return civic.DeviceID{}, "", err
	}
	// A hub seals nothing: its device key only names it, and its secret is used
	// for nothing.
	device := ed25519.NewKeyFromSeed(derive(transport, "device"))
	got, err := client.Enrol(ctx, client.EnrolConfig{
		Server: e.Server, Code: e.Code, Device: device, Transport: transport, KitSecret: [32]byte(derive(transport, "secret")),
		Name: e.Name, Clock: e.Clock, Dial: e.Dial,
	})
	if err != nil {
		return civic.DeviceID{}, "", err
	}
	me := about{Device: got.Answer.Device, Area: got.Answer.Area, Server: e.Server, Root: got.Root.Raw, Key: got.Bundle.Server}
	b := protocol.BundleAnswer{Root: got.Root.Raw, Bundle: got.Answer.Bundle}
	if err := errors.Join(keep(filepath.Join(e.Dir, fileBundle), b), keep(filepath.Join(e.Dir, fileHub), me)); err != nil {
		return civic.DeviceID{}, "", err
	}
	return me.Device, me.Area, nil
}

// ownKey reads an Ed25519 key, or makes it.
func ownKey(path string, rand io.Reader) (ed25519.PrivateKey, error) {
	if key, err := readKey(path); err == nil {
		if ed, ok := key.(ed25519.PrivateKey); ok {
			return ed, nil
		}
	}
	_, key, err := ed25519.GenerateKey(rand)
	if err != nil {
		return nil, err
	}
	return key, writeKey(path, key)
}

// ownTLS reads the key of the hub's certificate, or makes it.
func ownTLS(path string, rand io.Reader) (*ecdsa.PrivateKey, error) {
	if key, err := readKey(path); err == nil {
		if ec, ok := key.(*ecdsa.PrivateKey); ok {
			return ec, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand)
	if err != nil {
		return nil, err
	}
	return key, writeKey(path, key)
}

func readKey(path string) (any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return x509.ParsePKCS8PrivateKey(block.Bytes)
}

func writeKey(path string, key any) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// keep writes a message to a file, whole or not at all.
func keep(path string, v any) error {
	b, err := protocol.Marshal(v)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, b)
}

// recall reads a message from a file; false when there is none that can be read.
func recall(path string, into any) (bool, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return protocol.Unmarshal(b, into) == nil, nil
}

// certificate joins the chain from the centre with the hub's key; false when
// there is none, or it is for another key or about to end.
func (h *Hub) certificate(chain protocol.HubAnswer) (*tls.Certificate, bool) {
	if len(chain.Chain) == 0 {
		return nil, false
	}
	leaf, err := x509.ParseCertificate(chain.Chain[0])
	if err != nil || leaf.CheckSignatureFrom(h.root) != nil || h.Clock().Add(renewBefore).After(leaf.NotAfter) {
		return nil, false
	}
	mine, err := x509.MarshalPKIXPublicKey(h.tlsKey.Public())
	if err != nil || !bytes.Equal(mine, leaf.RawSubjectPublicKeyInfo) {
		return nil, false
	}
	return &tls.Certificate{Certificate: chain.Chain, PrivateKey: h.tlsKey, Leaf: leaf}, true
}
