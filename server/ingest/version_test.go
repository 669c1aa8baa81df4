package ingest_test

import (
	"bytes"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A file of a later version, from a courier or a kit renewed before its centre,
// is neither refused nor dropped: it is set aside with a reason of its own, and
// can be taken up again when the centre was renewed.
func TestLaterVersionIsSetAside(t *testing.T) {
	c := newCentre(t)
	k := c.kit("mx-1")
	k.take(protocol.UploadKey, k.header())
	file := bytes.Clone(k.pack(k.seal()))
	file[3] = '2'
	ack, _, err := c.Take(t.Context(), protocol.UploadBatch, file, k.id)
	if err != nil || ack.State != protocol.BatchQuarantined || ack.Reason != civic.VersionUnknown {
		t.Fatalf("%+v, %v", ack, err)
	}
	// This program still cannot read it: it stays where it is, whole.
	if n, err := c.RetryReason(t.Context(), civic.VersionUnknown, "test"); err != nil || n != 0 {
		t.Fatal(n, err)
	}
	again, _, err := c.Take(t.Context(), protocol.UploadBatch, file, k.id)
	if err != nil || again.State != protocol.BatchQuarantined || again.Reason != civic.VersionUnknown {
		t.Fatalf("%+v, %v", again, err)
	}
}
