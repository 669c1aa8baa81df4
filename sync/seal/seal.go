// Package seal is the seal of what is kept or sent closed: 24 random bytes, then
// XChaCha20-Poly1305 of the text, with data bound to it that does not travel.
// It knows nothing else: whose key it is, what is bound and which problem a
// person is told when a seal does not open is the caller's.
//
// Kept rows and sent files were sealed so; the bytes stay as they are for ever.
// The vault of a kit (store/vault) seals rows the same way, but pads them first
// and within one buffer, which is why it does so itself.
package seal

import (
	"crypto/cipher"
	"errors"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// Key seals and opens. A key that seals has one purpose, which its derivation
// names; 24 random bytes each time make that safe for any number of texts.
type Key [chacha20poly1305.KeySize]byte

// Cost is how many bytes sealing adds to a text.
const Cost = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// errShort tells of bytes that cannot be a seal.
var errShort = errors.New("shorter than a seal")

// Seal seals plain with bound bound to it: len(plain)+Cost bytes. It fails only
// when random does.
func (k Key) Seal(plain, bound []byte, random io.Reader) ([]byte, error) {
	sealed := make([]byte, chacha20poly1305.NonceSizeX, len(plain)+Cost)
	if _, err := io.ReadFull(random, sealed); err != nil {
		return nil, err
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	return aead.Seal(sealed, sealed, plain, bound), nil
}

// Open opens what Seal made with the same key and the same bound; anything else
// is an error that says nothing of the text. How long sealed may be is for the
// caller to bound.
func (k Key) Open(sealed, bound []byte) ([]byte, error) {
	if len(sealed) < Cost {
		return nil, errShort
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	return aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], bound)
}

func (k Key) aead() (cipher.AEAD, error) { return chacha20poly1305.NewX(k[:]) }
