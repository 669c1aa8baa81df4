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
	"github.com/askonce/fieldkit/sync/frozen"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// goldenKeyFile is the one file with a random number that cannot be given: age
// takes its own.
const goldenKeyFile = "key"

// Bytes written once are read for ever: a change of a model, of a constant, or
// of how a workbook is read shows here. Each version's folder holds two
// workbooks, what travelled of registrations made with them, and their canonical
// bytes, each behind its length in four bytes. Version 0 had less to say of a
// consent.
func TestGoldenRead(t *testing.T) {
	for _, version := range []string{"v0", "version1"} {
		t.Run(version, func(t *testing.T) {
			if version == "version1" && *update {
				writeGolden(t)
			}
			k, forms, regs := goldenRegistrations(t, version, "dense")
			if got, want := laid(canonicals(t, regs)), frozen.Read(t, version, "canonical"); !bytes.Equal(got, want) {
				t.Error("the dense way opens to other registrations")
			}
			_, _, regs = goldenRegistrations(t, version, "plain")
			if got, want := laid(canonicals(t, regs)), frozen.Read(t, version, "canonical"); !bytes.Equal(got, want) {
				t.Error("the plain way opens to other registrations")
			}
			identity, err := age.ParseHybridIdentity(string(bytes.TrimSpace(frozen.Read(t, version, "registry.txt"))))
			if err != nil {
				t.Fatal(err)
			}
			key, err := batch.OpenDayKey(frozen.Read(t, version, goldenKeyFile), k.public, identity)
			if err != nil || key != k.key {
				t.Fatalf("the day key opens otherwise: %v", err)
			}
			photo, _, err := batch.OpenAttachment(frozen.Read(t, version, "attachment"), key, k.public)
			if err != nil || string(photo) != "a photo" {
				t.Errorf("the attachment opens otherwise: %v", err)
			}
			_ = forms
		})
	}
}

// What is written today for the same registrations is the same, too.
func TestGoldenWritten(t *testing.T) {
	k, forms, regs := goldenRegistrations(t, "version1", "plain")
	p := k.packing(forms)
	p.Rand = rand.NewChaCha8([32]byte{1})
	file, err := batch.Pack(p, regs)
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "dense", file, false)
	frozen.Check(t, "canonical", laid(canonicals(t, regs)), false)
	file, err = batch.SealAttachment(k.key, k.id, []byte("a photo"), k.private, rand.NewChaCha8([32]byte{2}))
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "attachment", file, false)
}

// A consent of version 1 says all that is kept of one, and comes back so.
func TestGoldenConsents(t *testing.T) {
	_, _, regs := goldenRegistrations(t, "version1", "dense")
	seen := map[string]bool{}
	for _, r := range regs {
		for _, c := range r.Consents {
			seen["agency"] = seen["agency"] || c.Agency != ""
			seen["withdrawn"] = seen["withdrawn"] || c.Withdrawn
			seen["notice"] = seen["notice"] || c.Notice != ""
			seen["words"] = seen["words"] || !c.Words.IsZero()
			seen["by"] = seen["by"] || c.By != civic.Themselves
			seen["aloud"] = seen["aloud"] || c.ReadAloud
		}
	}
	if len(seen) != 6 || !seen["agency"] || !seen["withdrawn"] || !seen["notice"] || !seen["words"] || !seen["by"] || !seen["aloud"] {
		t.Errorf("the golden registrations do not say all of a consent: %v", seen)
	}
}

// A file of a later version is told as such: it was neither damaged nor forged.
func TestLaterFile(t *testing.T) {
	k := newKit(t, "kit")
	for _, name := range []string{"dense", goldenKeyFile, "attachment"} {
		file := bytes.Clone(frozen.Read(t, "version1", name))
		file[3] = '2'
		var err error
		switch name {
		case "dense":
			_, err = batch.ReadManifest(file)
		case goldenKeyFile:
			_, _, err = batch.ReadDayKey(file)
		default:
			_, err = batch.VerifyAttachment(file, k.public)
		}
		if civic.CodeOf(err) != civic.VersionUnknown {
			t.Errorf("%s of version 2: %v", name, err)
		}
	}
}

func goldenRegistrations(t *testing.T, version, name string) (kit, *form.Catalogue, []civic.Registration) {
	t.Helper()
	k := newKit(t, "kit")
	forms := form.NewCatalogue()
	for _, workbook := range []string{"births.xlsx", "strange.xlsx"} {
		if _, err := forms.Add(frozen.Read(t, version, workbook)); err != nil {
			t.Fatal(err)
		}
	}
	m, regs, err := batch.Open(frozen.Read(t, version, name), k.key, k.public, forms)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if _, err := batch.Chain(m, regs, saltOf); err != nil {
		t.Fatal(err)
	}
	return k, forms, regs
}

func laid(list [][]byte) []byte {
	var all []byte
	for _, b := range list {
		all = append(append(all, byte(len(b)>>24), byte(len(b)>>16), byte(len(b)>>8), byte(len(b))), b...)
	}
	return all
}

// writeGolden makes the bytes of version 1; it changes none that exist.
func writeGolden(t *testing.T) {
	t.Helper()
	k := newKit(t, "kit")
	w := batchtest.New(batchtest.Options{Seed: 11, Unseen: 0.1, Photos: 0.3})
	forms := form.NewCatalogue()
	for _, name := range []string{"births.xlsx", "strange.xlsx"} {
		b := frozen.Read(t, "v0", name)
		frozen.Check(t, name, b, true)
		if _, err := forms.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	regs, _ := w.Births(8)
	odd := rapid.Custom(batchtest.Strange)
	for i := range 6 {
		r := odd.Example(i)
		for j := range r.Answers {
			r.Answers[j].Absent = min(r.Answers[j].Absent, civic.None)
		}
		regs = append(regs, r)
	}
	words := civic.NoticeDigest("kit/consent", "es", "¿Se puede?")
	regs[3].Consents = append(regs[3].Consents,
		civic.Consent{Service: "birth", Agency: "salud", Purpose: "reuse", Language: "zap", ReadAloud: true, Withdrawn: true, Notice: "kit/consent", Words: words, By: civic.ByInterpreter},
		civic.Consent{Service: "birth", Agency: "escuela", Purpose: "reuse", Given: true, Language: "es", Notice: "kit/consent", Words: words, By: civic.ByGuardian})
	k.chain(t, regs, 100)
	write := func(name string, b []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		frozen.Check(t, name, b, true)
	}
	write("canonical", laid(canonicals(t, regs)), nil)
	p := k.packing(forms)
	p.Rand = rand.NewChaCha8([32]byte{1})
	file, err := batch.Pack(p, regs)
	write("dense", file, err)
	p.Forms, p.Rand = nil, rand.NewChaCha8([32]byte{1})
	file, err = batch.Pack(p, regs)
	write("plain", file, err)
	file, err = batch.SealAttachment(k.key, k.id, []byte("a photo"), k.private, rand.NewChaCha8([32]byte{2}))
	write("attachment", file, err)
	if t.Failed() {
		return
	}
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	file, err = batch.WrapDayKey(k.key, k.id, []string{identity.Recipient().String()}, k.private)
	if err != nil {
		t.Fatal(err)
	}
	makeOnce(t, "registry.txt", []byte(identity.String()+"\n"), goldenKeyFile, file)
}

// makeOnce writes two files that belong together unless both are there.
func makeOnce(t *testing.T, first string, b []byte, second string, c []byte) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("testdata", "version1", first)); err == nil {
		return
	}
	frozen.Check(t, first, b, true)
	frozen.Check(t, second, c, true)
}
