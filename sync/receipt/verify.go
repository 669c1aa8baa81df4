package receipt

import (
	"bytes"
	"compress/zlib"
	"crypto"
	_ "crypto/sha256" // ES256 in go-cose asks for it by name
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dasio/base45"
	"github.com/fxamacker/cbor/v2"
	"github.com/veraison/go-cose"

	"github.com/askonce/fieldkit/sync/civic"
)

// alphabet is Base45's, which is QR's alphanumeric mode's.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// Limits of what Verify reads before it trusts anything.
const (
	maxTextRead = 16 << 10 // the largest QR code holds far less
	maxInflated = 64 << 10
	latest      = 1 << 40 // seconds; beyond all calendars
)

// Key is a key receipts may be signed with.
type Key struct {
	Public crypto.PublicKey // Ed25519, or ECDSA P-256
	Office civic.Area       // who must be named as issuer; empty: anybody
	UpTo   uint64           // last counter that counts when the kit was lost; 0: no limit
}

// Keys finds the key a receipt names; kid is empty where the receipt names none.
type Keys func(kid []byte) (Key, bool)

// Result is what Verify found.
type Result uint8

// What Verify found.
const (
	RefusedResult Result = iota // not to be relied on
	Genuine                     // signed by a kit of this registry
	NotKnownYet                 // well made, by a kit whose key has not arrived here
)

func (r Result) String() string { return [...]string{"refused", "genuine", "not known yet"}[r] }

// Verdict is what a person is told about a receipt.
type Verdict struct {
	Result  Result
	Reason  civic.Code // why not genuine; empty when it is
	Content Content    // only of a genuine one
}

// Verify checks the text of a receipt in the order that trusts least: text,
// inflate, shape, key, signature, clock, content.
func Verify(text string, keys Keys, now time.Time) Verdict {
	signed, err := unpack(text)
	if err != nil {
		return refused(civic.ReceiptUnreadable)
	}
	claims, counterLimit, err := openSigned(signed, keys)
	switch {
	case errors.Is(err, errKeyUnknown):
		return Verdict{Result: NotKnownYet, Reason: civic.ReceiptIssuer}
	case errors.Is(err, cose.ErrVerification):
		return refused(civic.ReceiptForged)
	case err != nil:
		return refused(civic.ReceiptUnreadable)
	}
	if code := checkClock(claims, now); code != "" {
		return refused(code)
	}
	if claims.Identity == nil {
		return refused(civic.ReceiptUnreadable)
	}
	if counterLimit.UpTo != 0 && claims.Counter > counterLimit.UpTo {
		return refused(civic.ReceiptForged)
	}
	if counterLimit.Office != "" && claims.Issuer != string(counterLimit.Office) {
		return refused(civic.ReceiptForged)
	}
	return Verdict{Result: Genuine, Content: claims.content()}
}

func refused(code civic.Code) Verdict { return Verdict{Result: RefusedResult, Reason: code} }

// clockSlack forgives a kit whose clock runs a little ahead of the checker's.
const clockSlack = 5 * time.Minute

func checkClock(p payload, now time.Time) civic.Code {
	at := now.Add(clockSlack).Unix()
	if (p.NotBefore != 0 && at < p.NotBefore) || (p.Issued != 0 && at < p.Issued) {
		return civic.ReceiptNotYet
	}
	if p.Expires != 0 && now.Unix() >= p.Expires {
		return civic.ReceiptExpired
	}
	return ""
}

// unpack undoes Base45 and zlib. What Base45 could have written otherwise is
// refused, and so are bytes behind the end. Deflate leaves a few bits at its end
// without meaning: texts that differ there only hold the same signed bytes.
func unpack(text string) ([]byte, error) {
	if len(text) > maxTextRead {
		return nil, fmt.Errorf("longer than a code can be")
	}
	// The library slices out of bounds on a sign outside the alphabet or a
	// length no bytes can have, so neither reaches it.
	if len(text)%3 == 1 || strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(alphabet, r) }) {
		return nil, fmt.Errorf("not Base45")
	}
	packed, err := base45.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if base45.EncodeToString(packed) != text {
		return nil, fmt.Errorf("not the one way to write these bytes")
	}
	from := bytes.NewReader(packed)
	z, err := zlib.NewReader(from)
	if err != nil {
		return nil, err
	}
	signed, err := io.ReadAll(io.LimitReader(z, maxInflated+1))
	if err != nil {
		return nil, err
	}
	if len(signed) > maxInflated {
		return nil, fmt.Errorf("inflates to more than %d bytes", maxInflated)
	}
	if from.Len() != 0 {
		return nil, fmt.Errorf("bytes behind the end")
	}
	return signed, nil
}

var errKeyUnknown = errors.New("no key of that name")

// openSigned checks shape and signature; the algorithm counts only where the
// signature protects it.
func openSigned(signed []byte, keys Keys) (payload, Key, error) {
	signed = bytes.TrimPrefix(signed, []byte{0xd8, 61}) // a CWT tag may stand outside tag 18
	var msg cose.Sign1Message
	if err := msg.UnmarshalCBOR(signed); err != nil {
		return payload{}, Key{}, err
	}
	if len(msg.Signature) == 0 {
		return payload{}, Key{}, fmt.Errorf("empty signature")
	}
	alg, err := msg.Headers.Protected.Algorithm()
	if err != nil {
		return payload{}, Key{}, err
	}
	if alg != cose.AlgorithmEdDSA && alg != cose.AlgorithmES256 {
		return payload{}, Key{}, fmt.Errorf("algorithm %v is not in this profile", alg)
	}
	key, ok := keys(kidOf(msg.Headers))
	if !ok {
		return payload{}, Key{}, errKeyUnknown
	}
	verifier, err := cose.NewVerifier(alg, key.Public)
	if err != nil {
		return payload{}, Key{}, err
	}
	if err := msg.Verify(nil, verifier); err != nil {
		return payload{}, Key{}, err
	}
	p, err := decodePayload(msg.Payload)
	return p, key, err
}

// kidOf takes the protected name first; an unprotected one can only point at a
// wrong key, never make a signature fit.
func kidOf(h cose.Headers) []byte {
	if kid, ok := h.Protected[cose.HeaderLabelKeyID].([]byte); ok {
		return kid
	}
	kid, _ := h.Unprotected[cose.HeaderLabelKeyID].([]byte)
	return kid
}

func decodePayload(b []byte) (payload, error) {
	mode, err := cbor.DecOptions{
		DupMapKey: cbor.DupMapKeyEnforcedAPF, IndefLength: cbor.IndefLengthForbidden,
		MaxNestedLevels: 8, MaxArrayElements: 256, MaxMapPairs: 256,
	}.DecMode()
	if err != nil {
		return payload{}, err
	}
	var p payload
	if err := mode.Unmarshal(b, &p); err != nil {
		return payload{}, err
	}
	if p.Issued < 0 || p.Expires < 0 || p.NotBefore < 0 || p.Expires > latest {
		return payload{}, fmt.Errorf("a time outside all calendars")
	}
	if n := len(p.Secret); n != 0 && n != SecretSize {
		return payload{}, fmt.Errorf("a secret of %d bytes", n)
	}
	if p.Identity != nil && strings.ContainsRune(p.Identity.Name, 0) {
		return payload{}, fmt.Errorf("a name with a zero byte")
	}
	return p, nil
}
