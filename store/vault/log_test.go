package vault

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

// writtenLog gives the log of some acknowledged writes, with the sizes it had
// after each.
func writtenLog(t testing.TB) (log []byte, after []int) {
	t.Helper()
	v := testVault(t)
	path := filepath.Join(v.Dir(), fileWAL)
	for i := range 6 {
		if err := v.Update(t.Context(), func(tx *Tx) error { return tx.Put(Kit, "m", FirstRow+100+int64(i), make([]byte, 300)) }); err != nil {
			t.Fatal(err)
		}
		var err error
		if log, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		after = append(after, len(log))
	}
	return log, after
}

func TestALogThatEndsEarlyIsSeen(t *testing.T) {
	log, after := writtenLog(t)
	if lost, err := lostTail(bytes.NewReader(log)); lost != 0 || err != nil {
		t.Fatalf("a whole log: %d lost, %v", lost, err)
	}
	// A power cut: the last transaction is torn anywhere, or lies there in pieces.
	for cut := after[4]; cut < len(log); cut += 97 {
		if lost, _ := lostTail(bytes.NewReader(log[:cut])); lost != 0 {
			t.Fatalf("cut at %d: %d lost", cut, lost)
		}
		torn := bytes.Clone(log)
		torn[cut] ^= 0x10
		if lost, _ := lostTail(bytes.NewReader(torn)); lost != 0 {
			t.Fatalf("torn at %d: %d lost", cut, lost)
		}
	}
	// Damage before acknowledged writes.
	for at := after[0]; at < after[3]; at += 131 {
		damaged := bytes.Clone(log)
		damaged[at] ^= 0x10
		if lost, _ := lostTail(bytes.NewReader(damaged)); lost < 2 {
			t.Fatalf("damaged at %d of %d: nothing seen", at, len(log))
		}
	}
}

func TestALogThatEndsEarlyIsKeptAndTold(t *testing.T) {
	log, after := writtenLog(t)
	for name, flip := range map[string]int{"damaged": after[1] + 40, "whole": -1} {
		v := testVault(t)
		dir, options := v.Dir(), v.options
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(log)
		if flip >= 0 {
			b[flip] ^= 1
		}
		if err := os.WriteFile(filepath.Join(dir, fileWAL), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := keepTail(dir, options.Clock()); err != nil {
			t.Fatal(err)
		}
		v.dir = dir
		if got := civic.CodeOf(v.LostTail()) == civic.StoreTail; got != (flip >= 0) {
			t.Errorf("%s: told %v", name, got)
		}
		kept, _ := filepath.Glob(filepath.Join(dir, tailPattern))
		if flip >= 0 {
			if len(kept) != 1 {
				t.Fatalf("%s: kept %v", name, kept)
			}
			if evidence, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(evidence, b) {
				t.Error("the evidence is not what lay there", err)
			}
		}
	}
}

// FuzzLog reads whatever lies in the place of a write-ahead log.
func FuzzLog(f *testing.F) {
	log, after := writtenLog(f)
	f.Add(log[:after[1]])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if lost, err := lostTail(bytes.NewReader(b)); err != nil || lost < 0 || lost == 1 {
			t.Fatal(lost, err)
		}
	})
}
