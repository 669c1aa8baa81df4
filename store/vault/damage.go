package vault

import (
	"errors"
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

func removeDatabase(dir string) error {
	var errs []error
	for _, name := range []string{fileDB, fileWAL, fileDB + "-journal"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Undo removes the database of a Create whose caller could not finish it.
func Undo(dir string) error { return removeDatabase(dir) }
