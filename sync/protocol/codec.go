package protocol

import (
	"sync"

	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/sync/civic"
)

// modes are the two CBOR modes; they are made once, at first use, and never
// change.
var modes = sync.OnceValues(func() (codec, error) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return codec{}, err
	}
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 16,
	}.DecMode()
	return codec{enc, dec}, err
})

type codec struct {
	enc cbor.EncMode
	dec cbor.DecMode
}

// Marshal writes a message as deterministic CBOR (RFC 8949, 4.2.1).
func Marshal(v any) ([]byte, error) {
	m, err := modes()
	if err != nil {
		return nil, err
	}
	return m.enc.Marshal(v)
}

// Unmarshal reads a message of at most MaxMessage bytes. Duplicate keys,
// indefinite lengths, tags and trailing bytes are refused. A key it does not
// know is passed over, so that a centre may say more than an old kit hears.
func Unmarshal(b []byte, v any) error {
	if len(b) > MaxMessage {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	m, err := modes()
	if err != nil {
		return err
	}
	if err := m.dec.Unmarshal(b, v); err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	return nil
}
