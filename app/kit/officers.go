package kit

import (
	"context"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Officer is a person who may unlock this kit.
type Officer struct {
	ID   civic.OfficerID
	Name string
	Here bool // the one who unlocked it
}

// Officers lists who may unlock this kit.
func (k *Kit) Officers(ctx context.Context) ([]Officer, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	all, err := st.Officers(ctx)
	if err != nil {
		return nil, problem(err)
	}
	here := st.Officer().ID
	out := make([]Officer, len(all))
	for i, o := range all {
		out[i] = Officer{ID: o.ID, Name: o.Name, Here: o.ID == here}
	}
	return out, nil
}

// AddOfficer lets another person unlock the kit with a passphrase of his own.
func (k *Kit) AddOfficer(ctx context.Context, name, passphrase string) (civic.OfficerID, error) {
	st, err := k.open()
	if err != nil {
		return civic.OfficerID{}, err
	}
	id, err := st.AddOfficer(ctx, strings.TrimSpace(name), passphrase)
	return id, problem(err)
}

// RemoveOfficer ends a person's access. What is written from now on is sealed
// with keys he never had.
func (k *Kit) RemoveOfficer(ctx context.Context, id civic.OfficerID) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.RemoveOfficer(ctx, id))
}

// ChangePassphrase gives the officer at work another passphrase.
func (k *Kit) ChangePassphrase(ctx context.Context, old, passphrase string) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.ChangePassphrase(ctx, old, passphrase))
}

// RecoverRequest prepares a new officer for a kit that nobody can unlock, and
// gives the file to bring to the registry. The kit stays locked; the file holds
// wrapped keys and no answer.
func (k *Kit) RecoverRequest(ctx context.Context, officer, passphrase string) ([]byte, error) {
	st, err := k.store()
	if err != nil {
		return nil, err
	}
	b, err := st.RecoverRequest(ctx, strings.TrimSpace(officer), passphrase)
	return b, problem(err)
}

// RecoverApply takes in what two people of the registry released, and unlocks
// the kit for the new officer. No data are touched.
func (k *Kit) RecoverApply(ctx context.Context, release []byte, passphrase string) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	if err := st.RecoverApply(ctx, release, passphrase); err != nil {
		return problem(err)
	}
	return k.afterUnlock(ctx, st)
}
