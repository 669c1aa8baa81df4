package protocol

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"github.com/askonce/fieldkit/sync/civic"
)

func testKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func TestStatement(t *testing.T) {
	for _, payload := range [][]byte{nil, {}, []byte("x"), bytes.Repeat([]byte{7}, 5000)} {
		b, err := SignStatement(StatementAck, payload, testKey(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := OpenStatement(StatementAck, b, public(testKey(1)))
		if err != nil || !bytes.Equal(got, payload) {
			t.Errorf("opened %d bytes: %v", len(got), err)
		}
		if _, err := OpenStatement(StatementLease, b, public(testKey(1))); civic.CodeOf(err) != civic.StatementForged {
			t.Errorf("opened as another kind: %v", err)
		}
		if _, err := OpenStatement(StatementAck, b, public(testKey(2))); civic.CodeOf(err) != civic.StatementForged {
			t.Errorf("opened with another key: %v", err)
		}
	}
}

// Every single flipped bit, every cut and every byte behind is found.
func TestStatementTampered(t *testing.T) {
	b, err := Sign(StatementAck, []BatchAck{{Batch: civic.Digest{1}, State: BatchReceived}, {Batch: civic.Digest{2}, Safe: true}}, testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(b) * 8 {
		bad := bytes.Clone(b)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := OpenStatement(StatementAck, bad, public(testKey(1))); err == nil {
			t.Errorf("bit %d of byte %d can be flipped", bit%8, bit/8)
		}
	}
	for n := range b {
		if _, err := OpenStatement(StatementAck, b[:n], public(testKey(1))); err == nil {
			t.Errorf("opened with %d of %d bytes", n, len(b))
		}
	}
	if _, err := OpenStatement(StatementAck, append(bytes.Clone(b), 0), public(testKey(1))); err == nil {
		t.Error("opened with a byte behind")
	}
}

func TestEnrolRequestProof(t *testing.T) {
	make := func() *EnrolRequest {
		r := &EnrolRequest{Secret: bytes.Repeat([]byte{1}, SecretSize), Device: public(testKey(1)), Transport: public(testKey(2)), KitSecret: []byte("sealed"), Name: "Kit 1"}
		if err := r.Prove(testKey(1)); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := make().Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*EnrolRequest){
		"secret":     func(r *EnrolRequest) { r.Secret[0]++ },
		"device":     func(r *EnrolRequest) { r.Device = public(testKey(3)) },
		"transport":  func(r *EnrolRequest) { r.Transport = public(testKey(3)) },
		"kit secret": func(r *EnrolRequest) { r.KitSecret = []byte("other") },
		"name":       func(r *EnrolRequest) { r.Name = "Kit 2" },
		"no proof":   func(r *EnrolRequest) { r.Proof = nil },
		"short":      func(r *EnrolRequest) { r.Secret = r.Secret[:9] },
		"long name":  func(r *EnrolRequest) { r.Name = string(bytes.Repeat([]byte("x"), MaxName+1)) },
	} {
		r := make()
		change(r)
		if err := r.Check(); err == nil {
			t.Errorf("%s changed and not found", name)
		}
	}
}

func FuzzStatement(f *testing.F) {
	for _, p := range [][]byte{{}, []byte("payload")} {
		b, err := SignStatement(StatementLease, p, testKey(1))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	good := map[string]bool{}
	f.Fuzz(func(t *testing.T, b []byte) {
		payload, err := OpenStatement(StatementLease, b, public(testKey(1)))
		if err != nil {
			return
		}
		again, err := SignStatement(StatementLease, payload, testKey(1))
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("two writings of one statement")
		}
		good[string(b)] = true
	})
}
