package access

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Certificates are dated back and renewed early, because kits in the field
// have clocks that are far off and must still reach the centre that sets them
// right.
const (
	leafBackdate = 10 * 365 * 24 * time.Hour
	leafLife     = 120 * 24 * time.Hour
	leafRenew    = 60 * 24 * time.Hour
)

func serialNumber(rand io.Reader) (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, err
	}
	b[0] = b[0]&0x7f | 0x40 // positive, and always as long
	return new(big.Int).SetBytes(b), nil
}

// renewAgain is how long a certificate that still holds goes on when a new one
// could not be had.
const renewAgain = 10 * time.Minute

// Certificate gives the server's certificate to each connection and renews it
// when its time or the host names ask for it.
type Certificate struct {
	access *Access
	keys   *Keys
	hosts  []string

	mu    sync.Mutex
	cert  *tls.Certificate
	again time.Time // no earlier than this is a renewal tried again
}

// Certificate makes or reads the server's certificate for the given host names
// and addresses; protocol.ServerName and the local ones are always among them.
func (a *Access) Certificate(ctx context.Context, hosts []string) (*Certificate, error) {
	all := append([]string{protocol.ServerName, "localhost", "127.0.0.1", "::1"}, hosts...)
	slices.Sort(all)
	c := &Certificate{access: a, keys: a.keys, hosts: slices.Compact(all)}
	if b, err := os.ReadFile(filepath.Join(a.keys.dir, fileTLS)); err == nil {
		if cert, err := tls.X509KeyPair(b, b); err == nil {
			c.cert = &cert
		}
	}
	_, err := c.get(ctx)
	return c, err
}

// Get is for tls.Config.GetCertificate.
func (c *Certificate) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello == nil || hello.Context() == nil { // not of a connection
		return c.get(context.Background())
	}
	return c.get(hello.Context())
}

func (c *Certificate) get(ctx context.Context) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.access.o.Clock()
	if c.cert != nil && c.usable(c.cert.Leaf, now.Add(leafRenew)) || now.Before(c.again) {
		return c.cert, nil
	}
	cert, err := c.renew(ctx)
	if err != nil && c.cert != nil && c.usable(c.cert.Leaf, now) {
		c.again = now.Add(renewAgain)
		return c.cert, nil
	}
	if err != nil {
		return nil, err
	}
	c.cert = cert
	return cert, nil
}

// usable tells whether a certificate holds at a time, for every name.
func (c *Certificate) usable(leaf *x509.Certificate, at time.Time) bool {
	if leaf == nil || at.After(leaf.NotAfter) || leaf.CheckSignatureFrom(c.keys.Root) != nil {
		return false
	}
	for _, host := range c.hosts {
		if leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}

func (c *Certificate) renew(ctx context.Context) (*tls.Certificate, error) {
	// P-256, because browsers that open the console do not take Ed25519.
	key, err := ecdsa.GenerateKey(elliptic.P256(), c.access.o.Rand)
	if err != nil {
		return nil, err
	}
	der, err := c.access.certify(ctx, key.Public(), c.hosts)
	if err != nil {
		return nil, err
	}
	text := bytes.Join([][]byte{pemOf("CERTIFICATE", der), pemOf("CERTIFICATE", c.keys.Root.Raw), pkcs8(key)}, nil)
	if err := durable.WriteFile(filepath.Join(c.keys.dir, fileTLS), text); err != nil {
		return nil, civic.NewProblem(civic.KeyUnreadable, err, fileTLS)
	}
	cert, err := tls.X509KeyPair(text, text)
	return &cert, err
}

// Tickets gives a server's configuration keys for its TLS sessions that outlive
// the program, so that a kit on a slow link need not begin anew after a restart.
// The secret they come from is made when it is missing.
func (a *Access) Tickets(config *tls.Config) (*protocol.Tickets, error) {
	path := filepath.Join(a.keys.dir, fileTickets)
	secret, err := os.ReadFile(path)
	if err != nil || len(secret) != 32 {
		secret = make([]byte, 32)
		if _, err := io.ReadFull(a.o.Rand, secret); err != nil {
			return nil, err
		}
		if err := durable.WriteFile(path, secret); err != nil {
			return nil, civic.NewProblem(civic.KeyUnreadable, err, fileTickets)
		}
	}
	return protocol.NewTickets(config, secret, a.o.Clock), nil
}

// certify signs a server's certificate for a key and names.
func (k *Keys) certify(key any, hosts []string, now time.Time, rand io.Reader) ([]byte, error) {
	serial, err := serialNumber(rand)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: protocol.ServerName},
		NotBefore:    now.Add(-leafBackdate),
		NotAfter:     now.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	return x509.CreateCertificate(rand, leaf, k.Root, key, crypto.Signer(k.rootKey))
}

// HubCertificate signs a hub's certificate: kits that trust the root speak to
// the hub as to the centre. It can store and forward what they send, and sign
// and open nothing.
func (a *Access) HubCertificate(ctx context.Context, d Device, r protocol.HubRequest) (protocol.HubAnswer, error) {
	if !d.Hub || d.IsRevoked() {
		return protocol.HubAnswer{}, civic.NewProblem(civic.NotHub, nil)
	}
	key, err := x509.ParsePKIXPublicKey(r.TLS)
	if err != nil || len(r.Hosts) > protocol.MaxHosts {
		return protocol.HubAnswer{}, civic.NewProblem(civic.RequestMalformed, err)
	}
	der, err := a.certify(ctx, key, append([]string{protocol.ServerName}, r.Hosts...))
	return protocol.HubAnswer{Chain: [][]byte{der, a.keys.Root.Raw}}, err
}
