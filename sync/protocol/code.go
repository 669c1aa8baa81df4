package protocol

import (
	"crypto/sha256"
	"math/big"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// SecretSize is the length of a code's one-time secret, in bytes.
const SecretSize = 10

// PinSize is the length of a code's root pin, in bytes.
const PinSize = 16

// Code is an enrolment code: the one-time secret that makes a device a kit of
// an office, and the pin that tells the true registry from any other. It holds
// nothing that is worth anything after its use.
type Code struct {
	Secret [SecretSize]byte
	Pin    [PinSize]byte
}

// NewCode makes the code for a secret and the pin of the registry's root.
func NewCode(secret [SecretSize]byte, rootPin [PinSize]byte) Code {
	return Code{Secret: secret, Pin: rootPin}
}

// RootPin shortens a root certificate's SubjectPublicKeyInfo (DER) to its pin:
// the first 16 bytes of SHA-256.
func RootPin(rootSPKI []byte) [PinSize]byte {
	h := sha256.Sum256(rootSPKI)
	return [PinSize]byte(h[:PinSize])
}

const (
	codeDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's: no I, L, O, U
	codeData   = 42                                 // signs for 26 bytes, two bits to spare
	codeCheck  = 2                                  // signs of the remainder
	codeGroup  = 4
	// codePrime is the largest prime two signs can count to. A remainder by a
	// prime finds every single wrong sign and every swap of two neighbours.
	codePrime = 1021
	// maxCodeText limits what ParseCode looks at: generous with spaces.
	maxCodeText = 256
)

// String writes the code in eleven groups of four signs, the last two of them
// check signs.
func (c Code) String() string {
	n := new(big.Int).SetBytes(append(c.Secret[:], c.Pin[:]...))
	n.Lsh(n, codeData*5-(SecretSize+PinSize)*8)
	signs := make([]byte, codeData+codeCheck)
	check := int(new(big.Int).Mod(n, big.NewInt(codePrime)).Int64())
	five, m := big.NewInt(31), new(big.Int)
	for i := codeData - 1; i >= 0; i-- {
		signs[i] = codeDigits[m.And(n, five).Int64()]
		n.Rsh(n, 5)
	}
	signs[codeData], signs[codeData+1] = codeDigits[check>>5], codeDigits[check&31]
	var out strings.Builder
	for i := 0; i < len(signs); i += codeGroup {
		if i > 0 {
			out.WriteByte('-')
		}
		out.Write(signs[i : i+codeGroup])
	}
	return out.String()
}

// ParseCode reads a code as people type it: small letters, spaces and hyphens
// are taken anywhere, I and L are 1, O is 0. One wrong sign, or two swapped, is
// always found; the problem is civic.CodeMalformed.
func ParseCode(s string) (Code, error) {
	malformed := civic.NewProblem(civic.CodeMalformed, nil)
	if len(s) > maxCodeText {
		return Code{}, malformed
	}
	n, check, count := new(big.Int), 0, 0
	for _, r := range strings.ToUpper(s) {
		switch r {
		case ' ', '-', '\t', '\r', '\n', '\u00a0', '\u2010', '\u2011', '\u2012', '\u2013':
			continue
		case 'I', 'L':
			r = '1'
		case 'O':
			r = '0'
		}
		d := strings.IndexRune(codeDigits, r)
		if d < 0 || count == codeData+codeCheck {
			return Code{}, malformed
		}
		if count < codeData {
			n.Lsh(n, 5)
			n.Or(n, big.NewInt(int64(d)))
		} else {
			check = check<<5 | d
		}
		count++
	}
	if count != codeData+codeCheck || new(big.Int).Mod(n, big.NewInt(codePrime)).Cmp(big.NewInt(int64(check))) != 0 {
		return Code{}, malformed
	}
	const spare = codeData*5 - (SecretSize+PinSize)*8
	if n.TrailingZeroBits() < spare && n.Sign() != 0 {
		return Code{}, malformed
	}
	n.Rsh(n, spare)
	b := n.FillBytes(make([]byte, SecretSize+PinSize))
	return Code{Secret: [SecretSize]byte(b[:SecretSize]), Pin: [PinSize]byte(b[SecretSize:])}, nil
}
