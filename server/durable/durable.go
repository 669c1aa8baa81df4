// Package durable writes files that are on the disk, whole, when a call
// returns, or are not there at all: written beside their place, synced, moved
// there, and the folder synced too. Files are readable by their owner only. A
// full disk is civic.ServerFull.
package durable

import (
	"bytes"
	"errors"
	"io"
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
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, Problem(err)
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
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = SyncDir(filepath.Dir(path))
	}
	return n, Problem(err)
}

// Problem names a full disk; other errors stay as they are.
func Problem(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return civic.NewProblem(civic.ServerFull, err)
	}
	return err
}
