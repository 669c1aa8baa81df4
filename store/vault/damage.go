package vault

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// setAside renames a damaged database, its log with it, so that the evidence
// and whatever can still be recovered stay whole. Nothing is ever recreated in
// its place.
func setAside(dir string, now time.Time, cause error) error {
	name := "kit.db.kept-" + now.UTC().Format("20060102-150405")
	for i := 2; exists(filepath.Join(dir, name)); i++ {
		name = "kit.db.kept-" + now.UTC().Format("20060102-150405") + "-" + strconv.Itoa(i)
	}
	// The log goes first: after a cut between the two, the next Open finds the
	// database still damaged and moves it too.
	err := os.Rename(filepath.Join(dir, fileWAL), filepath.Join(dir, name+".wal"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(cause, err)
	}
	if err := os.Rename(filepath.Join(dir, fileDB), filepath.Join(dir, name)); err != nil {
		return errors.Join(cause, err)
	}
	return civic.NewProblem(civic.StoreDamaged, cause, name)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// looksLikeOne reads the first bytes of a file: an empty or foreign one would be
// made into a database by SQLite's first write.
func looksLikeOne(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return civic.NewProblem(civic.StoreDamaged, errors.Join(errors.New("no database"), err), "")
	}
	return nil
}

// removeNew drops what a Create that never finished left behind.
func removeNew(dir string) error {
	var errs []error
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if err := os.Remove(filepath.Join(dir, fileNew+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// SetAsideFiles are the databases and logs that were set aside whole beside the
// database, with the keys as they were wrapped then.
func (v *Vault) SetAsideFiles() []string {
	var all []string
	for _, pattern := range []string{keptPattern, tailPattern} {
		all = append(all, named(v.dir, pattern)...)
	}
	return all
}

// named are the paths of what lies in a folder by a pattern of ours. The folder
// is none: it may have brackets in its name.
func named(dir, pattern string) []string {
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return nil // only bad patterns fail
	}
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	return names
}

// Destroy deletes every key and every row, empties the log, closes the vault and
// removes its files. Keys go first and alone: a cut afterwards leaves rows that
// nobody can open.
func (v *Vault) Destroy(ctx context.Context) error {
	v.Lock()
	for _, tables := range [][]string{{"k", "p"}, {"m", "a", "b", "c", "d", "f", "g", "j", "l", "o", "w", "z"}} {
		if err := v.Update(ctx, func(tx *Tx) error {
			for _, t := range tables {
				if _, err := tx.Exec("DELETE FROM " + t); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		if err := v.Checkpoint(ctx); err != nil {
			return err
		}
	}
	if err := v.Close(); err != nil {
		return err
	}
	var errs []error
	for _, path := range append(v.SetAsideFiles(), filepath.Join(v.dir, fileDB), filepath.Join(v.dir, fileWAL)) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, os.RemoveAll(filepath.Join(v.dir, dirRoom)))
	return errors.Join(append(errs, syncDir(v.dir))...)
}
