package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is printed goes to the printer's program as it is, and no file of it is
// written on the way.
func TestPrintingWritesNoFile(t *testing.T) {
	bin, tmp, out := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "printed")
	lp := "#!/bin/sh\n[ $# -eq 0 ] && [ -z \"$(ls -A '" + tmp + "')\" ] && exec cat >'" + out + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "lp"), []byte(lp), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("TMPDIR", tmp)
	pdf := bytes.Repeat([]byte("%PDF Ana Paz "), 10_000)
	if err := printer()(pdf); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, pdf) {
		t.Fatal(len(got), err)
	}
}
