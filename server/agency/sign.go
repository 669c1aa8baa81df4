package agency

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/gowebpki/jcs"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
)

// Envelope is what travels both ways.
type Envelope struct {
	Signature string          `json:"signature,omitempty"`
	Header    json.RawMessage `json:"header"`
	Message   json.RawMessage `json:"message,omitempty"`
}

// maxSignature bounds a signature with its payload within, in bytes.
const maxSignature = 2 * MaxBody

// algorithms a signature may have; whatever else a header names is refused.
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256}
}

// Canonical is what a signature is over: header and message in the one writing
// of RFC 8785. Keys that stand twice are refused.
func Canonical(header, message json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"header":`)
	b.Write(header)
	if len(message) > 0 {
		b.WriteString(`,"message":`)
		b.Write(message)
	}
	b.WriteByte('}')
	return jcs.Transform(b.Bytes())
}

// Exact tells whether a number says the same once it is signed: RFC 8785 writes
// numbers as doubles, so that two long ones can look alike under one signature.
// Those that differ so are to be written as words.
func Exact(n json.Number) bool {
	v, err := strconv.ParseFloat(n.String(), 64)
	return err == nil && math.Abs(v) <= 1<<53 && strconv.FormatFloat(v, 'f', -1, 64) == n.String()
}

// Seal signs header and message: a compact JWS over their canonical bytes.
func (d *Desk) Seal(header, message any) (Envelope, error) {
	var e Envelope
	var err error
	if e.Header, err = json.Marshal(header); err != nil {
		return e, err
	}
	if e.Message, err = json.Marshal(message); err != nil {
		return e, err
	}
	text, err := Canonical(e.Header, e.Message)
	if err != nil {
		return e, err
	}
	object, err := d.signer.Sign(text)
	if err != nil {
		return e, err
	}
	e.Signature, err = object.CompactSerialize()
	return e, err
}

// Reasons a signature is refused for.
var (
	ErrUnsigned  = errors.New("no signature")
	ErrSignature = errors.New("the signature does not fit")
)

// Signed is an envelope whose signature was worked on before the transaction:
// what is signed, by which key it says, and with which key it was found good.
type Signed struct {
	text   []byte
	object *jose.JSONWebSignature
	kid    string
	// detached: the signature leaves out what it is over.
	detached bool
	fault    error
	good     string // the JWK it was found good with; empty when none was at hand
}

// Read takes an envelope apart and, where the key it names is remembered, checks
// its signature: most of the work, done outside of the transaction. Whether that
// key is the agency's and stands, [Desk.Check] finds out within it.
func (d *Desk) Read(e Envelope) *Signed {
	s := &Signed{}
	if s.text, s.fault = Canonical(e.Header, e.Message); s.fault != nil {
		s.fault = errors.Join(ErrSignature, s.fault)
		return s
	}
	if e.Signature == "" {
		s.fault = ErrUnsigned
		return s
	}
	if len(e.Signature) > maxSignature {
		s.fault = ErrSignature
		return s
	}
	var err error
	if s.detached = strings.Contains(e.Signature, ".."); s.detached {
		s.object, err = jose.ParseDetached(e.Signature, s.text, algorithms())
	} else {
		s.object, err = jose.ParseSignedCompact(e.Signature, algorithms())
	}
	if err != nil || len(s.object.Signatures) != 1 {
		s.fault = ErrSignature
		return s
	}
	s.kid = s.object.Signatures[0].Protected.KeyID
	if jwk, key := d.keyOf(s.kid); key != nil && s.fits(key) {
		s.good = jwk
	}
	return s
}

// fits tells whether the signature was made with a key. What was signed may be
// written otherwise; it must say the same.
func (s *Signed) fits(key any) bool {
	if s.detached {
		return s.object.DetachedVerify(s.text, key) == nil
	}
	payload, err := s.object.Verify(key)
	if err != nil {
		return false
	}
	if bytes.Equal(payload, s.text) {
		return true
	}
	same, err := jcs.Transform(payload)
	return err == nil && bytes.Equal(same, s.text)
}

// Check finds out whether an agency signed an envelope, with a key that is not
// revoked.
func (d *Desk) Check(ctx context.Context, tx ledger.Tx, a share.Agency, s *Signed) error {
	switch {
	case errors.Is(s.fault, ErrUnsigned) && a.Unsigned:
		return nil
	case s.fault != nil:
		return s.fault
	}
	stored, err := d.Share.Key(ctx, tx, a.ID, s.kid)
	if err != nil {
		if civic.CodeOf(err) == civic.SignInRefused {
			return ErrSignature
		}
		return err
	}
	if s.good != "" && s.good == stored.JWK {
		return nil
	}
	key, err := d.readKey(stored)
	if err != nil {
		return err
	}
	if !s.fits(key) {
		return ErrSignature
	}
	return nil
}

// readable is a public key as it is written, and read.
type readable struct {
	jwk string
	key any
}

// keyOf finds a key that was read before, whoever has it and whether it stands
// or not.
func (d *Desk) keyOf(kid string) (jwk string, key any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.keys[kid]
	return k.jwk, k.key
}

func (d *Desk) readKey(k share.Key) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known := d.keys[k.KID]; known.key != nil && known.jwk == k.JWK {
		return known.key, nil
	}
	_, key, err := ReadKey([]byte(k.JWK))
	if err != nil {
		return nil, err
	}
	if len(d.keys) >= maxKeys {
		clear(d.keys)
	}
	d.keys[k.KID] = readable{k.JWK, key}
	return key, nil
}

// ReadKey reads an agency's public key as a JWK, Ed25519 or P-256, and gives its
// thumbprint.
func ReadKey(text []byte) (kid string, key any, err error) {
	refused := civic.NewProblem(civic.WrongUse, nil, "The key is a public JWK, Ed25519 or P-256.")
	var k jose.JSONWebKey
	if len(text) > 4096 || json.Unmarshal(text, &k) != nil || !k.Valid() || !k.IsPublic() {
		return "", nil, refused
	}
	switch public := k.Key.(type) {
	case ed25519.PublicKey:
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return "", nil, refused
		}
	default:
		return "", nil, refused
	}
	kid, err = Thumbprint(k)
	return kid, k.Key, err
}

// Thumbprint names a key (RFC 7638).
func Thumbprint(k jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}
