package kit

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// Wipe ends this kit: every key and row is destroyed. It is refused while
// something is on this kit only, unless a medium is named, which gets a backup
// that is read again first. Afterwards the folder may be enrolled anew.
func (k *Kit) Wipe(ctx context.Context, medium string) error {
	k.passing.Lock()
	defer k.passing.Unlock()
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(k.wipe(ctx, st, medium))
}

func (k *Kit) wipe(ctx context.Context, st *store.Store, medium string) error {
	if err := st.Wipe(ctx, medium); err != nil {
		return err
	}
	k.mu.Lock()
	k.st = nil
	k.mu.Unlock()
	err := os.RemoveAll(filepath.Join(k.o.Home, courierDir)) // sealed files of others, who have them
	return errors.Join(err, st.Close())
}

// obeyWipe carries out the registry's order when nothing is left here alone.
func (k *Kit) obeyWipe(ctx context.Context, st *store.Store) bool {
	p, err := leaseState(ctx, st)
	if err != nil || !p.wipe {
		return false
	}
	if err := k.wipe(ctx, st, ""); err != nil {
		k.log.Warn("the ordered end must wait", "code", civic.CodeOf(err))
		return false
	}
	return true
}
