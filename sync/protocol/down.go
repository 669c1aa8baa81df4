package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"io"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// Names of what is derived from a kit's secret; a name is never used twice.
const (
	infoSalt = "askonce/salt/v0"
	infoDown = "askonce/down/v0"
)

// SaltOf derives the salt of a kit's counter-th registration: HKDF-SHA256 of
// the kit's secret. It never travels.
func SaltOf(kitSecret []byte, counter uint64) [32]byte {
	info := string(binary.BigEndian.AppendUint64([]byte(infoSalt), counter))
	return derive(kitSecret, info)
}

// SealDown seals the body of a message to one kit (package seal). Number and kind
// are bound to it.
func SealDown(kitSecret []byte, seq uint64, kind DownKind, plain []byte, rand io.Reader) ([]byte, error) {
	return seal.Key(derive(kitSecret, infoDown)).Seal(plain, downData(seq, kind), rand)
}

// OpenDown opens what SealDown sealed; civic.StatementForged if it was sealed
// with another secret, number or kind, or changed.
func OpenDown(kitSecret []byte, seq uint64, kind DownKind, sealed []byte) ([]byte, error) {
	plain, err := seal.Key(derive(kitSecret, infoDown)).Open(sealed, downData(seq, kind))
	if err != nil {
		return nil, civic.NewProblem(civic.StatementForged, err)
	}
	return plain, nil
}

func downData(seq uint64, kind DownKind) []byte {
	return append(binary.BigEndian.AppendUint64([]byte(infoDown), seq), byte(kind))
}

func derive(secret []byte, info string) [32]byte {
	k, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil { // only for more than 255 hashes of output, or a FIPS refusal of the key
		panic("protocol: hkdf: " + err.Error())
	}
	return [32]byte(k)
}
