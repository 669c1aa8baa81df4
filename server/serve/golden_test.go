package serve_test

import (
	"flag"
	"reflect"
	"testing"

	"github.com/askonce/fieldkit/server/serve"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/frozen"
	"github.com/askonce/fieldkit/sync/protocol"
)

var update = flag.Bool("update", false, "make golden bytes that do not exist yet")

// What a copy of the ledger says of itself, and a restore of what it lost.
func TestGoldenManifest(t *testing.T) {
	for name, v := range map[string]any{
		"manifest.hex": serve.Manifest{At: 1_795_000_000, Ledger: civic.Digest{1}, Size: 900_000, Offices: []serve.OfficeCovered{{Area: "mx-20-067", Taken: 12, Audit: 34}},
			Bundle: 7, Attachments: 3, Covers: true},
		"gap.hex": serve.Gap{Backup: 1_794_900_000, Restored: 1_795_000_000, Ledger: civic.Digest{1}, Offices: []serve.OfficeCovered{{Area: "mx-20-067", Taken: 12, Audit: 34}},
			Log: protocol.LogGap{Restored: 1_795_000_000, Backup: 1_794_900_000, Size: 5, Root: civic.Digest{2}, Outside: []byte("note")}},
	} {
		b, err := protocol.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		frozen.Check(t, name, b, *update)
		again := reflect.New(reflect.TypeOf(v))
		if err := protocol.Unmarshal(frozen.Read(t, "version1", name), again.Interface()); err != nil || !reflect.DeepEqual(again.Elem().Interface(), v) {
			t.Errorf("%s is read as %+v: %v", name, again.Elem().Interface(), err)
		}
	}
}

// A kit of another version is told so by code, over the real wire, and nothing
// it said was taken.
func TestOtherVersionsOverTLS(t *testing.T) {
	c := newCentre(t)
	url, _ := running(t, c)
	k := newKit(t, c, "mx-1")
	k.enrol(c, url)
	for path, version := range map[string]string{"/v0/sync": "0", "/v2/sync": "2", "/v0/uploads": "0", "/v0/enrol": "0"} {
		var a protocol.SyncAnswer
		err := k.post(path, protocol.SyncRequest{}, &a)
		if civic.CodeOf(err) != civic.VersionUnknown {
			t.Errorf("version %s: %v", version, err)
		}
	}
}
