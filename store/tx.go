package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// update and view are the vault's, for what needs an officer.
func (s *Store) update(ctx context.Context, fn func(*vault.Tx) error) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	return s.told(s.vault.Update(ctx, fn))
}

func (s *Store) view(ctx context.Context, fn func(*vault.Tx) error) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	return s.told(s.vault.View(ctx, fn))
}

// told puts the figures into what the driver said about a full disk.
func (s *Store) told(err error) error {
	if civic.CodeOf(err) != civic.DiskFull {
		return err
	}
	free, e := s.options.FreeSpace(s.vault.Dir())
	if e != nil {
		return err
	}
	return civic.NewProblem(civic.DiskFull, err, megabytes(free), megabytes(needed))
}

// needed is what must be free before an interview starts: a draft with its
// photos, the registration, its sealed copy and the log.
const needed = 64 << 20

func megabytes(n uint64) string { return fmt.Sprintf("%d MB", n>>20) }

// Ready tells whether an interview may start: the store is unlocked and whole
// enough to write, and the disk has room. A full disk is civic.DiskFull.
func (s *Store) Ready(ctx context.Context) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	free, err := s.options.FreeSpace(s.vault.Dir())
	if err != nil {
		return err
	}
	if free < needed {
		return civic.NewProblem(civic.DiskFull, nil, megabytes(free), megabytes(needed))
	}
	return s.view(ctx, func(tx *vault.Tx) error {
		var c chain
		if ok, err := get(tx, "m", rowChain, &c); !ok {
			return errors.Join(civic.NewProblem(civic.RowDamaged, nil), err)
		}
		return nil
	})
}

// openRow opens a row of a list. A damaged or forgotten one is left out: the
// vault sets it aside, and the rest of the list is usable.
func openRow(tx *vault.Tx, table string, row vault.Row, into any) (bool, error) {
	plain, err := tx.Open(table, row)
	if errors.Is(err, vault.ErrForgotten) || civic.CodeOf(err) == civic.RowDamaged {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := decode(plain, into); err != nil {
		return false, err
	}
	return true, nil
}
