package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/askonce/fieldkit/sync/civic"
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

// SealDown seals the body of a message to one kit: 24 random bytes, then
// XChaCha20-Poly1305 of plain. Number and kind are bound to it.
func SealDown(kitSecret []byte, seq uint64, kind DownKind, plain []byte, rand io.Reader) ([]byte, error) {
	key := derive(kitSecret, infoDown)
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := io.ReadFull(rand, sealed); err != nil {
		return nil, err
	}
	return aead.Seal(sealed, sealed, plain, downData(seq, kind)), nil
}

// OpenDown opens what SealDown sealed; civic.StatementForged if it was sealed
// with another secret, number or kind, or changed.
func OpenDown(kitSecret []byte, seq uint64, kind DownKind, sealed []byte) ([]byte, error) {
	key := derive(kitSecret, infoDown)
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize()+aead.Overhead() {
		return nil, civic.NewProblem(civic.StatementForged, errors.New("too short"))
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], downData(seq, kind))
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
