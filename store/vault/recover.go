package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
)

// A forgotten passphrase, or an officer who is gone, loses nothing: the registry
// opens the wrapped keys with its recovery identity and wraps them to a new
// officer. No row is touched.

// Wrapped is one key of the vault as an age file.
type Wrapped struct {
	N    int64
	File []byte
}

// Request prepares a new officer, who cannot open anything yet, and gives his
// recipient with the wrapped keys for the registry. It needs no passphrase but
// the new one. A second request replaces the first.
func (v *Vault) Request(ctx context.Context, name, passphrase string) (recipient string, keys []Wrapped, err error) {
	if err := v.free(ctx, passphrase, 0); err != nil {
		return "", nil, err
	}
	o, err := v.newOfficer(passphrase)
	if err != nil {
		return "", nil, err
	}
	err = v.Update(ctx, func(tx *Tx) error {
		if err := tx.Put(Outer, "m", rowWaiting, o.encode(name)); err != nil {
			return err
		}
		return tx.Query("SELECT n,w,y FROM k ORDER BY n", func(scan func(...any) error) error {
			var w Wrapped
			var again []byte
			err := scan(&w.N, &w.File, &again)
			keys = append(keys, w)
			if len(again) > 0 && !bytes.Equal(w.File, again) { // one of them is damaged
				keys = append(keys, Wrapped{w.N, again})
			}
			return err
		})
	})
	return o.recipient, keys, err
}

// Apply takes in what the registry released to the new officer and unlocks the
// vault for him. Keys that are not the vault's own are refused whole with
// civic.RowDamaged, and nothing changes.
func (v *Vault) Apply(ctx context.Context, passphrase string, keys []Wrapped) error {
	var o newOfficer
	var name string
	if err := v.View(ctx, func(tx *Tx) error {
		b, ok, err := tx.Get("m", rowWaiting)
		if err == nil && !ok {
			err = civic.NewProblem(civic.WrongUse, nil, "Nobody asked for recovery on this kit.")
		}
		if err == nil {
			o, name, err = decodeOfficer(b)
		}
		return err
	}); err != nil {
		return err
	}
	id, err := openIdentity(o.file, passphrase)
	if err != nil {
		return err
	}
	return v.Update(ctx, func(tx *Tx) error {
		before := v.ring
		err := tx.apply(o, name, id, keys)
		if err != nil {
			v.ring = before
		}
		return err
	})
}

func (tx *Tx) apply(o newOfficer, name string, id age.Identity, keys []Wrapped) error {
	type place struct{ kind, day int64 }
	places := map[int64]place{}
	if err := tx.Query("SELECT n,t,d FROM k", func(scan func(...any) error) error {
		var n int64
		var p place
		err := scan(&n, &p.kind, &p.day)
		places[n] = p
		return err
	}); err != nil {
		return err
	}
	r := &ring{officer: o.id(), row: o.row, name: name, keys: map[int64]*dataKey{}, sick: map[int64]bool{}}
	for _, w := range keys {
		p, ok := places[w.N]
		if !ok {
			continue // forgotten since the request
		}
		k, err := unwrapKey(w.File, w.N, Key(p.kind), p.day, id)
		if err != nil {
			return civic.NewProblem(civic.RowDamaged, err)
		}
		r.add(k)
		delete(places, w.N)
	}
	for n := range places {
		r.sick[n] = true // made after the request, or damaged: its day stays closed for him
	}
	if r.kit == nil {
		return civic.NewProblem(civic.RowDamaged, errors.New("the kit key was not released"))
	}
	tx.v.ring = r
	lookup, ok, err := tx.Get("m", rowLookup)
	if err != nil || !ok || len(lookup) != keyLen {
		return errors.Join(civic.NewProblem(civic.RowDamaged, errors.New("the kit key is another one")), err)
	}
	r.lookup = lookup
	if err := tx.insertOfficer(o, name); err != nil {
		return err
	}
	if _, err := tx.Exec("DELETE FROM m WHERE n IN (?1,?2)", rowWaiting, rowWaiting+mirror); err != nil {
		return err
	}
	if err := tx.Put(Outer, "m", rowLast, binary.BigEndian.AppendUint64(nil, uint64(o.row))); err != nil {
		return err
	}
	return tx.rewrap()
}

// encode lays an officer flat: row, then file, recipient and name, each behind
// its length in two bytes.
func (o newOfficer) encode(name string) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(o.row))
	for _, piece := range [][]byte{o.file, []byte(o.recipient), []byte(name)} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(piece)))
		b = append(b, piece...)
	}
	return b
}

func decodeOfficer(b []byte) (o newOfficer, name string, err error) {
	broken := civic.NewProblem(civic.RowDamaged, errors.New("no officer is waiting"))
	if len(b) < 8 {
		return o, "", broken
	}
	o.row = int64(binary.BigEndian.Uint64(b))
	b = b[8:]
	var pieces [3][]byte
	for i := range pieces {
		if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
			return o, "", broken
		}
		n := int(binary.BigEndian.Uint16(b))
		pieces[i], b = b[2:2+n], b[2+n:]
	}
	o.file, o.recipient = pieces[0], string(pieces[1])
	return o, string(pieces[2]), nil
}

func rowOf(id civic.OfficerID) int64 { return int64(binary.BigEndian.Uint64(id[:])) }

// Recipient is that of the officer at work: what a registry releases to him is
// wrapped to it.
func (v *Vault) Recipient(ctx context.Context) (recipient string, err error) {
	err = v.View(ctx, func(tx *Tx) error {
		if v.ring == nil {
			return locked()
		}
		_, err := tx.One("SELECT r FROM p WHERE n=?1", []any{v.ring.row}, &recipient)
		return err
	})
	return recipient, err
}

// OpenReleased opens a file that was wrapped to the officer at work.
func (v *Vault) OpenReleased(ctx context.Context, passphrase string, file []byte) ([]byte, error) {
	id, _, err := v.ownIdentity(ctx, passphrase)
	if err != nil {
		return nil, err
	}
	plain, err := openAge(file, id)
	if err != nil {
		return nil, civic.NewProblem(civic.RecoveryForeign, err)
	}
	return plain, nil
}
