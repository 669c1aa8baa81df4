package pack

import (
	"errors"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a pack. A reader refuses what is larger before it makes room.
const (
	MaxPiece    = 64 << 10 // bytes of a sealed piece
	maxInflated = 4 << 20  // of its columns
	MaxPeople   = 1 << 20
	maxStrings  = 1 << 20
	maxString   = 1 << 10 // bytes of a word in the table
	maxValue    = 8 << 10 // bytes of one value
	maxClaims   = 512
	maxSources  = 512
	maxKeys     = 64
	maxWraps    = 255
	maxWords    = 64 // of one name
)

// Tables are the words that pieces speak in: each travels once, and is a number
// from then on. Words are those of names and places, and values that many
// share; a value that few have stays inside its person's layer.
type Tables struct {
	Words []string `cbor:"1,keyasint"`
	// Sources and Claims are the kinds of sources (service, office, consent) and
	// claims (attribute and how it is known).
	Sources []sourceKind `cbor:"2,keyasint"`
	Claims  []claimKind  `cbor:"3,keyasint"`
}

type sourceKind struct {
	_       struct{} `cbor:",toarray"`
	Service string
	Office  string
	Flags   uint8
}

// Flags of a source.
const (
	flagAsked = 1 << iota
	flagGiven
)

type claimKind struct {
	_         struct{} `cbor:",toarray"`
	Attribute string
	Absent    uint8
	Precision uint8
	Evidence  uint8
	Flags     uint8
}

// Flags of a claim.
const (
	flagStated = 1 << iota
	flagGone
)

func kindOfSource(s Source) sourceKind {
	k := sourceKind{Service: string(s.Service), Office: string(s.Office)}
	if s.Asked {
		k.Flags |= flagAsked
	}
	if s.Given {
		k.Flags |= flagGiven
	}
	return k
}

func (k sourceKind) source(day int32) Source {
	return Source{Service: civic.ServiceID(k.Service), Office: civic.Area(k.Office), Day: day, Asked: k.Flags&flagAsked != 0, Given: k.Flags&flagGiven != 0}
}

func kindOfClaim(c Claim) claimKind {
	k := claimKind{Attribute: string(c.Attribute), Absent: uint8(c.Absent), Precision: uint8(c.Precision), Evidence: uint8(c.Evidence)}
	if c.Stated != "" {
		k.Flags |= flagStated
	}
	if c.Gone {
		k = claimKind{Attribute: string(c.Attribute), Flags: flagGone}
	}
	return k
}

func (k claimKind) claim() Claim {
	return Claim{
		Attribute: civic.Attribute(k.Attribute), Absent: civic.Absence(k.Absent), Precision: civic.Precision(k.Precision),
		Evidence: civic.Evidence(k.Evidence), Gone: k.Flags&flagGone != 0,
	}
}

var errShort = errors.New("the text ends early")

// reader reads numbers and texts; after the first error all reads give zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail(errShort)
		return 0
	}
	x := r.b[0]
	r.b = r.b[1:]
	return x
}

// uint reads a number below limit.
func (r *reader) uint(limit uint64) uint64 {
	var x uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		x |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if x >= limit || shift > 0 && b == 0 {
				r.fail(errors.New("a number beyond its limit"))
				return 0
			}
			return x
		}
	}
	r.fail(errors.New("a number without an end"))
	return 0
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.fail(errShort)
		return nil
	}
	x := r.b[:n]
	r.b = r.b[n:]
	return x
}

func (r *reader) text(limit uint64) string { return string(r.bytes(int(r.uint(limit + 1)))) }

func appendUint(b []byte, x uint64) []byte {
	for x >= 0x80 {
		b = append(b, byte(x)|0x80)
		x >>= 7
	}
	return append(b, byte(x))
}

func appendText(b []byte, s string) []byte { return append(appendUint(b, uint64(len(s))), s...) }
