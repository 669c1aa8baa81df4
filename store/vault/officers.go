package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
)

// found lays the ground of a new vault: outer key, first officer, kit key.
func (v *Vault) found(ctx context.Context, name, passphrase, recovery string) error {
	if _, err := age.ParseHybridRecipient(recovery); err != nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	outer := make([]byte, 2*keyLen)
	if _, err := io.ReadFull(v.options.Rand, outer); err != nil {
		return err
	}
	var err error
	if v.outer, err = newDataKey(0, Outer, 0, outer[:keyLen]); err != nil {
		return err
	}
	v.outerName = outer[keyLen:]
	lookup := make([]byte, keyLen)
	if _, err := io.ReadFull(v.options.Rand, lookup); err != nil {
		return err
	}
	o, err := v.newOfficer(passphrase)
	if err != nil {
		return err
	}
	v.ring = &ring{officer: o.id(), row: o.row, name: name, lookup: lookup, keys: map[int64]*dataKey{}}
	err = v.Update(ctx, func(tx *Tx) error {
		for _, n := range []int64{rowOuter, rowOuter + mirror} {
			if _, err := tx.Exec("INSERT INTO m(n,v,e,s) VALUES(?1,0,-1,?2)", n, append(bytes.Clone(outer), outerSum(outer)...)); err != nil {
				return err
			}
		}
		if err := tx.Put(Outer, "m", rowRecovery, []byte(recovery)); err != nil {
			return err
		}
		// The officer's row needs the kit key, and the kit key the officer's
		// recipient: the row goes in first, its name after.
		if _, err := tx.Exec("INSERT INTO p(n,v,e,s,f,g,r) VALUES(?1,0,0,x'',?2,?2,?3)", o.row, o.file, o.recipient); err != nil {
			return err
		}
		if _, err := tx.mint(Kit, 0); err != nil {
			return err
		}
		if err := tx.putOfficer(o.row, name); err != nil {
			return err
		}
		if err := tx.Put(Kit, "m", rowLookup, lookup); err != nil {
			return err
		}
		return tx.Put(Outer, "m", rowLast, binary.BigEndian.AppendUint64(nil, uint64(o.row)))
	})
	if err != nil {
		v.ring = nil
	}
	return err
}

type newOfficer struct {
	row       int64
	file      []byte // age scrypt file of the identity
	recipient string
}

func (o newOfficer) id() civic.OfficerID {
	return civic.OfficerID(binary.BigEndian.AppendUint64(nil, uint64(o.row)))
}

func (v *Vault) newOfficer(passphrase string) (newOfficer, error) {
	if err := CheckPassphrase(passphrase); err != nil {
		return newOfficer{}, err
	}
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return newOfficer{}, err
	}
	file, err := v.lockIdentity(id, passphrase)
	if err != nil {
		return newOfficer{}, err
	}
	var row [8]byte
	if _, err := io.ReadFull(v.options.Rand, row[:]); err != nil {
		return newOfficer{}, err
	}
	return newOfficer{int64(binary.BigEndian.Uint64(row[:]) >> 1), file, id.Recipient().String()}, nil
}

func (tx *Tx) putOfficer(row int64, name string) error {
	r, err := tx.Seal(Kit, "p", row, 1, []byte(name))
	if err != nil {
		return err
	}
	_, err = tx.Exec("UPDATE p SET v=?2, e=?3, s=?4 WHERE n=?1", row, r.Version, r.Key, r.Sealed)
	return err
}

func (tx *Tx) recoveryOnly() (age.Recipient, error) {
	plain, ok, err := tx.Get("m", rowRecovery)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, civic.NewProblem(civic.RowDamaged, errors.New("no recovery recipient"))
	}
	return age.ParseHybridRecipient(string(plain))
}

// recipients are everyone a key is wrapped to: each officer, and recovery.
func (tx *Tx) recipients() ([]age.Recipient, error) {
	recovery, err := tx.recoveryOnly()
	if err != nil {
		return nil, err
	}
	to := []age.Recipient{recovery}
	err = tx.Query("SELECT r FROM p ORDER BY n", func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		// One whose recipient is damaged does not keep the others from new
		// keys; it is mended when he unlocks.
		if r, err := age.ParseHybridRecipient(text); err == nil {
			to = append(to, r)
		}
		return nil
	})
	return to, err
}

// Unlock opens the keys with an officer's passphrase: the one who unlocked last
// is tried first. A wrong passphrase is civic.WrongPassphrase.
func (v *Vault) Unlock(ctx context.Context, passphrase string) error {
	type candidate struct {
		row  int64
		file []byte
		copy []byte
	}
	var all []candidate
	err := v.View(ctx, func(tx *Tx) error {
		last, _, err := tx.Get("m", rowLast)
		if err != nil {
			last = nil // only an order; a damaged one must keep nobody out
		}
		return tx.Query("SELECT n,f,g FROM p ORDER BY n", func(scan func(...any) error) error {
			var c candidate
			if err := scan(&c.row, &c.file, &c.copy); err != nil {
				return err
			}
			all = append(all, c)
			if len(last) == 8 && int64(binary.BigEndian.Uint64(last)) == c.row {
				all[0], all[len(all)-1] = all[len(all)-1], all[0]
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	var damaged error
	for _, c := range all {
		id, err := openEither(c.file, c.copy, passphrase)
		switch civic.CodeOf(err) {
		case civic.WrongPassphrase:
			continue
		case civic.RowDamaged:
			damaged = err // of this officer; the others come in
			continue
		}
		if err != nil {
			return err
		}
		return v.load(ctx, c.row, id)
	}
	if damaged != nil {
		return damaged
	}
	return civic.NewProblem(civic.WrongPassphrase, nil)
}

// load unwraps every key. A day key that is damaged costs its day, which
// recovery may still open; the rest is usable.
func (v *Vault) load(ctx context.Context, row int64, id *age.HybridIdentity) error {
	r := &ring{officer: newOfficer{row: row}.id(), row: row, keys: map[int64]*dataKey{}, sick: map[int64]bool{}}
	return v.Update(ctx, func(tx *Tx) error {
		err := tx.Query("SELECT n,t,d,w,y FROM k ORDER BY n", func(scan func(...any) error) error {
			var n, kind, day int64
			var w, y []byte
			if err := scan(&n, &kind, &day, &w, &y); err != nil {
				return err
			}
			k, err := unwrapEither(w, y, n, Key(kind), day, id)
			if r.sick[n] = err != nil; !r.sick[n] {
				r.add(k)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if r.kit == nil {
			return civic.NewProblem(civic.RowDamaged, errors.New("the kit key does not open"))
		}
		v.ring = r
		if _, err := tx.Exec("UPDATE p SET r=?2 WHERE n=?1 AND r<>?2", row, id.Recipient().String()); err != nil {
			return err
		}
		err = tx.settle(r)
		if err != nil {
			r.wipe()
			v.ring = nil
		}
		return err
	})
}

func (tx *Tx) settle(r *ring) error {
	lookup, ok, err := tx.Get("m", rowLookup)
	if err != nil {
		return err
	}
	if !ok || len(lookup) != keyLen {
		return civic.NewProblem(civic.RowDamaged, errors.New("no lookup key"))
	}
	r.lookup = lookup
	var p Row
	p.N = r.row
	if _, err := tx.One("SELECT v,e,s FROM p WHERE n=?1", []any{p.N}, &p.Version, &p.Key, &p.Sealed); err != nil {
		return err
	}
	key, err := tx.keyOf(p.Key)
	if err != nil {
		return err
	}
	if name, err := tx.v.openWith(key.aead, "p", p); err == nil {
		r.name = string(name)
	}
	return tx.Put(Outer, "m", rowLast, binary.BigEndian.AppendUint64(nil, uint64(r.row)))
}

// Lock drops the keys from memory.
func (v *Vault) Lock() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ring != nil {
		v.ring.wipe()
		v.ring = nil
	}
}

// Unlocked tells whether the keys are in memory.
func (v *Vault) Unlocked() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ring != nil
}

// Officer tells who unlocked the vault; zero while it is locked.
func (v *Vault) Officer() (civic.OfficerID, string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ring == nil {
		return civic.OfficerID{}, ""
	}
	return v.ring.officer, v.ring.name
}

// Officer is who unlocked the vault this transaction runs in.
func (tx *Tx) Officer() civic.OfficerID {
	if tx.v.ring == nil {
		return civic.OfficerID{}
	}
	return tx.v.ring.officer
}
