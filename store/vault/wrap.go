package vault

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// A wrapped key is an age file over kind (1 byte), number and day (8 bytes
// each, big-endian) and the key's 32 bytes, so that keys cannot change places.
const wrappedLen = 1 + 8 + 8 + keyLen

// maxWrapped bounds what is read out of an age file of the vault.
const maxWrapped = 1 << 16

func wrapKey(k *dataKey, to []age.Recipient) ([]byte, error) {
	plain := make([]byte, 0, wrappedLen)
	plain = append(plain, byte(k.kind))
	plain = binary.BigEndian.AppendUint64(plain, uint64(k.n))
	plain = binary.BigEndian.AppendUint64(plain, uint64(k.day))
	plain = append(plain, k.raw[:]...)
	return sealAge(plain, to...)
}

// unwrapEither opens a key that lies twice; the copies differ only when one is
// damaged.
func unwrapEither(w, y []byte, n int64, kind Key, day int64, id age.Identity) (*dataKey, error) {
	k, err := unwrapKey(w, n, kind, day, id)
	if err != nil && len(y) > 0 && !bytes.Equal(w, y) {
		return unwrapKey(y, n, kind, day, id)
	}
	return k, err
}

func unwrapKey(wrapped []byte, n int64, kind Key, day int64, id age.Identity) (*dataKey, error) {
	plain, err := openAge(wrapped, id)
	if err != nil {
		return nil, err
	}
	if len(plain) != wrappedLen || plain[0] != byte(kind) ||
		binary.BigEndian.Uint64(plain[1:]) != uint64(n) || binary.BigEndian.Uint64(plain[9:]) != uint64(day) {
		return nil, fmt.Errorf("key %d is not what its row says", n)
	}
	return newDataKey(n, kind, day, plain[17:])
}

func sealAge(plain []byte, to ...age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func openAge(file []byte, ids ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(file), ids...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxWrapped))
}

// keysFormat is the first byte of a list of keys; 0 before version 1, when
// nothing else was different.
const keysFormat = 1

// packKeys lays keys flat for a Keys file: the outer key, the key of its names,
// then each key as wrapKey lays it. A year of days is some 18 kB.
func packKeys(outer *dataKey, outerName []byte, r *ring) []byte {
	b := append([]byte{keysFormat}, outer.raw[:]...)
	b = append(b, outerName...)
	for _, k := range r.keys {
		b = append(b, byte(k.kind))
		b = binary.BigEndian.AppendUint64(b, uint64(k.n))
		b = binary.BigEndian.AppendUint64(b, uint64(k.day))
		b = append(b, k.raw[:]...)
	}
	return b
}

func unpackKeys(b []byte) (map[int64]*dataKey, error) {
	const head = 1 + 2*keyLen
	if len(b) < head || b[0] > keysFormat || (len(b)-head)%wrappedLen != 0 {
		return nil, errors.New("this is no list of keys")
	}
	outer, err := newDataKey(0, Outer, 0, b[1:1+keyLen])
	if err != nil {
		return nil, err
	}
	keys := map[int64]*dataKey{0: outer}
	for b = b[head:]; len(b) > 0; b = b[wrappedLen:] {
		n := int64(binary.BigEndian.Uint64(b[1:]))
		k, err := newDataKey(n, Key(b[0]), int64(binary.BigEndian.Uint64(b[9:])), b[17:wrappedLen])
		if err != nil {
			return nil, err
		}
		keys[n] = k
	}
	return keys, nil
}
