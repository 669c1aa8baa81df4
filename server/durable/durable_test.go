package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"first", "second"} {
		if err := durable.WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Fatal(err, string(b))
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(err, info.Mode())
	}
	if err := durable.WriteFile(filepath.Join(dir, "none", "a"), nil); err == nil {
		t.Fatal("written into no folder")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "a"), filepath.Join(dir, "deep", "down", "a")
	if err := os.WriteFile(from, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := durable.Copy(from, to); err != nil || n != 7 {
		t.Fatal(n, err)
	}
	if n, err := durable.Copy(from, to); err != nil || n != 0 {
		t.Fatal("copied again", n, err)
	}
	if b, err := os.ReadFile(to); err != nil || string(b) != "content" {
		t.Fatal(err)
	}
}

// A folder that hands its group on lets that group read what is written; any
// other keeps everything to its owner.
func TestGroupOfTheFolder(t *testing.T) {
	for _, c := range []struct {
		folder, file, below fs.FileMode
	}{
		{0o755, 0o600, 0o700},
		{0o750 | fs.ModeSetgid, 0o640, 0o750},
		{0o770 | fs.ModeSetgid, 0o660, 0o770},
		{0o700 | fs.ModeSetgid, 0o600, 0o700},
	} {
		dir := filepath.Join(t.TempDir(), "shared")
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, c.folder)); err != nil {
			t.Fatal(err)
		}
		below := filepath.Join(dir, "a", "b")
		if err := durable.MakeDir(below); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(below, "file")
		if err := durable.WriteFile(path, []byte("x")); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]fs.FileMode{path: c.file, below: c.below, filepath.Dir(below): c.below} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
				t.Errorf("folder %v: %s is %v, not %v (%v)", c.folder, filepath.Base(name), info.Mode(), want, err)
			}
		}
	}
}

func TestFullDiskHasAName(t *testing.T) {
	err := durable.Problem(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if civic.CodeOf(err) != civic.ServerFull {
		t.Fatal(err)
	}
	if other := errors.New("other"); !errors.Is(durable.Problem(other), other) || durable.Problem(nil) != nil {
		t.Fatal("other errors changed")
	}
}
