//go:build acceptance

package rehearsal

import (
	"bytes"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/kit"
)

const febrlRows = 5000

func febrl3(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("SHARED")
	if shared == "" {
		t.Fatal("set SHARED to the folder of labelled people: make acceptance SHARED=../shared")
	}
	return filepath.Join(shared, "linkage", "febrl", "dataset3.csv")
}

// Five thousand labelled people travel from a list to the registry, and their
// receipts are read by a reader that is not ours.
func TestAcceptanceFebrlFromListToRegistry(t *testing.T) {
	p := newPrograms(t)
	p.enrolled()

	imported := p.fieldkit("import", "--form", "febrl", febrl3(t))
	if number(imported, "sealed") != febrlRows || number(imported, "rejected") != 0 {
		t.Fatalf("import: %v", imported)
	}
	status := p.syncUntilSettled()
	settled, held, returned := number(status, "settled"), number(status, "held"), number(status, "returned")
	t.Logf("settled %d, held %d, returned %d", settled, held, returned)
	if settled+held+returned != febrlRows {
		t.Errorf("status: %v", status)
	}
	centre := p.server("status", "--data", p.centre)
	if number(centre, "registrations") != febrlRows || number(centre, "persons") >= febrlRows || number(centre, "merged") == 0 {
		t.Errorf("the centre: %v", centre)
	}
	checkExport(t, p, number(centre, "persons"))
	checkReceipts(t, p)
}

// checkExport reads the registry: every row of the list once, in fewer persons.
func checkExport(t *testing.T, p *programs, persons int) {
	t.Helper()
	file := filepath.Join(p.dir, "registry.csv")
	p.server("registry", "export", file, "--data", p.centre)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	registrations, people := map[string]bool{}, map[string]bool{}
	for _, row := range rows[1:] {
		if registrations[row[1]] {
			t.Fatalf("the registration %s stands twice", row[1])
		}
		registrations[row[1]] = true
		people[row[0]] = true
		if !strings.HasPrefix(row[2], "rec-") {
			t.Fatalf("no source row beside %s", row[1])
		}
	}
	t.Logf("%d registrations in %d persons", len(registrations), len(people))
	if len(people) != persons || len(people) >= febrlRows {
		t.Errorf("%d persons exported, the status says %d", len(people), persons)
	}
}

func checkReceipts(t *testing.T, p *programs) {
	t.Helper()
	dir := filepath.Join(p.dir, "receipts")
	if n := number(p.fieldkit("receipt", "--all", dir), "receipts"); n != febrlRows {
		t.Fatalf("%d receipts", n)
	}
	pictures, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(pictures) != febrlRows {
		t.Fatalf("%d pictures, %v", len(pictures), err)
	}
	var texts []string
	for range 20 {
		picture := pictures[rand.IntN(len(pictures))]
		id := strings.TrimSuffix(filepath.Base(picture), ".png")
		read, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", picture).Output()
		if err != nil {
			t.Fatalf("zbarimg: %v", err)
		}
		text := strings.TrimSuffix(string(read), "\n")
		for _, what := range []string{picture, text} {
			if v := p.fieldkit("verify", what); v["valid"] != true || v["registration"] != id {
				t.Fatalf("verify: %v", v)
			}
		}
		texts = append(texts, text)
	}
	checker := openKit(t, p) // after the commands: one program at a time uses a kit
	for _, text := range texts {
		noChangeIsBelieved(t, checker, text)
	}
}

// noChangeIsBelieved puts another sign of the code's alphabet at every place:
// the receipt is refused, or its signed content is the identical one.
func noChangeIsBelieved(t *testing.T, k *kit.Kit, text string) {
	t.Helper()
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	said, err := k.Verify(t.Context(), text)
	if err != nil || !said.Valid {
		t.Fatalf("the receipt itself: %+v, %v", said, err)
	}
	for i := range text {
		changed := []byte(text)
		for changed[i] == text[i] {
			changed[i] = alphabet[rand.IntN(len(alphabet))]
		}
		v, err := k.Verify(t.Context(), string(changed))
		v.Text = said.Text // what was read differs, of course; what is signed must not
		if err != nil || (v.Valid && !reflect.DeepEqual(v, said)) {
			t.Fatalf("a receipt changed at sign %d: %+v, %v", i, v, err)
		}
	}
}

func openKit(t *testing.T, p *programs) *kit.Kit {
	t.Helper()
	k, err := kit.Open(t.Context(), kit.Options{Home: p.kit, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	passphrase, err := os.ReadFile(p.passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Unlock(t.Context(), string(bytes.TrimSpace(passphrase))); err != nil {
		t.Fatal(err)
	}
	return k
}

// Killing the sync or the server in the middle of the transfer, ten times at
// random moments, ends in the same registry.
func TestAcceptanceFebrlSurvivesKilling(t *testing.T) {
	p := newPrograms(t)
	p.enrolled()
	p.fieldkit("import", "--form", "febrl", febrl3(t))
	cuts := 0
	for round := range 60 {
		after := time.Duration(50+rand.IntN(900)) * time.Millisecond
		if round%2 == 0 {
			if p.killedAt(p.kitCommand(t.Context(), "sync"), after) {
				cuts++
			}
		} else {
			cmd := p.kitCommand(t.Context(), "sync")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(after)
			p.kill()
			cuts++
			_ = cmd.Wait() // it may have failed: the server went away
			p.start()
		}
		if cuts >= 10 {
			break
		}
	}
	status := p.syncUntilSettled()
	if n := number(status, "settled") + number(status, "held") + number(status, "returned"); n != febrlRows {
		t.Errorf("after %d kills: %v", cuts, status)
	}
	centre := p.server("status", "--data", p.centre)
	if number(centre, "registrations") != febrlRows {
		t.Errorf("the centre after %d kills: %v", cuts, centre)
	}
	checkExport(t, p, number(centre, "persons"))
	t.Logf("%d kills", cuts)
}
