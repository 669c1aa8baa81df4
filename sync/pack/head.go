package pack

import (
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Head is what a kit is told of a pack, sealed to it. It holds the pack's key.
type Head struct {
	Pack    ID           `cbor:"1,keyasint"`
	Key     Key          `cbor:"2,keyasint"`
	Area    civic.Area   `cbor:"3,keyasint"`
	Others  []civic.Area `cbor:"4,keyasint,omitempty"` // neighbouring offices in it
	People  uint32       `cbor:"5,keyasint"`
	Left    uint32       `cbor:"6,keyasint,omitempty"` // left out for the pack's limit
	Made    int64        `cbor:"7,keyasint"`           // server time of the last change, seconds
	Next    int64        `cbor:"8,keyasint,omitempty"` // when the centre looks for changes again
	Version uint64       `cbor:"9,keyasint"`
	// Supervisors of this kit, each with the pack's Master sealed to him by age.
	Supervisors []Supervisor `cbor:"10,keyasint,omitempty"`
}

// Supervisor is an officer of the kit whom the registry lets open anybody, with
// a reason.
type Supervisor struct {
	Officer civic.OfficerID `cbor:"1,keyasint"`
	Master  []byte          `cbor:"2,keyasint"` // an age file to the officer's recipient
}

// MarshalHead writes a head, to be sealed with protocol.SealDown.
func MarshalHead(h Head) ([]byte, error) { return protocol.Marshal(h) }

// ReadHead reads what MarshalHead wrote.
func ReadHead(b []byte) (Head, error) {
	var h Head
	if len(b) > protocol.MaxPackHead {
		return h, malformed(errShort)
	}
	err := protocol.Unmarshal(b, &h)
	return h, err
}

// Answered is what the centre says of one person it was asked for.
type Answered struct {
	Person Person `cbor:"1,keyasint"`
	Layer  Layer  `cbor:"2,keyasint"`
	Nonce  []byte `cbor:"3,keyasint"` // of the question
}
