// Package durable writes files that are on the disk, whole, when a call
// returns, or are not there at all: written beside their place, synced, moved
// there, and the folder synced too. Files are readable by their owner only,
// and by the group of a folder that hands it on (set-gid). A full disk is
// civic.ServerFull.
package durable

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/askonce/fieldkit/sync/civic"
)

// WriteFile writes a file; one that stood there before is replaced.
func WriteFile(path string, b []byte) error {
	_, err := from(path, bytes.NewReader(b))
	return err
}

// Copy copies a file unless one of the same size lies there, which is enough
// where names follow from content. It tells how many bytes it wrote.
func Copy(source, path string) (int64, error) {
	in, err := os.Open(source)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return 0, err
	}
	if there, err := os.Stat(path); err == nil && there.Size() == info.Size() {
		return 0, nil
	}
	if err := MakeDir(filepath.Dir(path)); err != nil {
		return 0, err
	}
	return from(path, in)
}

func from(path string, r io.Reader) (n int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return 0, Problem(err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone under its own name as a rule
	n, err = io.Copy(f, r)
	if group := groupOf(filepath.Dir(path)); group != 0 {
		err = errors.Join(err, f.Chmod(0o600|group&0o060))
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = SyncDir(filepath.Dir(path))
	}
	return n, Problem(err)
}

// MakeDir makes a folder and those above it, for the owner only, or for the
// group too where the one above hands its group on: so processes of two users
// share a centre's data.
func MakeDir(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if up := filepath.Dir(path); up != path {
		if err := MakeDir(up); err != nil {
			return err
		}
	}
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if group := groupOf(filepath.Dir(path)); err == nil && group != 0 {
		info, e := os.Stat(path) // keeps the bit that hands the group on
		if err = e; err == nil {
			err = os.Chmod(path, info.Mode()|group)
		}
	}
	return Problem(err)
}

// groupOf is what the group may do in a folder that hands its group on (set-gid);
// nothing in any other.
func groupOf(dir string) fs.FileMode {
	info, err := os.Stat(dir)
	if err != nil || info.Mode()&fs.ModeSetgid == 0 {
		return 0
	}
	return info.Mode().Perm() & 0o070
}

// Problem names a full disk; other errors stay as they are.
func Problem(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return civic.NewProblem(civic.ServerFull, err)
	}
	return err
}
