package protocol_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func recovery(t testing.TB) (protocol.RecoveryRequest, *age.HybridIdentity, *age.HybridIdentity) {
	t.Helper()
	registry, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	officer, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, registry.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("a key")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return protocol.RecoveryRequest{Device: civic.DeviceID{1}, By: civic.DeviceID{2}, Made: 5, Recipient: officer.Recipient().String(), Officer: "Nayeli", Keys: []protocol.RecoveryKey{{N: 3, File: b.Bytes()}, {N: 4, File: []byte("damaged")}}}, registry, officer
}

func TestARecoveryIsWrappedToTheNewOfficer(t *testing.T) {
	r, registry, officer := recovery(t)
	public, transport, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file, err := protocol.SignRecovery(r, transport)
	if err != nil {
		t.Fatal(err)
	}
	read, err := protocol.ReadRecovery(file)
	if err != nil || read.Verify(public) != nil {
		t.Fatal(err, read.Verify(public))
	}
	out, err := protocol.Release(read, registry)
	if err != nil || len(out.Keys) != 1 || out.Keys[0].N != 3 {
		t.Fatalf("a damaged key costs its day, not the others: %+v %v", out, err)
	}
	if _, err := age.Decrypt(bytes.NewReader(out.Keys[0].File), officer); err != nil {
		t.Fatal(err)
	}
	if _, err := age.Decrypt(bytes.NewReader(out.Keys[0].File), registry); err == nil {
		t.Fatal("the release opens for others too")
	}
	for bit := range len(file) * 8 {
		if bit > 4000 && bit%101 != 0 {
			continue // the long texts by sample
		}
		file[bit/8] ^= 1 << (bit % 8)
		if changed, err := protocol.ReadRecovery(file); err == nil && changed.Verify(public) == nil {
			t.Fatalf("bit %d was not noticed", bit)
		}
		file[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := protocol.Release(read, officer); civic.CodeOf(err) != civic.RecoveryForeign {
		t.Fatal(err)
	}
}

func FuzzRecovery(f *testing.F) {
	r, _, _ := recovery(f)
	file, err := protocol.SignRecovery(r, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte{0xa0})
	f.Fuzz(func(_ *testing.T, b []byte) {
		if r, err := protocol.ReadRecovery(b); err == nil {
			_ = r.Verify(make([]byte, ed25519.PublicKeySize))
			_, _ = protocol.Release(r)
		}
	})
}
