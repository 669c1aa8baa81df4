// Package frozen holds tests to the bytes of version 1. It is imported by tests
// only.
//
// Every shape that travels or is kept has its bytes in the testdata of the
// package that reads it, made once: [Check] compares, and writes a file only
// where there is none and its caller says so. digests.txt lists every such file
// with its SHA-256; a test of this package fails when one is changed, missing or
// not listed. Who wants other bytes adds a version 2 beside them, and both are
// read from then on.
package frozen

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sentence is what whoever changes a frozen format is told.
const Sentence = "this is version 1, frozen: add version 2 instead"

// Kept gives the bytes of a file below testdata/version1 that is read, and not
// compared with what is written today: what is compressed or sealed with a
// random number may be written otherwise by another release of the same library.
// write makes one that does not exist yet.
func Kept(t testing.TB, name string, today []byte, write bool) []byte {
	t.Helper()
	if _, err := os.Stat(filepath.Join("testdata", "version1", name)); write && errors.Is(err, fs.ErrNotExist) {
		Check(t, name, today, true)
	}
	return Read(t, "version1", name)
}

// Check compares what is written today with the file of that name below
// testdata/version1. Files that end in .hex hold hexadecimal digits. write makes
// one that does not exist yet.
func Check(t testing.TB, name string, got []byte, write bool) {
	t.Helper()
	path := filepath.Join("testdata", "version1", name)
	if _, err := os.Stat(path); write && errors.Is(err, fs.ErrNotExist) {
		text := got
		if strings.HasSuffix(name, ".hex") {
			text = []byte(hex.EncodeToString(got) + "\n")
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := Read(t, "version1", name); !bytes.Equal(got, want) {
		t.Errorf("%s is written otherwise than it was; %s", name, Sentence)
	}
}

// Read gives the bytes of a file of a version.
func Read(t testing.TB, version, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", version, name))
	if err != nil {
		t.Fatalf("%v: every shape has its bytes; make them once with -update", err)
	}
	if strings.HasSuffix(name, ".hex") {
		if b, err = hex.DecodeString(strings.TrimSpace(string(b))); err != nil {
			t.Fatal(err)
		}
	}
	return b
}
