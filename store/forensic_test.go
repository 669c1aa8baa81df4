package store_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// image reads every byte under dir.
func image(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all = append(all, path[len(dir):]...)
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	ok(t, err)
	return all
}

// wide writes a word as UTF-16, little-endian first, then big-endian.
func wide(s string) (le, be []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	return le, be
}

func mustNotShow(t *testing.T, image []byte, when string, words []string) {
	t.Helper()
	lower := bytes.ToLower(image)
	for _, w := range words {
		le, be := wide(w)
		// In so many random letters a short word turns up by chance when
		// capitals do not count.
		folded := len(w) >= 8 && bytes.Contains(lower, bytes.ToLower([]byte(w)))
		if folded || bytes.Contains(image, []byte(w)) || bytes.Contains(image, le) || bytes.Contains(image, be) {
			t.Errorf("%s: %q stands readable in the folder", when, w)
		}
	}
}

// After a day's work the whole folder is read as a thief would: database, log,
// lock, and whatever else lies there.
func TestNothingStandsReadable(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	words := []string{
		// answers, names and numbers of citizens
		"Xochitlquetzal", "Teozacoalco", "1987-11-23", "CURP990101HDFABC", "la año de la inundación", "foto-de-la-madre.jpg", "JFIFcontent",
		"Borrador Pendiente", "Tirado Descartado", "RECEIPT:", "A48-row-of-list", "someone else",
		// places, forms and civil words
		"mx-20-067", "Tablet 7", "Marisol", "Teotl", "centre.example", "birth", "nacimiento", "registration", "citizen", "vaccination", "officer",
		"receipt", "given_name", "surname", "draft", "Oaxaca registry", "select_one", "password", "passphrase", "horse",
	}
	photo := bytes.Repeat([]byte("JFIFcontent "), 3000)
	a, err := k.PutAttachment(ctx, "foto-de-la-madre.jpg", "image/jpeg", photo)
	ok(t, err)
	answers := append(person("Xochitlquetzal", "Teozacoalco", "1987-11-23", "Teozacoalco"),
		civic.Answer{Path: "national_id", Value: "CURP990101HDFABC"}, civic.Answer{Path: "flood", Stated: "la año de la inundación"})
	for i := range 20 {
		d := store.Draft{ID: draftID(i), Form: civic.FormRef{ID: "birth", Version: "nacimiento"}, Answers: answers, Attachments: []civic.Attachment{a}, Section: "given_name"}
		for n := range answers { // a save after each answer
			d.Answers = answers[:n+1]
			ok(t, k.SaveDraft(ctx, d))
		}
		_, err := k.Seal(ctx, d.ID, func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
			r, digest, receipt, err := k.maker(answers...)(counter, previous)
			r.Attachments, r.SourceRow = []civic.Attachment{a}, "A48-row-of-list"
			return r, digest, receipt, err
		})
		ok(t, err)
	}
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(100), Answers: person("Borrador Pendiente", "someone else", "1987-11-23", "")}))
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(101), Answers: person("Tirado Descartado", "", "", "")}))
	ok(t, k.DiscardDraft(ctx, draftID(101)))
	ok(t, k.KeepForm(ctx, civic.FormRef{ID: "birth", Version: "nacimiento"}, []byte("select_one given_name")))
	ok(t, k.KeepBundle(ctx, []byte("signed by Oaxaca registry"), protocol.KeyBundle{Serial: 1, Registry: "Oaxaca registry", Kits: []protocol.KitKey{{Office: "mx-20-067"}}}))
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: []byte("manifest of mx-20-067, then sealed"), Covers: []uint64{1, 2}}))
	ok(t, k.TakeIn(ctx, []protocol.Down{{Seq: 1, Kind: protocol.DownForm, Body: []byte("select_one nacimiento")}}, 1))
	if _, err := k.Search(ctx, "Xochitlquetzal", 5); err != nil {
		t.Fatal(err)
	}
	es, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	secrets := [][]byte{k.device.Seed(), a.Digest[:]}
	for _, e := range es { // a receipt's number must not lead to a row
		secrets = append(secrets, bytes.Clone(e.Registration.ID[:]), bytes.Clone(e.Digest[:]))
	}
	mustNotShow(t, image(t, k.dir), "unlocked, log not emptied", words)
	for _, s := range secrets {
		if img := image(t, k.dir); bytes.Contains(img, s) || bytes.Contains(img, fmt.Appendf(nil, "%x", s)) {
			t.Errorf("an id, a digest or a key stands in the folder: %x", s)
		}
	}
	if img := image(t, k.dir); !bytes.Contains(img, []byte("SQLite format 3")) || !bytes.Contains(img, []byte("age-encryption.org")) {
		t.Fatal("this test looks in the wrong place")
	}
	k.Lock()
	mustNotShow(t, image(t, k.dir), "locked", words)
	ok(t, k.Close())
	mustNotShow(t, image(t, k.dir), "closed", words)

	entries, err := os.ReadDir(k.dir)
	ok(t, err)
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v %v", e.Name(), info.Mode(), err)
		}
		if filepath.Ext(e.Name()) == ".db-shm" {
			t.Errorf("%s shows page numbers", e.Name())
		}
	}
}

// Sizes are padded: two answers that differ by some letters leave rows of the
// same size.
func TestSizesArePadded(t *testing.T) {
	sizes := func(name string) int64 {
		k := newKit(t)
		k.seal(person(name, "Ruiz", "1990", "Oaxaca")...)
		ok(t, k.Close())
		info, err := os.Stat(filepath.Join(k.dir, "kit.db"))
		ok(t, err)
		return info.Size()
	}
	if a, b := sizes("Ana"), sizes("Anastasia"); a != b {
		t.Fatalf("%d and %d bytes", a, b)
	}
}
