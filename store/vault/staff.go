package vault

import (
	"context"
	"errors"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
)

// Officer is who may unlock the vault.
type Officer struct {
	ID   civic.OfficerID
	Name string
}

// Officers lists who may unlock the vault. One whose name is damaged is listed
// without it.
func (v *Vault) Officers(ctx context.Context) ([]Officer, error) {
	var all []Officer
	err := v.View(ctx, func(tx *Tx) error {
		if v.ring == nil {
			return locked()
		}
		return tx.Query("SELECT n,v,e,s FROM p ORDER BY n", func(scan func(...any) error) error {
			var r Row
			if err := scan(&r.N, &r.Version, &r.Key, &r.Sealed); err != nil {
				return err
			}
			o := Officer{ID: newOfficer{row: r.N}.id()}
			if key, err := tx.keyOf(r.Key); err == nil {
				if name, err := v.openWith(key.aead, "p", r); err == nil {
					o.Name = string(name)
				}
			}
			all = append(all, o)
			return nil
		})
	})
	return all, err
}

// AddOfficer lets another person unlock the vault: every key is wrapped anew, to
// him too.
func (v *Vault) AddOfficer(ctx context.Context, name, passphrase string) (civic.OfficerID, error) {
	if !v.Unlocked() {
		return civic.OfficerID{}, locked()
	}
	if err := v.free(ctx, passphrase, 0); err != nil {
		return civic.OfficerID{}, err
	}
	o, err := v.newOfficer(passphrase)
	if err != nil {
		return civic.OfficerID{}, err
	}
	err = v.Update(ctx, func(tx *Tx) error {
		if v.ring == nil {
			return locked()
		}
		if err := tx.insertOfficer(o, name); err != nil {
			return err
		}
		return tx.rewrap()
	})
	return o.id(), err
}

// free refuses a passphrase that opens the vault already: with one for two, who
// came in could not be told, and ending one's access would not end it. The row
// except is passed over: an officer's own.
func (v *Vault) free(ctx context.Context, passphrase string, except int64) error {
	var files [][2][]byte
	err := v.View(ctx, func(tx *Tx) error {
		return tx.Query("SELECT f,g FROM p WHERE n<>?1", func(scan func(...any) error) error {
			var f [2][]byte
			err := scan(&f[0], &f[1])
			files = append(files, f)
			return err
		}, except)
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := openEither(f[0], f[1], passphrase); err == nil {
			return civic.NewProblem(civic.PassphraseTaken, nil)
		}
	}
	return nil
}

func (tx *Tx) insertOfficer(o newOfficer, name string) error {
	if _, err := tx.Exec("INSERT INTO p(n,v,e,s,f,g,r) VALUES(?1,0,0,x'',?2,?2,?3)", o.row, o.file, o.recipient); err != nil {
		return err
	}
	return tx.putOfficer(o.row, name)
}

// RemoveOfficer ends a person's access: the keys are wrapped to the others only,
// and what is written from now on is sealed with new ones. Nobody can remove
// himself, so that the vault always has an officer.
func (v *Vault) RemoveOfficer(ctx context.Context, id civic.OfficerID) error {
	err := v.Update(ctx, func(tx *Tx) error {
		if v.ring == nil {
			return locked()
		}
		if id == v.ring.officer {
			return civic.NewProblem(civic.WrongUse, nil, "An officer cannot remove himself.")
		}
		n, err := tx.Exec("DELETE FROM p WHERE n=?1", rowOf(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.WrongUse, nil, "This kit knows no such officer.")
		}
		if err := tx.rewrap(); err != nil {
			return err
		}
		if _, err := tx.mint(Kit, 0); err != nil {
			return err
		}
		today := v.options.Clock().Unix() / secondsADay
		_, err = tx.mint(Day, today)
		v.ring.today = nil
		return err
	})
	if err != nil {
		return err
	}
	return v.Checkpoint(ctx) // the old wrappings leave the log
}

// ChangePassphrase gives the officer who is at work another passphrase. The
// identity stays, so no key is wrapped anew.
func (v *Vault) ChangePassphrase(ctx context.Context, old, new string) error {
	if err := CheckPassphrase(new); err != nil {
		return err
	}
	id, row, err := v.ownIdentity(ctx, old)
	if err != nil {
		return err
	}
	if err := v.free(ctx, new, row); err != nil {
		return err
	}
	file, err := v.lockIdentity(id, new)
	if err != nil {
		return err
	}
	if err := v.Update(ctx, func(tx *Tx) error {
		_, err := tx.Exec("UPDATE p SET f=?2, g=?2 WHERE n=?1", row, file)
		return err
	}); err != nil {
		return err
	}
	return v.Checkpoint(ctx)
}

func (v *Vault) ownIdentity(ctx context.Context, passphrase string) (*age.HybridIdentity, int64, error) {
	var row int64
	var file, again []byte
	if err := v.View(ctx, func(tx *Tx) error {
		if v.ring == nil {
			return locked()
		}
		row = v.ring.row
		ok, err := tx.One("SELECT f,g FROM p WHERE n=?1", []any{row}, &file, &again)
		if err == nil && !ok {
			err = civic.NewProblem(civic.RowDamaged, errors.New("no officer of this number"))
		}
		return err
	}); err != nil {
		return nil, 0, err
	}
	id, err := openEither(file, again, passphrase)
	return id, row, err
}

// rewrap wraps every key that opens to everyone who may open it now.
func (tx *Tx) rewrap() error {
	to, err := tx.recipients()
	if err != nil {
		return err
	}
	for n, k := range tx.v.ring.keys {
		wrapped, err := wrapKey(k, to)
		if err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE k SET w=?2, y=?2 WHERE n=?1", n, wrapped); err != nil {
			return err
		}
	}
	return nil
}
