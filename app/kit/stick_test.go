package kit

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDamagedStickIsWrittenAgain: what a medium damaged since it was written is
// put there once more; what is whole is left alone.
func TestDamagedStickIsWrittenAgain(t *testing.T) {
	w := enrolled(t)
	w.sealed("Ana", "Ek")
	stick := t.TempDir()
	export := func(want int) {
		t.Helper()
		if out, err := w.Export(t.Context(), stick); err != nil || out.Files != want {
			t.Fatalf("%d files were written, want %d; %v", out.Files, want, err)
		}
	}
	export(2) // the day's key and the batch
	export(0)
	files, err := filepath.Glob(filepath.Join(stick, mediaUp, "*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for i, damage := range []func([]byte) []byte{
		func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, // as long as before
		func(b []byte) []byte { return b[:len(b)/2] },
	} {
		whole, err := os.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[i], damage(append([]byte{}, whole...)), 0o600); err != nil {
			t.Fatal(err)
		}
		export(1)
		if again, err := os.ReadFile(files[i]); err != nil || string(again) != string(whole) {
			t.Errorf("%s is not as it was: %v", filepath.Base(files[i]), err)
		}
	}
}
