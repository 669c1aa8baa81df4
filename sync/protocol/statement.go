package protocol

import (
	"bytes"
	"crypto/ed25519"
	"errors"

	"github.com/veraison/go-cose"

	"github.com/askonce/fieldkit/sync/civic"
)

// StatementKind says what a signature is for. It is signed with the payload
// (as external data) and does not travel, so that a signature made for one
// purpose never serves another.
type StatementKind string

// The kinds of statements, and who signs them.
const (
	StatementBundle StatementKind = "askonce/bundle/v1" // KeyBundle, by the root
	StatementLease  StatementKind = "askonce/lease/v1"  // Lease, by the server key
	StatementAck    StatementKind = "askonce/ack/v1"    // []BatchAck, by the server key
	StatementForm   StatementKind = "askonce/form/v1"   // FormNotice, by the server key
	// StatementAgreement is over a byte string, the agreement's JSON; by the server key.
	StatementAgreement StatementKind = "askonce/agreement/v1"
	StatementEnrol     StatementKind = "askonce/enrol/v1" // EnrolRequest with Proof empty, by the device
)

// MaxStatement limits a statement's bytes: a form workbook is the largest.
const MaxStatement = MaxMessage

// SignStatement wraps a payload in COSE_Sign1 (RFC 9052, tag 18): EdDSA named
// in the protected header, an empty unprotected one, the kind as external data.
func SignStatement(kind StatementKind, payload []byte, key ed25519.PrivateKey) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("the signing key has the wrong size")
	}
	if payload == nil {
		payload = []byte{}
	}
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, key)
	if err != nil {
		return nil, err
	}
	headers := cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA}}
	return cose.Sign1(nil, signer, headers, payload, []byte(kind))
}

// OpenStatement checks a statement and returns its payload. Anything but the
// very bytes SignStatement would write is refused with civic.StatementForged.
func OpenStatement(kind StatementKind, b []byte, key ed25519.PublicKey) ([]byte, error) {
	payload, err := openStatement(kind, b, key)
	if err != nil {
		return nil, civic.NewProblem(civic.StatementForged, err)
	}
	return payload, nil
}

func openStatement(kind StatementKind, b []byte, key ed25519.PublicKey) ([]byte, error) {
	if len(b) > MaxStatement {
		return nil, errors.New("larger than a statement may be")
	}
	if len(key) != ed25519.PublicKeySize {
		return nil, errors.New("no key to check it with")
	}
	var m cose.Sign1Message
	if err := m.UnmarshalCBOR(b); err != nil {
		return nil, err
	}
	if alg, err := m.Headers.Protected.Algorithm(); err != nil || alg != cose.AlgorithmEdDSA {
		return nil, errors.New("not signed with EdDSA")
	}
	if len(m.Headers.Protected) != 1 || len(m.Headers.Unprotected) != 0 {
		return nil, errors.New("headers beyond the algorithm")
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, key)
	if err != nil {
		return nil, err
	}
	for _, name := range kind.written() {
		if err = m.Verify([]byte(name), verifier); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	// One statement has one writing: a flipped bit that decodes to the same
	// values is refused as well.
	m.Headers = cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA}}
	again, err := m.MarshalCBOR()
	if err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("not written in the one way")
	}
	return m.Payload, nil
}

// Sign marshals a message and signs it; see SignStatement.
func Sign(kind StatementKind, v any, key ed25519.PrivateKey) ([]byte, error) {
	payload, err := Marshal(v)
	if err != nil {
		return nil, err
	}
	return SignStatement(kind, payload, key)
}

// Open checks a statement and reads its message into v; see OpenStatement.
func Open(kind StatementKind, b []byte, key ed25519.PublicKey, v any) error {
	payload, err := OpenStatement(kind, b, key)
	if err != nil {
		return err
	}
	return Unmarshal(payload, v)
}

// Prove fills in Proof: the device key's signature over the request.
func (r *EnrolRequest) Prove(device ed25519.PrivateKey) error {
	r.Proof = nil
	proof, err := Sign(StatementEnrol, *r, device)
	if err != nil {
		return err
	}
	r.Proof = proof
	return nil
}

// Check tells whether the request is whole and its Proof was made by the
// device key it names. The KitSecret is still sealed and not looked at.
func (r *EnrolRequest) Check() error {
	if len(r.Secret) != SecretSize || len(r.Device) != ed25519.PublicKeySize ||
		len(r.Transport) != ed25519.PublicKeySize || len(r.KitSecret) == 0 || len(r.KitSecret) > MaxSealedSecret || len(r.Name) > MaxName {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	// What was proved is read like the request itself: a later kit may say more
	// than this program hears, in both.
	var proved EnrolRequest
	if err := Open(StatementEnrol, r.Proof, r.Device, &proved); err != nil {
		return err
	}
	proved.Proof = r.Proof
	want, err := Marshal(*r)
	if err != nil {
		return err
	}
	if got, err := Marshal(proved); err != nil || !bytes.Equal(got, want) {
		return civic.NewProblem(civic.StatementForged, err)
	}
	return nil
}
