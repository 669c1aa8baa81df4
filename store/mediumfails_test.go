package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// A medium that cannot be written says so of itself, keeps the copy it had, and
// no pieces beside it.
func TestAMediumThatCannotBeWritten(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx, medium := t.Context(), t.TempDir()
	name := filepath.Join(medium, "kit-"+k.Identity().Device.String())
	k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)

	for _, file := range []string{".keys.new", ".rows.new"} {
		ok(t, os.Mkdir(name+file, 0o700)) // as on a medium that refuses
		wantCode(t, k.Backup(ctx, medium), civic.MediumFailed)
		ok(t, os.RemoveAll(name+file))
	}
	ok(t, k.Backup(ctx, medium))
	k.reopen() // what is on the medium is read again, and the keys are written anew
	k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
	if err := os.Symlink("/dev/full", name+".keys.new"); err == nil {
		wantCode(t, k.Backup(ctx, medium), civic.MediumFailed)
		if _, err := os.Lstat(name + ".keys.new"); err == nil {
			t.Fatal("a piece was left on a full medium")
		}
	}
	s := spare(t, k)
	if r := restored(t, s, medium, k.Identity().Device, k, rootKey); r.Registrations != 1 || r.Damaged != 0 || r.Torn {
		t.Fatalf("the copy before is whole: %+v", r)
	}
	ok(t, k.Backup(ctx, medium))
	if r := restored(t, s, medium, k.Identity().Device, k, rootKey); r.Registrations != 2 {
		t.Fatalf("%+v", r)
	}
}
