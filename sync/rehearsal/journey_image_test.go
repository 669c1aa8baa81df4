package rehearsal

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
)

// TestJourneyDiskImage does a day's work and then looks at every byte of the
// kit's folder, as a thief with an imaged disk would: no answer, name, number,
// form or civil word stands there, in UTF-8 or UTF-16, packed or waiting,
// locked or crashed open.
func TestJourneyDiskImage(t *testing.T) {
	o := newOffice(t)
	k := o.tablet()
	k.register(0, 120)
	ctx := context.Background()
	opened, err := kit.Open(ctx, kit.Options{Home: k.home, LogN: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	if err := opened.Unlock(ctx, journeyPass); err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{
		"child/given_name": "Quetzalina", "child/surname": "Xochiquetzal", "child/birth_date": "2025-03-19",
		"mother/given_name": "Citlalmina", "mother/surname": "Huitzilihuitl", "home/address": "Callejón del Ahuehuete 48",
	}
	secret := []string{
		"Quetzalina", "Xochiquetzal", "2025-03-19", "Citlalmina", "Huitzilihuitl", "Ahuehuete", // typed
		"mitchell", "mccarthy", "rec-17", "1000000", // imported
		"febrl", "given_name", "birth_date", "surname", "registered", "Datos de la madre", // forms and civil words
		journeyPass, "battery",
	}
	iv, err := opened.Begin(ctx, "birth")
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range answers {
		if err := iv.Set(ctx, path, civic.Answer{Value: value}); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	look(t, k.home, "unlocked with a draft", secret)
	if _, err := opened.Search(ctx, "mitchell", 5); err != nil {
		t.Fatal(err)
	}
	if _, err := opened.Sync(ctx, 0, nil); err != nil {
		t.Fatal(err)
	}
	look(t, k.home, "after a sync", secret)
	if err := opened.Discard(ctx, iv.ID()); err != nil {
		t.Fatal(err)
	}
	if err := opened.Lock(ctx); err != nil {
		t.Fatal(err)
	}
	look(t, k.home, "locked", secret)
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	look(t, k.home, "closed", secret)
}

// look searches every file below a folder.
func look(t *testing.T, dir, when string, secrets []string) {
	t.Helper()
	size := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		size += len(b)
		for _, s := range secrets {
			for name, written := range writings(s) {
				if bytes.Contains(b, written) {
					t.Errorf("%s: %s holds %q in %s", when, filepath.Base(path), s, name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if size < 50_000 {
		t.Fatalf("%s: only %d bytes were looked at", when, size)
	}
}

// writings are the ways a word may stand on a disk.
func writings(s string) map[string][]byte {
	units := utf16.Encode([]rune(s))
	var little, big []byte
	for _, u := range units {
		little = binary.LittleEndian.AppendUint16(little, u)
		big = binary.BigEndian.AppendUint16(big, u)
	}
	return map[string][]byte{"UTF-8": []byte(s), "small letters": bytes.ToLower([]byte(s)), "UTF-16LE": little, "UTF-16BE": big}
}
