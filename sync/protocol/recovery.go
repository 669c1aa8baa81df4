package protocol

import (
	"bytes"
	"crypto/ed25519"
	"io"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a recovery.
const (
	MaxRecoveryKeys = 4096
	maxRecoveryKey  = 1 << 16 // bytes of one wrapped key
)

// RecoveryRequest asks the registry to wrap a kit's keys to a new officer, or
// those of a lost kit's backup to an officer of a spare one. It travels by file.
type RecoveryRequest struct {
	Device    civic.DeviceID `cbor:"1,keyasint"` // whose keys these are
	By        civic.DeviceID `cbor:"2,keyasint"` // the kit that asks: the same, or a spare one
	Recipient string         `cbor:"3,keyasint"` // the new officer's, age hybrid
	Officer   string         `cbor:"4,keyasint"` // his name, for the people who release
	Keys      []RecoveryKey  `cbor:"5,keyasint"`
	Made      int64          `cbor:"6,keyasint"`
	// Proof is the transport key's signature over the request with Proof empty.
	Proof []byte `cbor:"7,keyasint"`
}

// RecoveryKey is one key as an age file: in a request wrapped to the registry's
// recovery recipient among others, in a release to the new officer alone.
type RecoveryKey struct {
	N    int64  `cbor:"1,keyasint"`
	File []byte `cbor:"2,keyasint"`
}

// RecoveryRelease is the registry's answer; it travels as a Statement of kind
// StatementRecovery by the root.
type RecoveryRelease struct {
	Device    civic.DeviceID `cbor:"1,keyasint"`
	By        civic.DeviceID `cbor:"2,keyasint"`
	Recipient string         `cbor:"3,keyasint"`
	Keys      []RecoveryKey  `cbor:"4,keyasint"`
}

// StatementRecovery is the kind of statement a release travels in.
const StatementRecovery StatementKind = "askonce/recovery/v1"

const recoveryContext = "askonce/recovery/v1\x00"

// SignRecovery completes a request with the asking kit's transport key and
// writes it.
func SignRecovery(r RecoveryRequest, transport ed25519.PrivateKey) ([]byte, error) {
	r.Proof = nil
	b, err := Marshal(r)
	if err != nil {
		return nil, err
	}
	r.Proof = ed25519.Sign(transport, append([]byte(recoveryContext), b...))
	return Marshal(r)
}

// ReadRecovery reads a request. The registry looks up the kit that asks (By)
// and then calls Verify with its transport key.
func ReadRecovery(b []byte) (RecoveryRequest, error) {
	var r RecoveryRequest
	if err := Unmarshal(b, &r); err != nil {
		return r, err
	}
	// A request has one writing, so that its proof covers every bit of it.
	if again, err := Marshal(r); err != nil || !bytes.Equal(again, b) {
		return r, civic.NewProblem(civic.RequestMalformed, err)
	}
	if len(r.Keys) == 0 || len(r.Keys) > MaxRecoveryKeys {
		return r, civic.NewProblem(civic.RequestMalformed, nil)
	}
	for _, k := range r.Keys {
		if len(k.File) > maxRecoveryKey {
			return r, civic.NewProblem(civic.RequestMalformed, nil)
		}
	}
	return r, nil
}

// Verify holds a request to the transport key of the kit that asks.
func (r RecoveryRequest) Verify(transport ed25519.PublicKey) error {
	proof := r.Proof
	r.Proof = nil
	b, err := Marshal(r)
	if err != nil {
		return err
	}
	if len(transport) != ed25519.PublicKeySize || !ed25519.Verify(transport, append([]byte(recoveryContext), b...), proof) {
		return civic.NewProblem(civic.DeviceUnknown, nil)
	}
	return nil
}

// Release wraps the keys of a request to its recipient; recovery is the
// registry's identity. The caller has had two people agree, and signs what it
// gets as a StatementRecovery.
func Release(r RecoveryRequest, recovery ...age.Identity) (RecoveryRelease, error) {
	out := RecoveryRelease{Device: r.Device, By: r.By, Recipient: r.Recipient}
	to, err := age.ParseHybridRecipient(r.Recipient)
	if err != nil {
		return out, civic.NewProblem(civic.RequestMalformed, err)
	}
	var refused error
	for _, k := range r.Keys {
		file, err := rewrap(k.File, to, recovery)
		if err != nil {
			refused = err // a damaged one costs its day, not the others
			continue
		}
		out.Keys = append(out.Keys, RecoveryKey{k.N, file})
	}
	if len(out.Keys) == 0 {
		return out, civic.NewProblem(civic.RecoveryForeign, refused)
	}
	return out, nil
}

func rewrap(file []byte, to age.Recipient, ids []age.Identity) ([]byte, error) {
	src, err := age.Decrypt(bytes.NewReader(file), ids...)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(src, maxRecoveryKey))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
