package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Wipe ends a kit: it destroys every key and every row, empties the log and
// removes the files. It loses nothing: unless each registration and photo is on
// the centre's disk and no draft is under way, it needs a medium, writes a backup
// there and reads it again first. What lies set aside beside the database, with
// keys in it, is copied there too. A kit that may not be wiped says how many
// entries only it holds, and nothing was changed. Afterwards the store is closed.
func (s *Store) Wipe(ctx context.Context, medium string) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	s.sealing.Lock()
	defer s.sealing.Unlock()
	only, err := s.onlyHere(ctx)
	if err != nil {
		return err
	}
	switch {
	case medium != "":
		if err := s.Backup(ctx, medium); err != nil {
			return err
		}
		if err := s.verifyBackup(ctx, medium); err != nil {
			return err
		}
		if err := s.copyKept(medium); err != nil {
			return unwritten(err)
		}
	case len(s.vault.SetAsideFiles()) > 0:
		return civic.NewProblem(civic.WrongUse, nil, "An earlier memory of this kit lies set aside in its folder: name a medium for it.")
	case only > 0:
		return civic.NewProblem(civic.WrongUse, nil, strconv.Itoa(only)+" entries are on this kit only. Send them, or name a medium for them.")
	}
	s.Lock()
	return s.vault.Destroy(ctx)
}

// onlyHere counts what the centre does not hold: registrations, photos, drafts.
func (s *Store) onlyHere(ctx context.Context) (int, error) {
	o, err := s.opened()
	if err != nil {
		return 0, err
	}
	only := 0
	s.mu.RLock()
	for _, st := range o.list {
		if !st.Practice && !st.Safe && (st.carrier == carriedNot || st.Status < civic.Received) {
			only++
		}
	}
	s.mu.RUnlock()
	photos, err := s.UnpackedAttachments(ctx, 1<<20)
	if err != nil {
		return 0, err
	}
	only += len(photos)
	err = s.view(ctx, func(tx *vault.Tx) error {
		var n int
		if _, err := tx.One("SELECT count(*) FROM a WHERE x=0", nil, &n); err != nil {
			return err
		}
		only += n
		// Openings the centre was not told of: they are owed to the person.
		if _, err := tx.One("SELECT count(*) FROM o", nil, &n); err != nil {
			return err
		}
		only += n
		// Files that never came to the centre. A quarantined one is on its disk.
		_, err := tx.One("SELECT count(*) FROM f WHERE y=0 AND t<>1 AND x=0", nil, &n)
		only += n
		return err
	})
	return only, err
}

// copyKept copies databases and logs that were set aside onto a medium, as they
// are: sealed, for the officers of then and for recovery.
func (s *Store) copyKept(medium string) error {
	for _, path := range s.vault.SetAsideFiles() {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := backupName(medium, s.Identity().Device) + "." + filepath.Base(path)
		if err := replaceFile(name, b); err != nil {
			return err
		}
		again, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Equal(again, b) {
			return civic.NewProblem(civic.MediumFailed, nil)
		}
	}
	return SyncFolder(medium)
}

// verifyBackup reads a backup from the medium and holds it to what the kit has.
func (s *Store) verifyBackup(ctx context.Context, dir string) error {
	name := backupName(dir, s.Identity().Device)
	m, err := readMedium(name + suffixRows)
	if err != nil {
		return s.medium(dir, err)
	}
	missing := false
	err = s.view(ctx, func(tx *vault.Tx) error {
		for _, table := range backedUp {
			if err := tx.Marks(table, func(n int64, mark string) error {
				if inBackup(table, n) && m.marks[place{table, n}] != mark {
					missing = true
				}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && missing {
		err = civic.NewProblem(civic.FileUnreadable, nil, "backup")
	}
	return err
}
