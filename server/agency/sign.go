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

	"github.com/go-jose/go-jose/v4"
	"github.com/gowebpki/jcs"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
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

// Check finds out whether an agency signed an envelope, with a key that is not
// revoked.
func (d *Desk) Check(ctx context.Context, tx ledger.Tx, a share.Agency, e Envelope) error {
	text, err := Canonical(e.Header, e.Message)
	if err != nil {
		return errors.Join(ErrSignature, err)
	}
	if e.Signature == "" {
		if a.Unsigned {
			return nil
		}
		return ErrUnsigned
	}
	return d.verify(ctx, tx, a.ID, e.Signature, text)
}

// verify checks a compact JWS over text, its payload within or left out.
func (d *Desk) verify(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, signature string, text []byte) error {
	if len(signature) > maxSignature {
		return ErrSignature
	}
	detached := bytes.Contains([]byte(signature), []byte(".."))
	var object *jose.JSONWebSignature
	var err error
	if detached {
		object, err = jose.ParseDetached(signature, text, algorithms())
	} else {
		object, err = jose.ParseSignedCompact(signature, algorithms())
	}
	if err != nil || len(object.Signatures) != 1 {
		return ErrSignature
	}
	kid := object.Signatures[0].Protected.KeyID
	stored, err := d.Share.Key(ctx, tx, agency, kid)
	if err != nil {
		if civic.CodeOf(err) == civic.SignInRefused {
			return ErrSignature
		}
		return err
	}
	key, err := d.readKey(stored)
	if err != nil {
		return err
	}
	if detached {
		if object.DetachedVerify(text, key) != nil {
			return ErrSignature
		}
		return nil
	}
	payload, err := object.Verify(key)
	if err != nil {
		return ErrSignature
	}
	// What was signed may be written otherwise; it must say the same.
	same, err := jcs.Transform(payload)
	if err != nil || !bytes.Equal(same, text) {
		return ErrSignature
	}
	return nil
}

func (d *Desk) readKey(k share.Key) (any, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key := d.keys[k.KID]; key != nil {
		return key, nil
	}
	_, key, err := ReadKey([]byte(k.JWK))
	if err != nil {
		return nil, err
	}
	if len(d.keys) >= maxKeys {
		clear(d.keys)
	}
	d.keys[k.KID] = key
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
