package rehearsal

import (
	"crypto/ed25519"
	"path/filepath"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/witness"
)

// TestJourneyForgedLog: whoever has the ledger, the disk and the intake's keys
// takes a look out of the log and signs a head of his own over it. He has no
// key that anybody believes, and the check finds both.
func TestJourneyForgedLog(t *testing.T) {
	o := newOffice(t)
	o.looks(2)
	kept := filepath.Join(t.TempDir(), "head")
	journeyFile(t, kept, []byte(o.must("audit", "head").text("note")))
	o.stop()
	intake := filepath.Join(o.dir, "intake")
	o.must("opener", "keys", intake)
	keys, err := access.OpenKeys(intake)
	if err != nil || keys.LogSigner() != nil || keys.LogKey() == "" {
		t.Fatal(err, "an intake's keys sign heads of the log")
	}
	o.must("audit", "verify", "--keys", intake, "--checkpoint", kept) // it may look

	db, err := ledger.Open(t.Context(), "file:"+filepath.Join(o.data, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(tx ledger.Tx) error {
		if n, err := tx.Exec(t.Context(), "DELETE FROM log_row WHERE action = 'export'"); err != nil || n < 2 {
			t.Fatal(n, err)
		}
		_, forger, err := ed25519.GenerateKey(nil)
		if err != nil {
			return err
		}
		log, err := witness.NewLog(keys.LogKey())
		if err != nil {
			return err
		}
		head := log.Sign(witness.Checkpoint{Size: 1 << 20, Root: civic.Digest{7}}, forger)
		_, err = tx.Exec(t.Context(), "INSERT INTO log_checkpoint (size, note, at) VALUES (?1, ?2, 1)", head.Size, log.Note(head))
		return err
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := o.run("audit", "verify", "--checkpoint", kept)
	found := s.faults(t, "findings")
	if s.problem() != civic.LogAltered || !slices.Contains(found, "row_removed") || !slices.Contains(found, "head_unsigned") {
		t.Errorf("the check finds %v", found)
	}
	if s := o.run("doctor"); s.code == 0 {
		t.Error("doctor finds nothing")
	}
}
