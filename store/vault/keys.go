package vault

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/askonce/fieldkit/sync/civic"
)

const secondsADay = 86400

// Key says which of the vault's keys a row is sealed with.
type Key uint8

// The kinds of key.
const (
	// Outer is there without a passphrase. It hides words from who searches the
	// disk and shows damage; it is no secret from who holds the folder.
	Outer Key = iota
	// Kit lives as long as the kit; officers and recovery can open it.
	Kit
	// Day is today's key, made when first needed; destroying it forgets the day.
	Day
)

// Rows of table m that belong to the vault; the store's own start at 16.
const (
	rowOuter    = 1 // the outer key itself, not sealed
	rowRecovery = 2 // recovery recipient (outer)
	rowLookup   = 3 // key of the pseudonyms (kit)
	rowLast     = 4 // row of the officer who unlocked last (outer)
	rowWaiting  = 5 // the officer whom a recovery will let in (outer)
	// FirstRow is the first number of table m that is free for the store.
	FirstRow = 16
)

type dataKey struct {
	n    int64
	kind Key
	day  int64
	raw  [keyLen]byte
	aead cipher.AEAD
}

func newDataKey(n int64, kind Key, day int64, raw []byte) (*dataKey, error) {
	k := &dataKey{n: n, kind: kind, day: day}
	if copy(k.raw[:], raw) != keyLen {
		return nil, errors.New("a key has 32 bytes")
	}
	var err error
	k.aead, err = chacha20poly1305.NewX(k.raw[:])
	return k, err
}

// ring is what an unlocked vault holds in memory.
type ring struct {
	officer civic.OfficerID
	row     int64
	name    string
	lookup  []byte
	keys    map[int64]*dataKey
	sick    map[int64]bool // keys whose wrapping is damaged
	kit     *dataKey       // the newest kit key
	today   *dataKey       // the last day key used
}

func (r *ring) add(k *dataKey) {
	r.keys[k.n] = k
	if k.kind == Kit && (r.kit == nil || r.kit.n < k.n) {
		r.kit = k
	}
}

func (r *ring) drop(n int64) {
	if r == nil {
		return
	}
	if k := r.keys[n]; k != nil {
		clear(k.raw[:])
	}
	delete(r.keys, n)
	if r.today != nil && r.today.n == n {
		r.today = nil
	}
	if r.kit != nil && r.kit.n == n {
		r.kit = nil
		for _, k := range r.keys {
			r.add(k)
		}
	}
}

func (r *ring) wipe() {
	clear(r.lookup)
	for _, k := range r.keys {
		clear(k.raw[:])
	}
}

func locked() error { return civic.NewProblem(civic.Locked, nil) }

func (tx *Tx) key(k Key) (*dataKey, error) {
	v := tx.v
	if k == Outer {
		return v.outer, nil
	}
	if v.ring == nil {
		return nil, locked()
	}
	if k == Kit {
		return v.ring.kit, nil
	}
	today := v.options.Clock().Unix() / secondsADay
	if t := v.ring.today; t != nil && t.day == today {
		return t, nil
	}
	var best *dataKey
	for _, have := range v.ring.keys {
		if have.kind == Day && have.day == today && (best == nil || best.n < have.n) {
			best = have
		}
	}
	if best == nil {
		var err error
		if best, err = tx.mint(Day, today); err != nil {
			return nil, err
		}
	}
	v.ring.today = best
	return best, nil
}

// Number is the key that Seal would use now.
func (tx *Tx) Number(k Key) (int64, error) {
	key, err := tx.key(k)
	if err != nil {
		return 0, err
	}
	return key.n, nil
}

// mint makes a key, wraps it to everyone and stores it in this transaction.
func (tx *Tx) mint(kind Key, day int64) (*dataKey, error) {
	// Numbers are never used twice, or new rows could pass for rows of a key
	// that was destroyed.
	var n int64
	if _, err := tx.One("SELECT seq FROM sqlite_sequence WHERE name='k'", nil, &n); err != nil {
		return nil, err
	}
	n++
	raw := make([]byte, keyLen)
	if _, err := io.ReadFull(tx.v.options.Rand, raw); err != nil {
		return nil, err
	}
	k, err := newDataKey(n, kind, day, raw)
	if err != nil {
		return nil, err
	}
	to, err := tx.recipients()
	if err != nil {
		return nil, err
	}
	wrapped, err := wrapKey(k, to)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec("INSERT INTO k(n,t,d,w,y) VALUES(?1,?2,?3,?4,?4)", k.n, int64(kind), day, wrapped); err != nil {
		return nil, err
	}
	tx.v.ring.add(k)
	tx.minted = append(tx.minted, k.n)
	return k, nil
}

// keyOf finds the key that a row names.
func (tx *Tx) keyOf(n int64) (*dataKey, error) {
	if n == 0 {
		return tx.v.outer, nil
	}
	if tx.v.ring == nil {
		return nil, locked()
	}
	if k, ok := tx.v.ring.keys[n]; ok {
		return k, nil
	}
	if tx.v.ring.sick[n] {
		return nil, civic.NewProblem(civic.RowDamaged, fmt.Errorf("key %d does not open", n))
	}
	return nil, ErrForgotten
}

// ErrForgotten tells that a row's key was destroyed.
var ErrForgotten = errors.New("the key of this row was destroyed")

// DestroyKey forgets everything sealed with key n once the transaction holds
// and the log was emptied (Checkpoint).
func (tx *Tx) DestroyKey(n int64) error {
	_, err := tx.Exec("DELETE FROM k WHERE n=?1 AND t=?2", n, int64(Day))
	tx.dropped = append(tx.dropped, n)
	return err
}

// DayKeys lists the day keys with their days since 1970, oldest first.
func (tx *Tx) DayKeys(each func(n, day int64) error) error {
	type pair struct{ n, day int64 }
	var all []pair
	err := tx.Query("SELECT n,d FROM k WHERE t=?1 ORDER BY n", func(scan func(...any) error) error {
		var p pair
		err := scan(&p.n, &p.day)
		all = append(all, p)
		return err
	}, int64(Day))
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := each(p.n, p.day); err != nil {
			return err
		}
	}
	return nil
}

// Name gives the row number that stands for a name in a table: with Outer
// anyone who holds the folder can compute it, with Kit only an unlocked vault.
func (tx *Tx) Name(k Key, table string, name []byte) (int64, error) {
	if k == Outer {
		return pseudonym(tx.v.outerName, table, name), nil
	}
	if tx.v.ring == nil {
		return 0, locked()
	}
	return pseudonym(tx.v.ring.lookup, table, name), nil
}

func (v *Vault) loadOuter(ctx context.Context) error {
	return v.View(ctx, func(tx *Tx) error {
		for _, n := range []int64{rowOuter, rowOuter + mirror} {
			var raw []byte
			if _, err := tx.One("SELECT s FROM m WHERE n=?1", []any{n}, &raw); err != nil {
				return err
			}
			// The first schema had no sum and no second copy.
			if len(raw) == 2*keyLen || (len(raw) == outerLen && bytes.Equal(raw[2*keyLen:], outerSum(raw))) {
				var err error
				v.outer, err = newDataKey(0, Outer, 0, raw[:keyLen])
				v.outerName = raw[keyLen : 2*keyLen]
				return err
			}
		}
		return civic.NewProblem(civic.StoreDamaged, errors.New("no outer key"), "")
	})
}

// outerLen is the outer key, the key of its names, and the first bytes of their
// sum: nothing else would tell that a bit of it has changed.
const outerLen = 2*keyLen + 8

func outerSum(outer []byte) []byte {
	sum := sha256.Sum256(outer[:2*keyLen])
	return sum[:outerLen-2*keyLen]
}
