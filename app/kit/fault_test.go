package kit

import (
	"fmt"
	"testing"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// newWorldOnDisk enrols a kit on a disk that can be told to fail.
func newWorldOnDisk(t *testing.T, name string) (*world, *baddisk.Disk) {
	t.Helper()
	disk, err := baddisk.New(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	w := newWorld(t)
	w.o.VFS = disk.Name()
	w.reopen()
	if err := w.Enrol(t.Context(), w.input()); err != nil {
		t.Fatal(err)
	}
	w.loadForm()
	return w, disk
}

// TestSealFaultTable fails each write and each sync of a seal in turn, stored
// and not stored, then opens the kit again and goes on: there is the draft or
// the registration, never neither and never both, and trying again ends in one
// registration with a receipt.
func TestSealFaultTable(t *testing.T) {
	w, disk := newWorldOnDisk(t, "kit-seal-faults")

	sealed, failed := 0, 0
	for _, kind := range []baddisk.Kind{baddisk.Write, baddisk.Sync} {
		for _, stored := range []bool{false, true} {
			for nth := 1; ; nth++ {
				name := fmt.Sprintf("%v, the %d., stored %v", kind, nth, stored)
				iv := w.interview(map[string]string{"who/given_name": "Ana", "who/surname": fmt.Sprintf("Paz %d", sealed)})
				disk.Fail(baddisk.Fault{Nth: nth, Kind: kind, Stored: stored})
				_, err := w.Seal(t.Context(), iv)
				disk.Fail(baddisk.Fault{})
				if err == nil {
					sealed++ // the fault fell behind the seal: the table is through
					break
				}
				failed++
				if civic.CodeOf(err) == "" {
					t.Fatalf("%s: an error without a code: %v", name, err)
				}
				w.reopen()
				if err := w.Unlock(t.Context(), testPassphrase); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				goOn(t, w, name, iv.ID(), sealed)
				sealed++
			}
		}
	}
	t.Logf("%d faults", failed)
	if failed < 4 {
		t.Fatalf("only %d faults hit a seal", failed)
	}
	rows, err := w.Registrations(t.Context(), Filter{Limit: 10_000})
	if err != nil || len(rows) != sealed {
		t.Fatalf("%d registrations, want %d, %v", len(rows), sealed, err)
	}
	for _, r := range rows {
		receipt, err := w.Receipt(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := w.Verify(t.Context(), receipt.Text); err != nil || !v.Valid {
			t.Fatalf("%+v, %v", v, err)
		}
	}
}

// goOn finds the draft or the registration after a fault and finishes.
func goOn(t *testing.T, w *world, name string, draft capture.DraftID, before int) {
	t.Helper()
	counts, err := w.Status(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	switch {
	case counts.Sealed == before && counts.Drafts == 1:
		iv, err := w.Resume(t.Context(), draft)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := w.Seal(t.Context(), iv); err != nil {
			t.Fatalf("%s, again: %v", name, err)
		}
	case counts.Sealed == before+1 && counts.Drafts == 0:
	default:
		t.Fatalf("%s: %d drafts and %d sealed, %d before", name, counts.Drafts, counts.Sealed, before)
	}
	if counts, err := w.Status(t.Context()); err != nil || counts.Sealed != before+1 || counts.Drafts != 0 {
		t.Fatalf("%s: %+v, %v", name, counts, err)
	}
}

// TestAutosaveFaultTable does the same for one answer: what Set said is saved is
// there after the crash, and a save that failed left the draft before whole.
func TestAutosaveFaultTable(t *testing.T) {
	disk, err := baddisk.New("kit-save-faults")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	w := newWorld(t)
	w.o.VFS = disk.Name()
	w.reopen()
	if err := w.Enrol(t.Context(), w.input()); err != nil {
		t.Fatal(err)
	}
	w.loadForm()
	id := w.interview(map[string]string{"who/given_name": "before"}).ID()
	saved, failed := "before", 0
	for _, kind := range []baddisk.Kind{baddisk.Write, baddisk.Sync} {
		for _, stored := range []bool{false, true} {
			for nth := 1; ; nth++ {
				iv, err := w.Resume(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				next := fmt.Sprintf("Ana %d", failed)
				disk.Fail(baddisk.Fault{Nth: nth, Kind: kind, Stored: stored})
				err = iv.Set(t.Context(), "who/given_name", civic.Answer{Value: next})
				disk.Fail(baddisk.Fault{})
				if err == nil {
					saved = next
					break
				}
				failed++
				w.reopen()
				if err := w.Unlock(t.Context(), testPassphrase); err != nil {
					t.Fatal(err)
				}
				iv, err = w.Resume(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				got := iv.State("who/given_name").Answer.Value
				if got != saved && got != next {
					t.Fatalf("%v, the %d., stored %v: the draft says %q, neither %q nor %q", kind, nth, stored, got, saved, next)
				}
				saved = got
			}
		}
	}
	if failed < 4 {
		t.Fatalf("only %d faults hit a save", failed)
	}
}
