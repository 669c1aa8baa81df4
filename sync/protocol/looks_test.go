package protocol_test

import (
	"crypto/rand"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestLooksOpenWithBothOnly(t *testing.T) {
	secret, id := protocol.ClaimSecret{1}, civic.RegistrationID{2}
	key := func(s protocol.ClaimSecret, code string, slip bool) protocol.LooksKey {
		k, err := protocol.LooksKeyOf(s, code, slip)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sealed, err := protocol.SealLooks(key(secret, "k7dm-2x9q", true), id, protocol.Looks{At: 7, Rows: []protocol.Look{{At: 5, Kind: "agency", Action: "disclosure"}}}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := protocol.OpenLooks(key(secret, "K7DM 2X9Q", true), id, sealed); err != nil || l.At != 7 || len(l.Rows) != 1 {
		t.Fatal(l, err)
	}
	for name, open := range map[string]func() error{
		"another code": func() error { _, err := protocol.OpenLooks(key(secret, "k7dm-2x9r", true), id, sealed); return err },
		"another receipt": func() error {
			_, err := protocol.OpenLooks(key(protocol.ClaimSecret{9}, "k7dm-2x9q", true), id, sealed)
			return err
		},
		"another registration": func() error {
			_, err := protocol.OpenLooks(key(secret, "k7dm-2x9q", true), civic.RegistrationID{3}, sealed)
			return err
		},
		"cut": func() error {
			_, err := protocol.OpenLooks(key(secret, "k7dm-2x9q", true), id, sealed[:20])
			return err
		},
	} {
		if err := open(); civic.CodeOf(err) != civic.EntryRefused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenLooks(f *testing.F) {
	var key protocol.LooksKey
	sealed, err := protocol.SealLooks(key, civic.RegistrationID{}, protocol.Looks{At: 1}, rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = protocol.OpenLooks(key, civic.RegistrationID{}, b)
		var n protocol.LooksNote
		_ = protocol.Unmarshal(b, &n)
		var a protocol.LooksAsk
		_ = protocol.Unmarshal(b, &a)
	})
}
