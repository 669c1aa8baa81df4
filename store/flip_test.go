package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestBitsOfTheFile flips single bits all over the database: each time the kit
// says what is damaged or everything is as it was; never does it show something
// else.
func TestBitsOfTheFile(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	ctx := t.Context()
	for i := range 12 {
		k.seal(person(fmt.Sprint("Ana", i), "Ruiz", "1990", "Oaxaca")...)
	}
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "mother"}))
	want, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	byID := map[civic.RegistrationID]store.Entry{}
	for _, e := range want {
		byID[e.Registration.ID] = e
	}
	ok(t, k.Close())
	whole, err := os.ReadFile(filepath.Join(k.dir, "kit.db"))
	ok(t, err)
	home := t.TempDir()
	refused, missed, harmless := 0, 0, 0
	for bit := 0; bit < len(whole)*8; bit += len(whole)*8/700 + 1 {
		dir := filepath.Join(home, fmt.Sprint(bit))
		ok(t, os.Mkdir(dir, 0o700))
		whole[bit/8] ^= 1 << (bit % 8)
		ok(t, os.WriteFile(filepath.Join(dir, "kit.db"), whole, 0o600))
		whole[bit/8] ^= 1 << (bit % 8)
		es, err := readAll(t, dir, k.options)
		if err != nil {
			refused++
			kept, _ := filepath.Glob(filepath.Join(dir, "kit.db*"))
			if len(kept) == 0 {
				t.Fatalf("bit %d: refused, and the evidence is gone: %v", bit, err)
			}
			continue
		}
		whole := 0
		for _, e := range es {
			was, known := byID[e.Registration.ID]
			switch {
			case !known:
				t.Fatalf("bit %d: a registration out of nothing: %+v", bit, e)
			case e.Forgotten:
			case !reflect.DeepEqual(e.Registration, was.Registration) || e.Receipt != was.Receipt:
				t.Fatalf("bit %d: shows something else: %+v", bit, e)
			default:
				whole++
			}
		}
		if whole < len(want) {
			missed++
		} else {
			harmless++
		}
		if whole < len(want)-1 {
			t.Fatalf("bit %d: one bit cost %d registrations", bit, len(want)-whole)
		}
	}
	t.Logf("%d refused and kept, %d cost one entry, %d changed nothing", refused, missed, harmless)
	if refused == 0 || missed == 0 {
		t.Fatal("this test looks in the wrong place")
	}
}

func readAll(t *testing.T, dir string, o store.Options) ([]store.Entry, error) {
	s, err := store.Open(t.Context(), dir, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.Unlock(t.Context(), passphrase); err != nil {
		return nil, err
	}
	return s.Registrations(t.Context(), store.Filter{})
}
