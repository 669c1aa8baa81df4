package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
)

// Two programs on one file: serve and an administrator's command.
func TestTwoProcessesWriteInTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%.db")
	one, two := open(t, "file:"+path), open(t, "file:"+path)
	var wg sync.WaitGroup
	for i, db := range []ledger.DB{one, two} {
		wg.Go(func() {
			for n := range 25 {
				if err := set(t.Context(), db, string(rune('a'+i))+string(rune('a'+n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, one); n != 50 {
		t.Fatalf("%d rows, want 50", n)
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "noise.db")
	noise := []byte("this is no database at all, only a text that somebody put here, long enough to have a header's size and more than that")
	if err := os.WriteFile(path, noise, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(t.Context(), "file:"+path); civic.CodeOf(err) != civic.LedgerDamaged {
		t.Fatalf("want %s, got %v", civic.LedgerDamaged, err)
	}
	if b, _ := os.ReadFile(path); string(b) != string(noise) {
		t.Fatal("the file was changed")
	}
}

// Neither a place nor a password in it stands in an error.
func TestErrorsNameNoPlace(t *testing.T) {
	for place, want := range map[string]civic.Code{
		"postgres://ana:s3cret@127.0.0.1:1/centre":                   civic.LedgerUnreachable,
		"postgres://ana:s3cret@nowhere.invalid/centre":               civic.LedgerUnreachable,
		"postgres://ana:s3cret@[::1/centre":                          civic.WrongUse,
		"postgres://ana:s3cret@127.0.0.1:1/centre?sslmode=s3cret":    civic.WrongUse,
		"postgres://ana:s3cret@127.0.0.1/centre?pool_max_conns=many": civic.WrongUse,
		"mysql://ana:s3cret@127.0.0.1/centre":                        civic.WrongUse,
		"postgres://ana:s3cret@/centre?host=/nowhere/at/all":         civic.LedgerUnreachable,
	} {
		_, err := ledger.Open(t.Context(), place)
		if civic.CodeOf(err) != want {
			t.Errorf("%s: want %s, got %v", place, want, err)
		}
		told := chain(err)
		for _, secret := range []string{"s3cret", "ana", "nowhere"} {
			if strings.Contains(told, secret) {
				t.Errorf("%s is told: %s", secret, told)
			}
		}
	}
}

// chain writes an error with all that it wraps.
func chain(err error) string {
	var b strings.Builder
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		b.WriteString(err.Error() + "\n")
		switch x := err.(type) { //nolint:errorlint // each link is looked at by itself
		case interface{ Unwrap() error }:
			walk(x.Unwrap())
		case interface{ Unwrap() []error }:
			for _, e := range x.Unwrap() {
				walk(e)
			}
		}
	}
	walk(err)
	return b.String()
}

// A violated rule names the rule, never the row.
func TestErrorsHoldNoValues(t *testing.T) {
	ledgertest.Engines(t, func(t *testing.T, place string) {
		db := open(t, place)
		if err := set(t.Context(), db, "juana"); err != nil {
			t.Fatal(err)
		}
		if err := set(t.Context(), db, "juana"); err == nil || strings.Contains(chain(err), "juana") {
			t.Fatal(err)
		}
	})
}
