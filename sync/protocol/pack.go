package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// Limits of the district pack on the way.
const (
	MaxPackPieces = 256
	MaxPackPiece  = 64 << 10 // bytes of one sealed piece
	MaxPackHead   = 64 << 10
	MaxOpenings   = 200 // in one request
	MaxOpening    = 2 << 10
	MaxReason     = 500 // bytes of why somebody was opened
)

// PackAsk says which district pack a kit holds and how far.
type PackAsk struct {
	Pack   []byte `cbor:"1,keyasint,omitempty"` // 16 bytes, empty for none
	Cursor uint64 `cbor:"2,keyasint,omitempty"` // the last piece taken in
	// Tail is the beginning of the SHA-256 of that piece, 8 bytes: a centre that
	// went back to a backup finds out that it has another one there.
	Tail []byte `cbor:"3,keyasint,omitempty"`
	Head uint64 `cbor:"4,keyasint,omitempty"` // version of the head held
	// Most is how many bytes of pieces the link carries well in one answer.
	Most uint32 `cbor:"5,keyasint,omitempty"`
	// Applies are officers who ask to be supervisors, until the centre knows.
	Applies []Applicant `cbor:"6,keyasint,omitempty"`
}

// Applicant is an officer who asks the registry to make him a supervisor.
type Applicant struct {
	Officer   civic.OfficerID `cbor:"1,keyasint"`
	Recipient string          `cbor:"2,keyasint"` // age, hybrid
}

// ApplicantCode is what an officer reads out to whoever approves him: ten
// figures and letters of his recipient's hash.
func ApplicantCode(recipient string) string {
	h := sha256.Sum256([]byte(recipient))
	code := hex.EncodeToString(h[:5])
	return code[:5] + "-" + code[5:]
}

// PackNews is a part of a pack. Head is for this kit alone; the pieces are the
// same for all kits of the office.
type PackNews struct {
	Pack    []byte   `cbor:"1,keyasint"` // 16 bytes
	Number  uint64   `cbor:"2,keyasint"` // grows with each pack of the office
	Head    []byte   `cbor:"3,keyasint,omitempty"`
	Version uint64   `cbor:"4,keyasint"` // of the head
	First   uint64   `cbor:"5,keyasint,omitempty"`
	Pieces  [][]byte `cbor:"6,keyasint,omitempty"` // from First on, sealed
	Last    uint64   `cbor:"7,keyasint"`           // the last piece there is
	Left    int64    `cbor:"8,keyasint,omitempty"` // bytes of pieces still to come
}

// Way is how somebody's answers were opened.
type Way uint8

// How somebody's answers were opened.
const (
	ByReceipt    Way = 1
	BySupervisor Way = 2
	ByCentre     Way = 3
)

func (w Way) String() string {
	if int(w) < len(wayNames) {
		return wayNames[w]
	}
	return "unknown"
}

var wayNames = [...]string{"unknown", "receipt", "supervisor", "centre"}

// Opening tells who opened whose answers, when, how and why. It travels sealed
// (SealUp) and is an access row at the centre.
type Opening struct {
	At           Stamp                `cbor:"1,keyasint"`
	Person       civic.PersonID       `cbor:"2,keyasint"`
	Officer      civic.OfficerID      `cbor:"3,keyasint"` // who works on the kit
	Way          Way                  `cbor:"4,keyasint"`
	Registration civic.RegistrationID `cbor:"5,keyasint"` // of the receipt, zero for another way
	Supervisor   civic.OfficerID      `cbor:"6,keyasint"` // who opened, zero for another way
	Reason       string               `cbor:"7,keyasint,omitempty"`
	Service      civic.ServiceID      `cbor:"8,keyasint,omitempty"`
}

// ReadOpening reads an opening that was opened with OpenUp, also as kits wrote it
// before version 1, with the moment's parts by their names.
func ReadOpening(plain []byte) (o Opening, err error) {
	if err = Unmarshal(plain, &o); err == nil && o.At == (Stamp{}) {
		var before struct {
			At civic.Stamp `cbor:"1,keyasint"`
		}
		err = Unmarshal(plain, &before)
		o.At = Stamp(before.At)
	}
	return o, err
}

// SealedOpening is an opening with the kit's number of it, from 1 without gaps.
type SealedOpening struct {
	N    uint64 `cbor:"1,keyasint"`
	Body []byte `cbor:"2,keyasint"`
}

const infoUp = "askonce/up/v0"

// SealUp seals what a kit tells its registry outside of registrations; n is
// bound to it.
func SealUp(kitSecret []byte, n uint64, plain []byte, rand io.Reader) ([]byte, error) {
	return seal.Key(derive(kitSecret, infoUp)).Seal(plain, upData(n), rand)
}

// OpenUp opens what SealUp sealed, else civic.StatementForged.
func OpenUp(kitSecret []byte, n uint64, sealed []byte) ([]byte, error) {
	if len(sealed) > MaxOpening {
		return nil, civic.NewProblem(civic.StatementForged, nil)
	}
	plain, err := seal.Key(derive(kitSecret, infoUp)).Open(sealed, upData(n))
	if err != nil {
		return nil, civic.NewProblem(civic.StatementForged, err)
	}
	return plain, nil
}

func upData(n uint64) []byte { return binary.BigEndian.AppendUint64([]byte(infoUp), n) }

// LookUp asks the centre for one person. One of Person, Registration or the
// description is given.
type LookUp struct {
	Officer      civic.OfficerID      `cbor:"1,keyasint"`
	Service      civic.ServiceID      `cbor:"2,keyasint,omitempty"`
	Reason       string               `cbor:"3,keyasint"`
	Person       civic.PersonID       `cbor:"4,keyasint"`
	Registration civic.RegistrationID `cbor:"5,keyasint"`
	Given        string               `cbor:"6,keyasint,omitempty"`
	Surname      string               `cbor:"7,keyasint,omitempty"`
	Birth        string               `cbor:"8,keyasint,omitempty"` // as civic.Date writes it
	Place        string               `cbor:"9,keyasint,omitempty"`
	// Office is where Registration was made, as its receipt says.
	Office civic.Area `cbor:"11,keyasint,omitempty"`
	// Nonce is random, 16 bytes: the answer is sealed for this question alone.
	Nonce []byte `cbor:"10,keyasint"`
}

// DownPerson is the kind that a LookUpAnswer is sealed under, with number 0.
const DownPerson DownKind = 20

// LookUpAnswer is the person, sealed to the kit that asked (SealDown).
type LookUpAnswer struct {
	Sealed []byte `cbor:"1,keyasint"`
}

// StatementLookUp is the kind of statement a LookUp travels in, signed by the
// device's key: whoever carries it can change nothing.
const StatementLookUp StatementKind = "askonce/look-up/v1"

// PersonRequest is a LookUp on its way, as a Statement by the device.
type PersonRequest struct {
	Device civic.DeviceID `cbor:"1,keyasint"`
	Asked  []byte         `cbor:"2,keyasint"`
}
