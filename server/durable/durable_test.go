package durable_test

import (
	"errors"
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

func TestFullDiskHasAName(t *testing.T) {
	err := durable.Problem(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if civic.CodeOf(err) != civic.ServerFull {
		t.Fatal(err)
	}
	if other := errors.New("other"); !errors.Is(durable.Problem(other), other) || durable.Problem(nil) != nil {
		t.Fatal("other errors changed")
	}
}
