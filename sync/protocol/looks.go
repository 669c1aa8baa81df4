package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"io"

	"golang.org/x/crypto/argon2"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// PathLooks is where a kit asks, for a citizen at the counter, who looked.
const PathLooks = "/v1/looks"

// DownLooks is the kind of a message with rows about people a kit registered
// (LooksNote), and of the centre's answer to LooksRequest, with number 0.
const DownLooks DownKind = 21

// Limits of what is said about looks.
const (
	MaxLooks     = 100 // rows of one message
	maxLooksNote = 64 << 10
)

// LooksRequest asks who looked at the person of a receipt. Asked is a LooksAsk,
// sealed to the registry (SealUp with number 0): who passes it on learns neither
// receipt nor code.
type LooksRequest struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Asked  []byte         `cbor:"2,keyasint"`
}

// LooksAsk is the question.
type LooksAsk struct {
	Officer civic.OfficerID `cbor:"1,keyasint"`
	Receipt string          `cbor:"2,keyasint"` // its text
	Code    string          `cbor:"3,keyasint"` // the second factor
	Nonce   []byte          `cbor:"4,keyasint"` // random, 16 bytes: the answer repeats it
}

// Look is one row of the log as its person reads it.
type Look struct {
	At        int64             `cbor:"1,keyasint"` // seconds since 1970 UTC
	Kind      string            `cbor:"2,keyasint"` // agency, staff, officer, program
	Who       string            `cbor:"3,keyasint,omitempty"`
	Action    string            `cbor:"4,keyasint"`
	Purpose   civic.Purpose     `cbor:"5,keyasint,omitempty"`
	Fields    []civic.Attribute `cbor:"6,keyasint,omitempty"`
	Basis     string            `cbor:"7,keyasint,omitempty"`
	Agreement string            `cbor:"8,keyasint,omitempty"`
	Reason    string            `cbor:"9,keyasint,omitempty"`
	Code      civic.Code        `cbor:"10,keyasint,omitempty"`
}

// Looks are rows about one person, newest first.
type Looks struct {
	Nonce  []byte `cbor:"1,keyasint,omitempty"`
	At     int64  `cbor:"2,keyasint"` // as of when, server time
	Rows   []Look `cbor:"3,keyasint"`
	Hidden int    `cbor:"4,keyasint,omitempty"` // kept back while they are under investigation
}

// LooksAnswer is Looks sealed to the kit (SealDown, number 0).
type LooksAnswer struct {
	Sealed []byte `cbor:"1,keyasint"`
}

// LooksNote brings a kit new rows about the person of a registration of its
// own. Sealed opens with the receipt's secret and the second factor, so that a
// kit carries what its officers cannot read.
type LooksNote struct {
	Registration civic.RegistrationID `cbor:"1,keyasint"`
	Sealed       []byte               `cbor:"2,keyasint"`
}

// LooksKey opens what kits carry about looks.
type LooksKey seal.Key

// What one try at a code costs whoever has a receipt and a kit's disk: argon2id,
// OWASP's least.
const (
	looksTime   = 2
	looksMemory = 19 << 10 // KiB
)

// LooksKeyOf derives the key from a receipt's secret and a code: a slip's, as
// SameSlip reads it, or the citizen's own, as it is.
func LooksKeyOf(secret ClaimSecret, code string, slip bool) (key LooksKey, err error) {
	if slip {
		code = plainSlip(code)
	}
	hard := argon2.IDKey([]byte(code), append([]byte("askonce/looks/v0"), secret[:]...), looksTime, looksMemory, 1, 32)
	b, err := hkdf.Key(sha256.New, hard, secret[:], "askonce/looks/v0", len(key))
	copy(key[:], b)
	return key, err
}

// SealLooks seals rows for one registration's receipt.
func SealLooks(key LooksKey, id civic.RegistrationID, l Looks, rand io.Reader) ([]byte, error) {
	plain, err := Marshal(l)
	if err != nil {
		return nil, err
	}
	return seal.Key(key).Seal(plain, id[:], rand)
}

// OpenLooks opens what SealLooks sealed; civic.EntryRefused with another code,
// receipt or registration.
func OpenLooks(key LooksKey, id civic.RegistrationID, sealed []byte) (l Looks, err error) {
	if len(sealed) > maxLooksNote {
		return l, civic.NewProblem(civic.EntryRefused, nil)
	}
	plain, err := seal.Key(key).Open(sealed, id[:])
	if err != nil {
		return l, civic.NewProblem(civic.EntryRefused, err)
	}
	if err := Unmarshal(plain, &l); err != nil {
		return l, err
	}
	if len(l.Rows) > MaxLooks {
		return l, civic.NewProblem(civic.RequestMalformed, nil)
	}
	return l, nil
}
