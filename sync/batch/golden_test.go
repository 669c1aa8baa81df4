package batch_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/batch/batchtest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

var update = flag.Bool("update", false, "write the golden bytes anew; only ever before a version is frozen")

// Bytes written once are read for ever: a change of a model, of a constant, or
// of how a workbook is read shows here. testdata/v0 holds two workbooks, what
// travelled of registrations made with them, and their canonical bytes, each
// behind its length in four bytes.
func TestGolden(t *testing.T) {
	if *update {
		writeGolden(t)
	}
	k := newKit(t, "kit")
	forms := form.NewCatalogue()
	for _, name := range []string{"births.xlsx", "strange.xlsx"} {
		if _, err := forms.Add(golden(t, name)); err != nil {
			t.Fatal(err)
		}
	}
	identity, err := age.ParseHybridIdentity(string(bytes.TrimSpace(golden(t, "registry.txt"))))
	if err != nil {
		t.Fatal(err)
	}
	key, err := batch.OpenDayKey(golden(t, "key"), k.public, identity)
	if err != nil || key != k.key {
		t.Fatalf("the day key opens otherwise: %v", err)
	}
	for _, name := range []string{"dense", "plain"} {
		m, regs, err := batch.Open(golden(t, name), key, k.public, forms)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := batch.Chain(m, regs, saltOf); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(laid(canonicals(t, regs)), golden(t, "canonical")) {
			t.Errorf("%s opens to other registrations", name)
		}
	}
	photo, _, err := batch.OpenAttachment(golden(t, "attachment"), key, k.public)
	if err != nil || string(photo) != "a photo" {
		t.Errorf("the attachment opens otherwise: %v", err)
	}
	// What is written today for the same registrations is the same, too.
	_, regs, err := batch.Open(golden(t, "plain"), key, k.public, forms)
	if err != nil {
		t.Fatal(err)
	}
	k.chain(t, regs, regs[0].Counter)
	p := k.packing(forms)
	p.Rand = rand.NewChaCha8([32]byte{1})
	if file, err := batch.Pack(p, regs); err != nil || !bytes.Equal(file, golden(t, "dense")) {
		t.Errorf("packing gives other bytes than before (%v)", err)
	}
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "v0", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func laid(list [][]byte) []byte {
	var all []byte
	for _, b := range list {
		all = append(append(all, byte(len(b)>>24), byte(len(b)>>16), byte(len(b)>>8), byte(len(b))), b...)
	}
	return all
}

func writeGolden(t *testing.T) {
	t.Helper()
	k := newKit(t, "kit")
	write := func(name string, b []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", "v0", name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := batchtest.New(batchtest.Options{Seed: 11, Unseen: 0.1, Photos: 0.3})
	births, err := w.Workbook()
	write("births.xlsx", births, err)
	strange, err := batchtest.StrangeWorkbook()
	write("strange.xlsx", strange, err)
	forms := form.NewCatalogue()
	for _, b := range [][]byte{births, strange} {
		if _, err := forms.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	regs, _ := w.Births(8)
	odd := rapid.Custom(batchtest.Strange)
	for i := range 4 {
		r := odd.Example(i)
		for j := range r.Answers {
			r.Answers[j].Absent = min(r.Answers[j].Absent, civic.None)
		}
		regs = append(regs, r)
	}
	k.chain(t, regs, 100)
	write("canonical", laid(canonicals(t, regs)), nil)
	p := k.packing(forms)
	p.Rand = rand.NewChaCha8([32]byte{1})
	file, err := batch.Pack(p, regs)
	write("dense", file, err)
	p.Forms = nil
	file, err = batch.Pack(p, regs)
	write("plain", file, err)
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	write("registry.txt", []byte(identity.String()+"\n"), nil)
	file, err = batch.WrapDayKey(k.key, k.id, []string{identity.Recipient().String()}, k.private)
	write("key", file, err)
	file, err = batch.SealAttachment(k.key, k.id, []byte("a photo"), k.private, nil)
	write("attachment", file, err)
}
