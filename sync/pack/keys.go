package pack

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/seal"
)

// ID names a pack: random, 16 bytes.
type ID [16]byte

// Key opens the index layer of a pack.
type Key seal.Key

// Master makes the key of every person of a pack. The centre holds it; a kit
// has it only sealed to a supervisor.
type Master [32]byte

// PersonKey opens the person layer of one person in one pack.
type PersonKey [16]byte

// Names of what is derived; a name is never used twice.
const (
	infoPiece   = "askonce/pack/piece/v0"
	infoPerson  = "askonce/pack/person/v0"
	infoLayer   = "askonce/pack/layer/v0"
	infoLocator = "askonce/pack/locator/v0"
	infoWrap    = "askonce/pack/wrap/v0"
)

func derive(secret, salt []byte, length int, info string, more ...[]byte) []byte {
	name := []byte(info)
	for _, m := range more {
		name = append(name, m...)
	}
	k, err := hkdf.Key(sha256.New, secret, salt, string(name), length)
	if err != nil { // only for more than 255 hashes of output
		panic("pack: hkdf: " + err.Error())
	}
	return k
}

// PersonKey derives the key of one person.
func (m Master) PersonKey(pack ID, person civic.PersonID) PersonKey {
	return PersonKey(derive(m[:], nil, len(PersonKey{}), infoPerson, pack[:], person[:]))
}

// Sizes of a wrap: where to look, and the key under its pad.
const (
	locatorSize = 3
	wrapSize    = locatorSize + len(PersonKey{})
)

// Locator is where a receipt's wrap is looked for. Two receipts may share one.
type Locator [locatorSize]byte

// Wrap is a person's key as one receipt opens it: the key under a pad that only
// the receipt's secret gives, used for this receipt, pack and person alone. It
// is authentic because the piece around it is, and a wrong secret is found out
// when the layer does not open.
type Wrap struct {
	At     Locator
	Padded PersonKey
}

// NewWrap wraps a person's key for a receipt.
func NewWrap(key PersonKey, pack ID, person civic.PersonID, registration civic.RegistrationID, secret protocol.ClaimSecret) Wrap {
	return Wrap{At: LocatorOf(pack, registration, secret), Padded: pad(key, pack, person, registration, secret)}
}

// LocatorOf is where a receipt's wrap is looked for.
func LocatorOf(pack ID, registration civic.RegistrationID, secret protocol.ClaimSecret) Locator {
	return Locator(derive(secret[:], registration[:], locatorSize, infoLocator, pack[:]))
}

// Unwrap gives the key under a wrap; a wrong secret gives a wrong key.
func (w Wrap) Unwrap(pack ID, person civic.PersonID, registration civic.RegistrationID, secret protocol.ClaimSecret) PersonKey {
	return pad(w.Padded, pack, person, registration, secret)
}

func pad(key PersonKey, pack ID, person civic.PersonID, registration civic.RegistrationID, secret protocol.ClaimSecret) PersonKey {
	stream := derive(secret[:], registration[:], len(key), infoWrap, pack[:], person[:])
	for i := range key {
		key[i] ^= stream[i]
	}
	return key
}

// layerSeal is the seal of one person's layer in one piece. Its key is used
// once: a piece's salt is random, and a person stands in a piece once.
func layerSeal(key PersonKey, salt []byte) (cipher.AEAD, []byte, error) {
	aead, err := chacha20poly1305.New(derive(key[:], salt, chacha20poly1305.KeySize, infoLayer))
	return aead, make([]byte, chacha20poly1305.NonceSize), err
}

func sealLayer(plain []byte, key PersonKey, salt []byte, pack ID, person civic.PersonID) ([]byte, error) {
	aead, nonce, err := layerSeal(key, salt)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nonce, plain, append(pack[:], person[:]...)), nil
}

func openLayer(sealed []byte, key PersonKey, salt []byte, pack ID, person civic.PersonID) ([]byte, error) {
	aead, nonce, err := layerSeal(key, salt)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, sealed, append(pack[:], person[:]...))
	if err != nil {
		return nil, civic.NewProblem(civic.PersonShut, err)
	}
	return plain, nil
}

func pieceData(pack ID, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(infoPiece), pack[:]...), seq)
}

func sealPiece(plain []byte, key Key, pack ID, seq uint64, random io.Reader) ([]byte, error) {
	return seal.Key(key).Seal(plain, pieceData(pack, seq), random)
}

func openPiece(sealed []byte, key Key, pack ID, seq uint64) ([]byte, error) {
	if len(sealed) > MaxPiece {
		return nil, malformed(errors.New("a piece that is too large"))
	}
	plain, err := seal.Key(key).Open(sealed, pieceData(pack, seq))
	if err != nil {
		return nil, malformed(err)
	}
	return plain, nil
}

func malformed(err error) error { return civic.NewProblem(civic.PackDamaged, err) }
