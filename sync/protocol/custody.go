package protocol

import (
	"crypto/ed25519"
	"errors"

	"github.com/askonce/fieldkit/sync/civic"
)

// StatementCustody is signed by a carrier's transport key over [Custody].
const StatementCustody StatementKind = "askonce/custody/v1"

// Custody is what a hub or a courier puts its name to: these files were whole
// when it took them over. Nothing is forgotten on its word; it tells an officer
// and an auditor who has what, and since when.
type Custody struct {
	Carrier civic.DeviceID `cbor:"1,keyasint"`
	At      int64          `cbor:"2,keyasint"` // seconds, by the carrier's knowledge of the centre's clock
	Files   []civic.Digest `cbor:"3,keyasint"`
	Hub     bool           `cbor:"4,keyasint,omitempty"` // else a courier
}

// custodyReceipt is a statement with the key it was signed by. Whose key that is
// the centre knows; a kit only shows what it says.
type custodyReceipt struct {
	Key       ed25519.PublicKey `cbor:"1,keyasint"`
	Statement []byte            `cbor:"2,keyasint"`
}

// MaxCustody is the most files of one receipt.
const MaxCustody = 2 * MaxAsked

// SignCustody writes a receipt.
func SignCustody(c Custody, transport ed25519.PrivateKey) ([]byte, error) {
	if len(c.Files) > MaxCustody {
		return nil, errors.New("more files than a receipt may name")
	}
	statement, err := Sign(StatementCustody, c, transport)
	if err != nil {
		return nil, err
	}
	return Marshal(custodyReceipt{Key: transport.Public().(ed25519.PublicKey), Statement: statement})
}

// OpenCustody reads a receipt and checks its signature by the key it names.
func OpenCustody(b []byte) (Custody, ed25519.PublicKey, error) {
	var (
		r custodyReceipt
		c Custody
	)
	if err := Unmarshal(b, &r); err != nil {
		return c, nil, err
	}
	if len(r.Key) != ed25519.PublicKeySize {
		return c, nil, civic.NewProblem(civic.StatementForged, nil)
	}
	if err := Open(StatementCustody, r.Statement, r.Key, &c); err != nil {
		return Custody{}, nil, err
	}
	if len(c.Files) > MaxCustody || c.At <= 0 {
		return Custody{}, nil, civic.NewProblem(civic.RequestMalformed, errors.New("a receipt breaks the limits"))
	}
	return c, r.Key, nil
}

// Bits writes one bit a file: whether it is so.
func Bits(n int, is func(i int) bool) []byte {
	b := make([]byte, (n+7)/8)
	some := false
	for i := range n {
		if is(i) {
			b[i/8] |= 1 << (i % 8)
			some = true
		}
	}
	if !some {
		return nil
	}
	return b
}

// Bit reads bit i of what [Bits] wrote; false beyond its end.
func Bit(b []byte, i int) bool { return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0 }
