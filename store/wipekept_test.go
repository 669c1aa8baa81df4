package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// What was set aside whole holds keys too: it goes with a wipe, and onto the
// medium first. Openings that the centre was not told of hold a wipe up.
func TestAWipeReachesWhatWasSetAside(t *testing.T) {
	k := newKit(t)
	ctx, medium := t.Context(), filepath.Join(t.TempDir(), "STICK [1]")
	ok(t, os.Mkdir(medium, 0o700))
	files := map[string]string{"kit.db.kept-20260101-000000": "a database", "kit.db.kept-20260101-000000.wal": "its log", "kit.db.tail-20260102-000000": "a tail"}
	for name, text := range files {
		ok(t, os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600))
	}
	wantCode(t, k.Wipe(ctx, ""), civic.WrongUse)
	ok(t, k.Wipe(ctx, medium))
	for name, text := range files {
		got, err := os.ReadFile(filepath.Join(medium, "kit-"+k.Identity().Device.String()+"."+name))
		if err != nil || string(got) != text {
			t.Fatal(name, got, err)
		}
	}
	if all, err := store.Backups(medium); err != nil || len(all) != 1 {
		t.Error("on a medium with brackets in its name there are", all, err)
	}
	left, err := os.ReadDir(k.dir)
	ok(t, err)
	for _, f := range left {
		if f.Name() != "kit.lock" {
			t.Error(f.Name(), "is left")
		}
	}

	k = newKit(t)
	ok(t, k.AddOpening(ctx, "person_opened", []string{"receipt"}, func(uint64) ([]byte, error) { return []byte("sealed"), nil }))
	wantCode(t, k.Wipe(ctx, ""), civic.WrongUse)
	ok(t, k.KeepOpened(ctx, 1))
	ok(t, k.Wipe(ctx, ""))
}
