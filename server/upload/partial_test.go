package upload

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// FuzzPartial opens whatever lies in the place of an upload under way: it is
// either one with a sound length, or none.
func FuzzPartial(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("AOUP\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05abc"))
	f.Add([]byte("AOUP\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02abc"))
	f.Add([]byte("AOUP\x00\xff\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "part")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p := &partial{path: path}
		if err := p.open(); err != nil {
			return
		}
		if p.length <= 0 || p.length > p.kind.MaxSize() || p.offset < 0 || p.offset > p.length {
			t.Fatalf("%+v", p)
		}
		if got, err := p.read(); err != nil || int64(len(got)) != p.offset {
			t.Fatal(err, len(got))
		}
	})
}

func TestHeaderIsReadBack(t *testing.T) {
	h := New(Config{Dir: t.TempDir()})
	for _, kind := range kinds {
		meta := protocol.Metadata{Kind: kind, Name: civic.Digest{byte(len(kind))}}
		if _, err := h.begin(Owner{1}, meta, 77); err != nil {
			t.Fatal(err)
		}
		p := &partial{path: h.partPath(Owner{1}, meta.Name)}
		if err := p.open(); err != nil || p.kind != kind || p.length != 77 || p.offset != 0 {
			t.Fatalf("%+v %v", p, err)
		}
	}
}
