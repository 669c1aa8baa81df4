package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/askonce/fieldkit/sync/civic"
)

// StatementPlaces signs a PlacesNotice, by the server key.
const StatementPlaces StatementKind = "askonce/places/v1"

// DownPlacesPart is a piece of a list of places (PlacesPart). It is the same for
// all kits: sealed under the key that the notice names, not to the device.
const DownPlacesPart DownKind = 10

// PlacesNotice tells a kit of the list of places it searches and of its office's
// settings. It is signed by the server key, then sealed to the kit as a message
// of kind DownPlaces; the list follows in parts. What travels is a whole list or
// what has changed since the one the kit has, compressed, then sealed under a key
// of its own, so that neither a hub nor the kit's disk shows names of places.
type PlacesNotice struct {
	Serial uint64 `cbor:"1,keyasint,omitempty"` // of the list; 0 when only settings came
	Since  uint64 `cbor:"2,keyasint,omitempty"` // the list it builds on, 0 for a whole one
	// Sealed is the SHA-256 of all parts together, Parts their number.
	Sealed civic.Digest `cbor:"3,keyasint,omitempty"`
	Parts  uint32       `cbor:"4,keyasint,omitempty"`
	Key    []byte       `cbor:"5,keyasint,omitempty"` // 32 bytes
	// Settings is CBOR of an office's rules and calendar (package identity), empty
	// when they stay as they are; Settled is their number.
	Settings []byte `cbor:"6,keyasint,omitempty"`
	Settled  uint64 `cbor:"7,keyasint,omitempty"`
}

// PlacesPart is one piece of a sealed list.
type PlacesPart struct {
	Sealed civic.Digest `cbor:"1,keyasint"` // as in the notice
	Index  uint32       `cbor:"2,keyasint"` // from 0
	Bytes  []byte       `cbor:"3,keyasint"`
}

// Limits of a list's parts.
const (
	PlacesPartBytes = 6 << 10
	MaxPlacesParts  = 4096
	maxSettings     = 2 << 20
)

// SealPlaces seals a packed list under a fresh key and cuts it into the bodies
// of its messages, all but the notice, which it fills in.
func SealPlaces(packed []byte, rand io.Reader, n *PlacesNotice) ([][]byte, error) {
	n.Key = make([]byte, 32)
	if _, err := io.ReadFull(rand, n.Key); err != nil {
		return nil, err
	}
	sealed, err := SealDown(n.Key, n.Serial, DownPlacesPart, packed, rand)
	if err != nil {
		return nil, err
	}
	n.Sealed = sha256.Sum256(sealed)
	count := (len(sealed) + PlacesPartBytes - 1) / PlacesPartBytes
	if count > MaxPlacesParts {
		return nil, civic.NewProblem(civic.UploadTooLarge, errors.New("a list of places"))
	}
	n.Parts = uint32(count)
	parts := make([][]byte, count)
	for i := range parts {
		piece := sealed[i*PlacesPartBytes : min((i+1)*PlacesPartBytes, len(sealed))]
		if parts[i], err = Marshal(PlacesPart{Sealed: n.Sealed, Index: uint32(i), Bytes: piece}); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// ReadPlacesPart reads one piece.
func ReadPlacesPart(body []byte) (p PlacesPart, err error) {
	if err := Unmarshal(body, &p); err != nil {
		return p, err
	}
	if p.Index >= MaxPlacesParts || len(p.Bytes) == 0 || len(p.Bytes) > PlacesPartBytes {
		return PlacesPart{}, civic.NewProblem(civic.RequestMalformed, errors.New("a part of a list of places beyond the limits"))
	}
	return p, nil
}

// OpenPlacesNotice checks a notice that was opened with the kit's secret.
func OpenPlacesNotice(statement []byte, server ed25519.PublicKey) (n PlacesNotice, err error) {
	if err := Open(StatementPlaces, statement, server, &n); err != nil {
		return n, err
	}
	if n.Parts > MaxPlacesParts || len(n.Settings) > maxSettings || n.Serial != 0 && (n.Parts == 0 || len(n.Key) != 32) {
		return PlacesNotice{}, civic.NewProblem(civic.RequestMalformed, errors.New("a notice of places beyond the limits"))
	}
	return n, nil
}

// JoinPlaces puts the pieces of a notice's list together and opens it; pieces
// are in order. Anything but what was signed is refused.
func JoinPlaces(n PlacesNotice, pieces [][]byte) ([]byte, error) {
	if len(pieces) != int(n.Parts) {
		return nil, civic.NewProblem(civic.RequestMalformed, errors.New("parts of a list of places are missing"))
	}
	sealed := bytes.Join(pieces, nil)
	if civic.Digest(sha256.Sum256(sealed)) != n.Sealed {
		return nil, civic.NewProblem(civic.StatementForged, errors.New("the parts are not what was signed"))
	}
	return OpenDown(n.Key, n.Serial, DownPlacesPart, sealed)
}
