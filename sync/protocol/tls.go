package protocol

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// ServerName is the name in every server certificate, whatever the address: a
// kit trusts the registry's root, not the world's name system.
const ServerName = "registry.askonce.internal"

// nextProtos: HTTP/1.1 only. A request that outlives the link must go on at
// its offset, and HTTP/2 frames reach the other end only whole.
var nextProtos = []string{"http/1.1"}

// backdated lets kits whose clock runs behind accept a new certificate.
const backdated = 10 * 365 * 24 * time.Hour

// NewRoot makes the registry's root certificate, self-signed by its key. The
// certificate lives long: kits are pinned to its key.
func NewRoot(key ed25519.PrivateKey, registry string, now time.Time) (*x509.Certificate, error) {
	t := template(registry, now, now.Add(50*365*24*time.Hour))
	t.IsCA = true
	t.BasicConstraintsValid = true
	t.MaxPathLenZero = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// NewServerCertificate makes a certificate for a server's TLS key under the
// root, valid until the given time, with the chain a kit needs to see.
func NewServerCertificate(root *x509.Certificate, rootKey ed25519.PrivateKey, server crypto.Signer, now, until time.Time) (tls.Certificate, error) {
	t := template(ServerName, now, until)
	t.DNSNames = []string{ServerName}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, t, root, server.Public(), rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der, root.Raw}, PrivateKey: server}, nil
}

func template(name string, now, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-backdated),
		NotAfter:     until,
	}
}

// ServerTLS is the centre's configuration: TLS 1.3 and HTTP/1.1 only, and every
// client asked for a certificate. No authority signs those: [TransportKey]
// reads the key whose possession the handshake proved. The certificate must
// carry its root behind it (see [NewServerCertificate]), because a kit that
// enrols knows only the root's pin.
func ServerTLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS13,
		NextProtos:   nextProtos,
		ClientAuth:   tls.RequestClientCert,
	}
}

// TransportKey tells which transport key the other end of a finished handshake
// holds; false if it showed none.
func TransportKey(state *tls.ConnectionState) (ed25519.PublicKey, bool) {
	if state == nil || !state.HandshakeComplete || len(state.PeerCertificates) == 0 {
		return nil, false
	}
	key, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	return key, ok
}

// ClientTLS is an enrolled kit's configuration: the server's chain must end in
// the pinned root, and the kit shows a self-signed certificate of its transport
// key. now is read at each handshake; give the later of the kit's clock and the
// last server time, so that a clock set back does not close the wire.
//
// A handshake fails with civic.WrongServer, or with civic.ClockDoubt when only
// the kit's clock speaks against the server's certificate. Set
// ClientSessionCache to [Sessions], so that handshakes after the first save the
// certificates (see [Resuming]).
func ClientTLS(root *x509.Certificate, transport ed25519.PrivateKey, now func() time.Time) (*tls.Config, error) {
	if root == nil {
		return nil, errors.New("no root to trust")
	}
	return clientTLS(func([]*x509.Certificate) *x509.Certificate { return root }, transport, now)
}

// EnrolTLS is a new kit's configuration: it knows the root's pin only, and the
// server must show the root in its chain. found is told the root once the chain
// is checked, before anything is sent; keep it for ClientTLS.
func EnrolTLS(pin [PinSize]byte, transport ed25519.PrivateKey, now func() time.Time, found func(*x509.Certificate)) (*tls.Config, error) {
	pick := func(chain []*x509.Certificate) *x509.Certificate {
		for _, c := range chain {
			if RootPin(c.RawSubjectPublicKeyInfo) == pin {
				return c
			}
		}
		return nil
	}
	config, err := clientTLS(pick, transport, now)
	if err != nil {
		return nil, err
	}
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := verify(state); err != nil {
			return err
		}
		found(pick(state.PeerCertificates))
		return nil
	}
	return config, nil
}

func clientTLS(pick func([]*x509.Certificate) *x509.Certificate, transport ed25519.PrivateKey, now func() time.Time) (*tls.Config, error) {
	own, err := transportCertificate(transport)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		ServerName:   ServerName,
		MinVersion:   tls.VersionTLS13,
		NextProtos:   nextProtos,
		Certificates: []tls.Certificate{own},
		// The root is picked and the chain checked below, on every handshake:
		// the standard check would compare with the system's authorities.
		InsecureSkipVerify: true,
		VerifyConnection:   func(s tls.ConnectionState) error { return checkServer(s.PeerCertificates, pick, now()) },
		// The client writes in pieces that suit the link.
		DynamicRecordSizingDisabled: true,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &own, nil
		},
	}, nil
}

// checkServer is the check of a server's chain, in place of the standard one.
func checkServer(chain []*x509.Certificate, pick func([]*x509.Certificate) *x509.Certificate, now time.Time) error {
	root := pick(chain)
	if len(chain) == 0 || root == nil {
		return civic.NewProblem(civic.WrongServer, errors.New("the chain does not hold the pinned root"))
	}
	if bytes.Equal(chain[0].Raw, root.Raw) {
		return civic.NewProblem(civic.WrongServer, errors.New("the root itself serves"))
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	options := x509.VerifyOptions{Roots: roots, DNSName: ServerName, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	_, err := chain[0].Verify(options)
	if err == nil {
		return nil
	}
	// Right in every way but the date: then the clock is in doubt, not the server.
	options.CurrentTime = chain[0].NotAfter
	if _, other := chain[0].Verify(options); other == nil {
		off := now.Sub(chain[0].NotAfter)
		if now.Before(chain[0].NotBefore) {
			off = chain[0].NotBefore.Sub(now)
		}
		return civic.NewProblem(civic.ClockDoubt, err, Span(off))
	}
	return civic.NewProblem(civic.WrongServer, err)
}

// transportCertificate wraps the transport key for TLS. Only the key matters:
// the dates are fixed and nothing names the kit.
func transportCertificate(transport ed25519.PrivateKey) (tls.Certificate, error) {
	if len(transport) != ed25519.PrivateKeySize {
		return tls.Certificate{}, errors.New("the transport key has the wrong size")
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Unix(0, 0).UTC(),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280: no end
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(nil, t, t, transport.Public(), transport)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: transport}, nil
}
