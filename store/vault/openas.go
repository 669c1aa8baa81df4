package vault

import (
	"bytes"
	"context"
	"io"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
)

// maxOpened bounds what OpenAs gives, in bytes.
const maxOpened = 1 << 16

// OpenAs opens an age file that is sealed to one officer with that officer's
// own passphrase; files are by officer, and nobody else is tried. Who unlocked
// the vault does not matter, and the identity is let go at once. A passphrase
// of none of them is not_supervisor.
func (v *Vault) OpenAs(ctx context.Context, passphrase string, files map[civic.OfficerID][]byte) (civic.OfficerID, []byte, error) {
	type lockedFile struct{ f, g []byte }
	locks := map[civic.OfficerID]lockedFile{}
	err := v.View(ctx, func(tx *Tx) error {
		return tx.Query("SELECT n,f,g FROM p ORDER BY n", func(scan func(...any) error) error {
			var n int64
			var l lockedFile
			if err := scan(&n, &l.f, &l.g); err != nil {
				return err
			}
			locks[newOfficer{row: n}.id()] = l
			return nil
		})
	})
	if err != nil {
		return civic.OfficerID{}, nil, err
	}
	for id, file := range files {
		l, ok := locks[id]
		if !ok {
			continue // no officer of this kit any more
		}
		identity, err := openEither(l.f, l.g, passphrase)
		switch civic.CodeOf(err) {
		case civic.WrongPassphrase, civic.RowDamaged:
			continue
		}
		if err != nil {
			return civic.OfficerID{}, nil, err
		}
		r, err := age.Decrypt(bytes.NewReader(file), identity)
		if err != nil {
			return civic.OfficerID{}, nil, civic.NewProblem(civic.NotSupervisor, err)
		}
		plain, err := io.ReadAll(io.LimitReader(r, maxOpened))
		if err != nil {
			return civic.OfficerID{}, nil, civic.NewProblem(civic.NotSupervisor, err)
		}
		return id, plain, nil
	}
	return civic.OfficerID{}, nil, civic.NewProblem(civic.NotSupervisor, nil)
}
