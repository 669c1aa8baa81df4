package vault

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic/civictest"
)

const passphrase = "correct horse battery staple"

func testOptions() (Options, *civictest.Clock) {
	c := civictest.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	return Options{Clock: c.Now, LogN: 2}, c
}

func testVault(t testing.TB) *Vault {
	t.Helper()
	o, _ := testOptions()
	v, _ := testVaultWith(t, o)
	return v
}

func testVaultWith(t testing.TB, o Options) (*Vault, *age.HybridIdentity) {
	t.Helper()
	recovery, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	v, err := Create(t.Context(), t.TempDir(), o, "Marisol", passphrase, recovery.Recipient().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v, recovery
}

// golden holds bytes to what lies in a file; GOLDEN=write writes it the first
// time, and a format that shipped is never written again.
func golden(t *testing.T, path string, b []byte) {
	t.Helper()
	if _, err := os.Stat(path); os.IsNotExist(err) && os.Getenv("GOLDEN") == "write" {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(b)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(read(t, path), b) {
		t.Fatalf("%s: other bytes: %x; these are frozen: add a version beside them", path, b)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
