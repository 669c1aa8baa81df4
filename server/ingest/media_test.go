package ingest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/server/ingest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func put(t *testing.T, b []byte, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMedium(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	stick := t.TempDir()
	file, cut := k.pack(k.seal(), k.seal()), k.pack(k.seal())
	put(t, file, stick, "up", protocol.NameOf(file).String()+".batch")
	put(t, k.header(), stick, "a courier's folder", "key-without-ending")
	put(t, k.photo([]byte("picture")), stick, "up", "photo")
	put(t, cut[:len(cut)-9], stick, "up", "cut.batch")
	put(t, []byte("somebody's letter"), stick, "letter.txt")
	ask, err := protocol.Marshal(protocol.SyncRequest{Batches: []civic.Digest{protocol.NameOf(file)}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, ask, stick, "ask", k.id.String()+".cbor")
	if err := os.Symlink("/etc/hostname", filepath.Join(stick, "up", "link.batch")); err != nil {
		t.Fatal(err)
	}

	n, err := c.Import(t.Context(), stick)
	if err != nil || n != (ingest.Imported{Accepted: 3, Quarantined: 1, Ignored: 2, Answers: 1}) {
		t.Fatalf("%+v %v", n, err)
	}
	again, err := c.Import(t.Context(), stick)
	if err != nil || again != (ingest.Imported{Repeated: 4, Ignored: 2, Answers: 1}) {
		t.Fatalf("%+v %v", again, err)
	}
	b, err := os.ReadFile(filepath.Join(stick, "down", k.id.String()+".cbor"))
	if err != nil {
		t.Fatal(err)
	}
	var a protocol.SyncAnswer
	if err := protocol.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	var acks []protocol.BatchAck
	if err := protocol.Open(protocol.StatementAck, a.Acks, c.access.Keys().Statements(), &acks); err != nil || acks[0].State != protocol.BatchReceived {
		t.Fatal(err, acks)
	}
	if len(a.Down) != 1 || a.Bundle == nil || a.Lease == nil {
		t.Fatalf("%+v", a)
	}
	plain, err := protocol.OpenDown(k.secret, a.Down[0].Seq, a.Down[0].Kind, a.Down[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := protocol.OpenOutcomes(k.public(), plain)
	if err != nil || len(outcomes) != 2 {
		t.Fatal(err, outcomes)
	}
	if d := k.came(); d.Registrations != 2 {
		t.Fatalf("%+v", d)
	}
}
