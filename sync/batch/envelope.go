package batch

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// Every file of this package is one envelope: what may be read outside, what is
// sealed, and the device's signature over both.
//
//	kind      4 bytes, one of the constants below
//	outside   2 bytes, length of the outside part, big endian
//	inside    4 bytes, length of the sealed part, big endian
//	          the outside part
//	          the sealed part
//	signature 64 bytes, Ed25519ctx (RFC 8032) over all before it
type envelope struct {
	kind    kind
	outside []byte
	inside  []byte
}

// kind opens a file and is the context of its signature: no signature under
// one kind is ever good under another.
type kind string

// What a file is. The last sign is the version of the format. Files of version 0
// differ in nothing else here, and are read for ever: a kit may have sealed them
// before it was renewed, and sends them as they are.
const (
	kindBatch      kind = "afb1"
	kindDayKey     kind = "afk1"
	kindAttachment kind = "afa1"
)

// kindOf tells which writing of a kind a file begins with, a whole one or the
// beginning of one; empty for another kind.
func kindOf(k kind, file []byte) kind {
	for _, known := range []kind{k, k[:3] + "0"} {
		if n := min(len(file), len(known)); string(file[:n]) == string(known[:n]) {
			return known
		}
	}
	return ""
}

// later tells whether a file is of a version that a later program writes.
func later(file []byte) bool {
	if len(file) < len(kindBatch) || file[3] < '2' || file[3] > '9' {
		return false
	}
	for _, k := range []kind{kindBatch, kindDayKey, kindAttachment} {
		if string(file[:3]) == string(k[:3]) {
			return true
		}
	}
	return false
}

const (
	headSize      = 4 + 2 + 4
	signatureSize = ed25519.SignatureSize
	maxOutside    = 1 << 10
)

var errKind = errors.New("the file is of another kind")

// head gives everything before the sealed part; it is also what the seal
// binds, as additional data.
func (e envelope) head(inside int) []byte {
	b := make([]byte, 0, headSize+len(e.outside)+inside+signatureSize)
	b = append(b, e.kind...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.outside)))
	b = binary.BigEndian.AppendUint32(b, uint32(inside))
	return append(b, e.outside...)
}

// sign writes the file.
func (e envelope) sign(key ed25519.PrivateKey) ([]byte, error) {
	b := append(e.head(len(e.inside)), e.inside...)
	sig, err := key.Sign(nil, b, &ed25519.Options{Hash: crypto.Hash(0), Context: e.kind.context()})
	if err != nil {
		return nil, err
	}
	return append(b, sig...), nil
}

func (k kind) context() string { return "askonce/" + string(k) }

// readEnvelope takes a file apart without checking who signed it. What is
// shorter than it says is batch_truncated, all else wrong batch_unreadable.
func readEnvelope(k kind, file []byte, max int) (envelope, error) {
	k = kindOf(k, file)
	switch {
	case k == "" && later(file):
		return envelope{}, civic.NewProblem(civic.VersionUnknown, errKind, string(file[3:4]), "1")
	case k == "":
		return envelope{}, unreadable(errKind)
	case len(file) < headSize:
		return envelope{}, civic.NewProblem(civic.BatchTruncated, io.ErrUnexpectedEOF)
	}
	outside := int(binary.BigEndian.Uint16(file[4:]))
	inside := int64(binary.BigEndian.Uint32(file[6:]))
	if outside > maxOutside || inside > int64(max) {
		return envelope{}, unreadable(errors.New("a length is beyond the limit"))
	}
	want := headSize + outside + int(inside) + signatureSize
	switch {
	case len(file) < want:
		return envelope{}, civic.NewProblem(civic.BatchTruncated, io.ErrUnexpectedEOF)
	case len(file) > want:
		return envelope{}, unreadable(errors.New("bytes follow the signature"))
	}
	return envelope{kind: k, outside: file[headSize : headSize+outside], inside: file[headSize+outside : want-signatureSize]}, nil
}

// verifyEnvelope checks the signature of a file that readEnvelope took apart.
func verifyEnvelope(k kind, file []byte, device ed25519.PublicKey) error {
	if len(device) != ed25519.PublicKeySize || len(file) < signatureSize {
		return civic.NewProblem(civic.BatchSignature, nil)
	}
	n := len(file) - signatureSize
	err := ed25519.VerifyWithOptions(device, file[:n], file[n:], &ed25519.Options{Context: kindOf(k, file).context()})
	if err != nil {
		return civic.NewProblem(civic.BatchSignature, err)
	}
	return nil
}

// seal encrypts plain under the day's key, binding the head of the file that
// will hold it.
func (e envelope) seal(key [32]byte, plain []byte, random io.Reader) ([]byte, error) {
	return seal.Key(key).Seal(plain, e.head(len(plain)+seal.Cost), random)
}

// open decrypts what seal made.
func (e envelope) open(key [32]byte) ([]byte, error) {
	plain, err := seal.Key(key).Open(e.inside, e.head(len(e.inside)))
	if err != nil {
		return nil, unreadable(err)
	}
	return plain, nil
}

func unreadable(err error) error { return civic.NewProblem(civic.BatchUnreadable, err) }

// orSystem gives the system's random numbers where a caller brought none.
func orSystem(random io.Reader) io.Reader {
	if random == nil {
		return rand.Reader
	}
	return random
}
