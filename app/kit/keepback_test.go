package kit

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// tooLong puts a registration on the kit that no batch takes, as another version
// of the program might have sealed it.
func (w *world) tooLong() {
	w.t.Helper()
	st, err := w.store()
	if err != nil {
		w.t.Fatal(err)
	}
	key, _, err := st.Keys()
	if err != nil {
		w.t.Fatal(err)
	}
	public, _ := key.Public().(ed25519.PublicKey)
	_, err = st.Seal(w.t.Context(), store.DraftID{}, func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		return &civic.Registration{
			Device: st.Identity().Device, ID: civic.NewRegistrationID(public, counter), Counter: counter, Previous: previous,
			Area: st.Identity().Area, Form: civic.FormRef{ID: "list", Version: "1"}, Sealed: st.Stamp(), Started: st.Stamp(),
			Answers: []civic.Answer{{Path: "note", Value: strings.Repeat("x", 100_000)}},
		}, civic.Digest{byte(counter)}, "", nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// One registration that cannot be packed stays and is told of; those before and
// behind it go.
func TestWhatCannotBePackedKeepsNothingBack(t *testing.T) {
	w := enrolled(t)
	w.sealed("Ana", "Paz")
	w.tooLong()
	w.sealed("Eva", "Luz")
	w.tooLong()
	w.sealed("Ida", "Sol")

	dir := t.TempDir()
	out, err := w.Export(t.Context(), dir)
	wantCode(t, err, civic.AnswersInvalid)
	if out.Files == 0 {
		t.Fatal("nothing was written")
	}
	counts, err := w.Status(t.Context())
	if err != nil || counts.Sealed != 2 || counts.Sent != 3 {
		t.Fatalf("%+v %v", counts, err)
	}
	w.sealed("Lea", "Mar") // and it is no different later, or when the kit is locked
	wantCode(t, w.Lock(t.Context()), civic.AnswersInvalid)
	if _, err := w.Export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	if counts, err := w.Status(t.Context()); err != nil || counts.Sealed != 2 || counts.Sent != 4 {
		t.Fatalf("%+v %v", counts, err)
	}
}

// A damaged answer on a medium is told of, and what waits is written all the
// same; so too when a message that came before cannot be taken in.
func TestADamagedAnswerKeepsNothingBack(t *testing.T) {
	w := enrolled(t)
	w.sealed("Ana", "Paz")
	st, err := w.store()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	answer := filepath.Join(dir, mediaDown, st.Identity().Device.String()+".cbor")
	if err := os.Mkdir(filepath.Dir(answer), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(answer, []byte("torn by a bad stick"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := w.Export(t.Context(), dir)
	wantCode(t, err, civic.MediumAnswer)
	if out.Files != 2 { // a key and a batch
		t.Fatalf("%+v", out)
	}
	if asks, err := os.ReadDir(filepath.Join(dir, mediaAsk)); err != nil || len(asks) != 1 {
		t.Fatal(asks, err)
	}
}

// A full medium keeps its whole files and no pieces.
func TestAFullMediumKeepsNoPieces(t *testing.T) {
	dir := t.TempDir()
	root, err := openMedium(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	if err := root.Mkdir("up/file", 0o700); err != nil { // where the name is wanted
		t.Fatal(err)
	}
	wantCode(t, writeWhole(root, "up/file", []byte("bytes")), civic.MediumFailed)
	if _, err := root.Stat("up/file.new"); err == nil {
		t.Fatal("a piece was left")
	}
	if err := writeWhole(root, "up/other", []byte("bytes")); err != nil {
		t.Fatal(err)
	}
	if err := settleMedium(root); err != nil {
		t.Fatal(err)
	}
}

// A stick that went leaves the folder it was mounted on: no copy is written onto
// the kit's own disk, the missing one is told of, after a restart too, until the
// stick is in again.
func TestAnEmptyMountPointIsNoMedium(t *testing.T) {
	w := enrolled(t)
	stick := filepath.Join(t.TempDir(), "stick")
	w.sealed("Ana", "Paz")
	if _, err := w.Backup(t.Context(), stick); err != nil {
		t.Fatal(err)
	}
	away := stick + ".away"
	if err := os.Rename(stick, away); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(stick, 0o700); err != nil {
		t.Fatal(err)
	}
	w.sealed("Eva", "Luz")
	if files, err := os.ReadDir(stick); err != nil || len(files) != 0 {
		t.Fatal("a copy on the kit's own disk:", files, err)
	}
	wantAlert(t, w, civic.BackupMissed)
	w.reopen()
	if err := w.Unlock(t.Context(), testPassphrase); err != nil {
		t.Fatal(err)
	}
	wantAlert(t, w, civic.BackupMissed)

	if err := os.Remove(stick); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(away, stick); err != nil {
		t.Fatal(err)
	}
	if err := w.Lock(t.Context()); err != nil { // brought up to date without another registration
		t.Fatal(err)
	}
	if w.BackupBehind(t.Context()) {
		t.Fatal("the stick is in, and nothing was copied")
	}
}

// A kit that was left alone behind its PIN forgets its keys and names without
// anybody coming; a supervisor who stepped up has to again after the PIN.
func TestAKitLeftAloneForgets(t *testing.T) {
	w := enrolled(t)
	if err := w.SetPIN(t.Context(), "480213"); err != nil {
		t.Fatal(err)
	}
	st, err := w.store()
	if err != nil {
		t.Fatal(err)
	}
	w.leading.begin(st.Officer().ID, w.clock.Now())
	if err := w.LockScreen(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(time.Minute)
	if w.State() != Locked || !w.ScreenLocked() {
		t.Fatal("a minute is not too long")
	}
	if err := w.UnlockScreen(t.Context(), "480213"); err != nil {
		t.Fatal(err)
	}
	if by, going := w.leading.going(w.clock.Now()); going {
		t.Fatal("the PIN made a supervisor of", by)
	}
	if err := w.LockScreen(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(5 * time.Hour)
	if w.State() != Locked || w.ScreenLocked() {
		t.Fatal("the keys are still in memory")
	}
	wantCode(t, w.UnlockScreen(t.Context(), "480213"), civic.Locked)
}

// A disk that fails while the kit is unlocked leaves it locked, and the next try
// finds everything: the forms that were kept, and the drafts on them.
func TestUnlockingThatFailedIsDoneWhole(t *testing.T) {
	w, disk := newWorldOnDisk(t, "kit-unlock-faults")
	id := w.sealed("Ana", "Paz")
	iv, err := w.BeginFor(t.Context(), testForm, capture.Ref{Registration: id}, map[string]capture.Ref{"": {Registration: id}})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for nth := 1; ; nth++ {
		w.reopen()
		disk.Fail(baddisk.Fault{Nth: nth, Kind: baddisk.Write, Full: true})
		err := w.Unlock(t.Context(), testPassphrase)
		disk.Fail(baddisk.Fault{})
		if err == nil {
			break
		}
		failed++
		if w.State() != Locked {
			t.Fatalf("the %d. write failed, and the kit is half open: %v", nth, err)
		}
		if err := w.Unlock(t.Context(), testPassphrase); err != nil {
			t.Fatal(err)
		}
		// A draft about a known person opens though nothing can be written.
		disk.Fail(baddisk.Fault{Nth: 1, Kind: baddisk.Write, Full: true})
		again, err := w.Resume(t.Context(), iv.ID())
		disk.Fail(baddisk.Fault{})
		if err != nil || again.Form().Ref().ID != testForm {
			t.Fatal(err)
		}
	}
	if failed == 0 {
		t.Fatal("no fault hit an unlocking")
	}
}
