package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"

	"github.com/askonce/fieldkit/sync/civic"
)

// FormNotice tells a kit of one version of a form: what it is, that new
// interviews take it from now on, or that they take it no longer. It is signed
// by the server key (StatementForm), cut into parts (SplitForm), and each part is
// sealed to the kit as a message of kind DownForm. A link that dies between two
// parts goes on with the next: each part is a message with a number.
type FormNotice struct {
	Form    civic.FormID `cbor:"1,keyasint"`
	Version string       `cbor:"2,keyasint"`
	// Order grows with each notice of the centre; of several versions of a form
	// the one with the highest order is taken. An older notice than the last about
	// a version changes nothing.
	Order   uint64 `cbor:"3,keyasint"`
	Retired bool   `cbor:"4,keyasint,omitempty"`
	// Packed is the packed form; empty when it is only said how one stands that
	// the kit has.
	Packed []byte `cbor:"5,keyasint,omitempty"`
}

// FormPart is one piece of a notice.
type FormPart struct {
	Notice civic.Digest `cbor:"1,keyasint"` // SHA-256 of all pieces together
	Index  uint32       `cbor:"2,keyasint"` // from 0
	Count  uint32       `cbor:"3,keyasint"`
	Bytes  []byte       `cbor:"4,keyasint"`
}

// Limits of a notice's parts.
const (
	// FormPartBytes is what a part carries at most: a few seconds of a bad link.
	FormPartBytes = 6 << 10
	// MaxFormParts bounds them.
	MaxFormParts = MaxStatement/FormPartBytes + 1
)

// SplitForm cuts a signed notice into the plain texts of its messages.
func SplitForm(statement []byte) ([][]byte, error) {
	if len(statement) == 0 || len(statement) > MaxStatement {
		return nil, civic.NewProblem(civic.UploadTooLarge, errors.New("a form's notice"))
	}
	whole := civic.Digest(sha256.Sum256(statement))
	count := (len(statement) + FormPartBytes - 1) / FormPartBytes
	parts := make([][]byte, count)
	for i := range parts {
		piece := statement[i*FormPartBytes : min((i+1)*FormPartBytes, len(statement))]
		b, err := Marshal(FormPart{Notice: whole, Index: uint32(i), Count: uint32(count), Bytes: piece})
		if err != nil {
			return nil, err
		}
		parts[i] = b
	}
	return parts, nil
}

// ReadFormPart reads one piece.
func ReadFormPart(plain []byte) (p FormPart, err error) {
	if err := Unmarshal(plain, &p); err != nil {
		return p, err
	}
	if p.Count == 0 || p.Count > MaxFormParts || p.Index >= p.Count || len(p.Bytes) == 0 || len(p.Bytes) > FormPartBytes {
		return FormPart{}, civic.NewProblem(civic.RequestMalformed, errors.New("a part of a form beyond the limits"))
	}
	return p, nil
}

// JoinForm puts the pieces of one notice together and opens it. The parts are
// in order and complete; anything else is refused.
func JoinForm(parts []FormPart, server ed25519.PublicKey) (n FormNotice, err error) {
	bad := func(why string) (FormNotice, error) {
		return FormNotice{}, civic.NewProblem(civic.RequestMalformed, errors.New(why))
	}
	if len(parts) == 0 || int(parts[0].Count) != len(parts) {
		return bad("parts of a form are missing")
	}
	var statement bytes.Buffer
	for i, p := range parts {
		if int(p.Index) != i || p.Notice != parts[0].Notice || p.Count != parts[0].Count {
			return bad("parts of different forms")
		}
		statement.Write(p.Bytes)
	}
	if civic.Digest(sha256.Sum256(statement.Bytes())) != parts[0].Notice {
		return bad("the parts are not what was cut")
	}
	err = Open(StatementForm, statement.Bytes(), server, &n)
	return n, err
}
