package batch_test

import (
	"testing"

	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
)

// What a batch shows outside, byte by byte.
func TestGoldenManifest(t *testing.T) {
	b, err := protocol.Marshal(batch.Manifest{Device: civic.DeviceID{1}, Area: "mx-20-067", Key: protocol.KeyID{2}, Seq: 3, First: 4, Count: 5, Packed: 1_795_000_000})
	if err != nil {
		t.Fatal(err)
	}
	frozen.Check(t, "manifest.hex", b, *update)
}
