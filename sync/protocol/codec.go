package protocol

import (
	"github.com/fxamacker/cbor/v2"

	"github.com/askonce/fieldkit/sync/civic"
)

// Marshal writes a message as deterministic CBOR (RFC 8949, 4.2.1).
func Marshal(v any) ([]byte, error) {
	mode, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	return mode.Marshal(v)
}

// Unmarshal reads a message of at most MaxMessage bytes. Duplicate keys,
// indefinite lengths and trailing bytes are refused.
func Unmarshal(b []byte, v any) error {
	if len(b) > MaxMessage {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	mode, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 16,
	}.DecMode()
	if err != nil {
		return err
	}
	if err := mode.Unmarshal(b, v); err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	return nil
}
