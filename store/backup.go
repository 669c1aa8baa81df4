package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// A backup is two files on a medium, named by the device: the keys, as an age
// file for the registry's recovery recipient alone, and the rows as they lie in
// the database, sealed. Rows are appended as they change; what a kit forgot is
// left out of the next whole copy, and its key out of the keys at once.

const (
	suffixKeys = ".keys"
	suffixRows = ".rows"
)

// backedUp are the tables a backup holds, with the rows of m that a spare kit
// needs.
var backedUp = []string{"m", "a", "b", "c", "d", "f", "l"}

func inBackup(table string, n int64) bool {
	return table != "m" || n == rowIdentity || n == rowKeys || n == rowChain
}

// medium is what this process knows of a backup it wrote or read.
type medium struct {
	marks map[place]string // what each row looked like when it was written
	keys  []int64
	size  int64
	dead  int // frames that a later one replaced
}

type place struct {
	table string
	n     int64
}

func backupName(dir string, d civic.DeviceID) string {
	return filepath.Join(dir, "kit-"+d.String())
}

// Backup brings the copy on a medium up to date: the first time it writes
// everything, later what changed. Call it after each registration when a medium
// is present. When it returns nil the medium holds everything that the kit does.
// A medium that was pulled out in the middle is made good by the next call.
func (s *Store) Backup(ctx context.Context, dir string) error {
	if _, err := s.opened(); err != nil {
		return err
	}
	s.backing.Lock()
	defer s.backing.Unlock()
	name := backupName(dir, s.Identity().Device)
	m := s.media[name]
	if m == nil || !sameSize(name+suffixRows, m.size) {
		var err error
		if m, err = readMedium(name + suffixRows); err != nil {
			return s.medium(dir, err)
		}
	}
	err := s.update(ctx, func(tx *vault.Tx) error { return s.backup(tx, name, m) })
	if err == nil {
		err = SyncFolder(dir) // before that the new names may not be on the medium
	}
	if err != nil {
		delete(s.media, name)
		return unwritten(err)
	}
	s.media[name] = m
	return nil
}

func sameSize(path string, size int64) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() == size
}

// unwritten words what went wrong in writing to a medium.
func unwritten(err error) error {
	var path *os.PathError
	var link *os.LinkError
	if civic.CodeOf(err) == "" && (errors.As(err, &path) || errors.As(err, &link)) {
		return civic.NewProblem(civic.MediumFailed, err)
	}
	return err
}

// LostMedium tells that a folder which once held this kit's copy is now one of
// the kit's own disk without it: the empty place where a medium was. A copy
// there would be lost with the kit.
func (s *Store) LostMedium(dir string) bool {
	if _, err := os.Stat(backupName(dir, s.Identity().Device) + suffixRows); err == nil {
		return false
	}
	return vault.SameDisk(dir, s.vault.Dir())
}

// SyncFolder returns when names given and taken in a folder are on the disk.
func SyncFolder(dir string) error { return vault.SyncDir(dir) }

// medium words what went wrong in reading a medium.
func (s *Store) medium(dir string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return civic.NewProblem(civic.FileUnreadable, err, filepath.Base(dir))
	}
	return err
}

func (s *Store) backup(tx *vault.Tx, name string, m *medium) error {
	numbers, keys, err := tx.Keys()
	if err != nil {
		return err
	}
	slices.Sort(numbers)
	version, err := tx.Version()
	if err != nil {
		return err
	}
	forgot := slices.ContainsFunc(m.keys, func(n int64) bool { return !slices.Contains(numbers, n) })
	if forgot || m.dead > 200+len(m.marks) {
		*m = medium{}
	}
	// Keys go first: rows whose key is not on the medium would be lost with
	// the kit.
	if !slices.Equal(m.keys, numbers) {
		if err := replaceFile(name+suffixKeys, keys); err != nil {
			return err
		}
		if err := SyncFolder(filepath.Dir(name)); err != nil {
			return err
		}
	}
	m.keys = numbers
	whole := m.marks == nil
	w, err := newRowWriter(name+suffixRows, whole, m, version)
	if err != nil {
		return err
	}
	if err := writeChanges(tx, m, w); err != nil {
		return errors.Join(err, w.abandon())
	}
	m.size, err = w.finish()
	return err
}

// writeChanges appends every row whose mark is new, and a tombstone for every
// row that is gone.
func writeChanges(tx *vault.Tx, m *medium, w *rowWriter) error {
	if m.marks == nil {
		m.marks = map[place]string{}
	}
	here := make(map[place]bool, len(m.marks))
	for _, table := range backedUp {
		var changed []place
		err := tx.Marks(table, func(n int64, mark string) error {
			p := place{table, n}
			if !inBackup(table, n) {
				return nil
			}
			here[p] = true
			if have, ok := m.marks[p]; ok && have == mark {
				return nil
			} else if ok {
				m.dead++
			}
			m.marks[p] = mark
			changed = append(changed, p)
			return nil
		})
		if err != nil {
			return err
		}
		for _, p := range changed {
			cells, ok, err := tx.Copy(table, p.n)
			if err != nil {
				return err
			}
			if !ok {
				continue // named in this transaction: it is there
			}
			if err := w.write(table, p.n, m.marks[p], cells); err != nil {
				return err
			}
		}
	}
	for p := range m.marks {
		if !here[p] {
			if err := w.write(p.table, p.n, "", nil); err != nil {
				return err
			}
			delete(m.marks, p)
			m.dead++
		}
	}
	return nil
}

// replaceFile writes a file whole or leaves the one before.
func replaceFile(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	return os.Rename(path+".new", path)
}
