package vault

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/askonce/fieldkit/sync/civic"
)

// Bytes of a sealed row: nonce, ciphertext of the padded text, tag. The padding
// is one byte 0x80 and then zeros up to the next multiple of padTo.
const (
	padTo    = 32
	nonceLen = chacha20poly1305.NonceSizeX
	keyLen   = chacha20poly1305.KeySize
)

// Row is one sealed row as it lies in a table.
type Row struct {
	N       int64
	Version int64
	Key     int64 // row of k, 0 for the outer key
	Sealed  []byte
}

// Damaged tells that a row's bytes are not what was sealed there. The row is
// set aside as evidence when the transaction ends.
type Damaged struct {
	Table string
	N     int64
}

func (d *Damaged) Error() string { return fmt.Sprintf("row %d of table %s is damaged", d.N, d.Table) }

// Unwrap makes it the civic problem that people see.
func (d *Damaged) Unwrap() error { return civic.NewProblem(civic.RowDamaged, nil) }

func bind(dst []byte, table string, n, version, key int64) []byte {
	dst = append(dst, table...)
	dst = append(dst, 0)
	dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	dst = binary.BigEndian.AppendUint64(dst, uint64(version))
	return binary.BigEndian.AppendUint64(dst, uint64(key))
}

func (v *Vault) sealWith(aead cipher.AEAD, table string, n, version, key int64, plain []byte) (Row, error) {
	padded := (len(plain)/padTo + 1) * padTo
	out := make([]byte, nonceLen+padded, nonceLen+padded+aead.Overhead())
	if _, err := v.options.Rand.Read(out[:nonceLen]); err != nil {
		return Row{}, fmt.Errorf("no randomness: %w", err)
	}
	body := out[nonceLen:]
	copy(body, plain)
	body[len(plain)] = 0x80
	aead.Seal(body[:0], out[:nonceLen], body, bind(v.room[:0], table, n, version, key))
	return Row{N: n, Version: version, Key: key, Sealed: out[:cap(out)]}, nil
}

func (v *Vault) openWith(aead cipher.AEAD, table string, r Row) ([]byte, error) {
	if len(r.Sealed) < nonceLen+padTo+aead.Overhead() {
		return nil, &Damaged{table, r.N}
	}
	plain, err := aead.Open(nil, r.Sealed[:nonceLen], r.Sealed[nonceLen:], bind(v.room[:0], table, r.N, r.Version, r.Key))
	if err != nil {
		return nil, &Damaged{table, r.N}
	}
	end := len(plain) - 1
	for end >= 0 && plain[end] == 0 {
		end--
	}
	if end < 0 || plain[end] != 0x80 {
		return nil, &Damaged{table, r.N}
	}
	return plain[:end], nil
}

// pseudonym gives the row number that stands for a name under a key: random to
// who does not hold the key, the same each time to who does.
func pseudonym(key []byte, table string, name []byte) int64 {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(table))
	h.Write([]byte{0})
	h.Write(name)
	var sum [sha256.Size]byte
	return int64(binary.BigEndian.Uint64(h.Sum(sum[:0])) >> 1)
}

// Opener opens rows beside a transaction, one goroutine each; it notes no damage.
type Opener struct {
	keys map[int64]*dataKey
	room Vault // only for its scratch
}

// Opener takes the keys of an unlocked vault as they are now.
func (tx *Tx) Opener() *Opener {
	o := &Opener{keys: map[int64]*dataKey{0: tx.v.outer}}
	if tx.v.ring != nil {
		for n, k := range tx.v.ring.keys {
			o.keys[n] = k
		}
	}
	return o
}

// Opener gives another one with the same keys, for another goroutine.
func (o *Opener) Opener() *Opener { return &Opener{keys: o.keys} }

// Open opens a row; one whose key is not there is ErrForgotten.
func (o *Opener) Open(table string, r Row) ([]byte, error) {
	k, ok := o.keys[r.Key]
	if !ok {
		return nil, ErrForgotten
	}
	return o.room.openWith(k.aead, table, r)
}
