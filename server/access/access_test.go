package access_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestEnrolment(t *testing.T) {
	c := newCentre(t)
	code := c.invite(t)
	k := newKit(t, c, code)
	words, err := c.Enrol(t.Context(), k.request, k.transport)
	if err != nil {
		t.Fatal(err)
	}
	var answer protocol.EnrolAnswer
	if err := protocol.Unmarshal(words, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Area != "mx-20-067" || answer.Device != civic.NewDeviceID(k.request.Device) || answer.ServerTime != c.now.Unix() {
		t.Fatalf("answer %+v", answer)
	}
	var bundle protocol.KeyBundle
	if err := protocol.Open(protocol.StatementBundle, answer.Bundle, c.keys.Root.PublicKey.(ed25519.PublicKey), &bundle); err != nil {
		t.Fatal(err)
	}
	if len(bundle.Kits) != 1 || !bytes.Equal(bundle.Kits[0].Public, k.request.Device) || bundle.Registry != "Registry of Test" {
		t.Fatalf("bundle %+v", bundle)
	}
	var lease protocol.Lease
	if err := protocol.Open(protocol.StatementLease, answer.Lease, bundle.Server, &lease); err != nil || lease.Revoked {
		t.Fatal(err, lease)
	}

	t.Run("a repeat gets the same words, even later", func(t *testing.T) {
		c.now = c.now.Add(48 * time.Hour)
		again, err := c.Enrol(t.Context(), k.request, k.transport)
		if err != nil || !bytes.Equal(again, words) {
			t.Fatal("another answer", err)
		}
	})
	t.Run("a repeat before first contact may bring a new secret", func(t *testing.T) {
		other := k
		other.request.KitSecret = sealTo(t, c.keys.Recipient(), bytes.Repeat([]byte{9}, 32))
		_ = other.request.Prove(k.sign)
		if again, err := c.Enrol(t.Context(), other.request, k.transport); err != nil || !bytes.Equal(again, words) {
			t.Fatal("another answer", err)
		}
		if got := c.secret(t, answer.Device); got[0] != 9 {
			t.Fatal("the new secret was not taken")
		}
		c.seen(t, answer.Device)
		if _, err := c.Enrol(t.Context(), k.request, k.transport); err != nil {
			t.Fatal(err)
		}
		if got := c.secret(t, answer.Device); got[0] != 9 {
			t.Fatal("the secret was replaced after first contact")
		}
	})
	t.Run("another kit cannot use the code", func(t *testing.T) {
		thief := newKit(t, c, code)
		if _, err := c.Enrol(t.Context(), thief.request, thief.transport); civic.CodeOf(err) != civic.CodeUsed {
			t.Fatal(err)
		}
	})
	t.Run("the same device cannot use a second code", func(t *testing.T) {
		again := k
		second := c.invite(t)
		again.request.Secret = second.Secret[:]
		_ = again.request.Prove(k.sign)
		if _, err := c.Enrol(t.Context(), again.request, k.transport); civic.CodeOf(err) != civic.AlreadyEnrolled {
			t.Fatal(err)
		}
	})
}

func TestEnrolmentRefused(t *testing.T) {
	c := newCentre(t)
	code := c.invite(t)
	for name, test := range map[string]struct {
		change func(*kit)
		want   civic.Code
	}{
		"a code nobody made":      {func(k *kit) { k.request.Secret = bytes.Repeat([]byte{1}, 10) }, civic.CodeUnknown},
		"a secret of wrong size":  {func(k *kit) { k.request.KitSecret = sealTo(t, c.keys.Recipient(), []byte("short")) }, civic.RequestMalformed},
		"a secret sealed to some": {func(k *kit) { k.request.KitSecret = sealTo(t, c.keys.Recovery(), k.secret) }, civic.RequestMalformed},
		"another key on the wire": {func(k *kit) { k.transport = k.request.Device }, civic.RequestMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t, c, code)
			test.change(&k)
			if err := k.request.Prove(k.sign); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Enrol(t.Context(), k.request, k.transport); civic.CodeOf(err) != test.want {
				t.Fatalf("want %s, got %v", test.want, err)
			}
		})
	}
	t.Run("a proof that does not fit", func(t *testing.T) {
		k := newKit(t, c, code)
		k.request.Name = "changed"
		if _, err := c.Enrol(t.Context(), k.request, k.transport); err == nil {
			t.Fatal("taken")
		}
	})
	t.Run("expired", func(t *testing.T) {
		k := newKit(t, c, code)
		c.now = c.now.Add(25 * time.Hour)
		if _, err := c.Enrol(t.Context(), k.request, k.transport); civic.CodeOf(err) != civic.CodeExpired {
			t.Fatal(err)
		}
	})
}

func TestOneCodeEnrolsOneKitHoweverManyTryAtOnce(t *testing.T) {
	c := newCentre(t)
	code := c.invite(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	enrolled := 0
	for range 8 {
		k := newKit(t, c, code)
		wg.Go(func() {
			_, err := c.Enrol(t.Context(), k.request, k.transport)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				enrolled++
			} else if civic.CodeOf(err) != civic.CodeUsed {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if enrolled != 1 {
		t.Fatalf("%d kits were enrolled with one code", enrolled)
	}
}

func TestRevokedKit(t *testing.T) {
	c := newCentre(t)
	k := newKit(t, c, c.invite(t))
	if _, err := c.Enrol(t.Context(), k.request, k.transport); err != nil {
		t.Fatal(err)
	}
	id := civic.NewDeviceID(k.request.Device)
	_, before, err := c.Bundle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Revoke(t.Context(), id, 12, true, "test")
	if err != nil {
		t.Fatal(err)
	}
	statement, serial, err := c.Bundle(t.Context())
	if err != nil || serial <= before {
		t.Fatalf("serial %d after %d: %v", serial, before, err)
	}
	var bundle protocol.KeyBundle
	if err := protocol.Open(protocol.StatementBundle, statement, c.keys.Root.PublicKey.(ed25519.PublicKey), &bundle); err != nil || bundle.Kits[0].UpTo != 12 {
		t.Fatal(err, bundle.Kits)
	}
	words, err := c.Lease(d)
	var lease protocol.Lease
	if err == nil {
		err = protocol.Open(protocol.StatementLease, words, c.keys.Statements(), &lease)
	}
	if err != nil || !lease.Revoked || !lease.Wipe || lease.Expires > c.now.Unix() {
		t.Fatal(err, lease)
	}
	if _, err := c.Revoke(t.Context(), civic.DeviceID{1}, 0, false, "test"); civic.CodeOf(err) != civic.DeviceAbsent {
		t.Fatal(err)
	}
}

func TestBundleIsSignedAnewOnlyWhenNeeded(t *testing.T) {
	c := newCentre(t)
	first, one, err := c.Bundle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, two, _ := c.Bundle(t.Context())
	if one != two || !bytes.Equal(first, again) {
		t.Fatal("a bundle without a change is another one")
	}
	c.now = c.now.Add(31 * 24 * time.Hour)
	if _, three, _ := c.Bundle(t.Context()); three != one+1 {
		t.Fatalf("serial %d after a month", three)
	}
}

func TestSeenKeepsNumbersGrowing(t *testing.T) {
	c := newCentre(t)
	k := newKit(t, c, c.invite(t))
	_, _ = c.Enrol(t.Context(), k.request, k.transport)
	id := civic.NewDeviceID(k.request.Device)
	// The kit has taken in 40 messages that a restored ledger does not know.
	if _, err := c.Seen(t.Context(), c.device(t, id), access.Contact{Cursor: 40, Clock: civic.Stamp{Wall: c.now.Add(time.Hour).Unix()}}); err != nil {
		t.Fatal(err)
	}
	var seq uint64
	err := c.db.Update(t.Context(), func(tx ledger.Tx) (err error) {
		seq, err = access.NextSeq(t.Context(), tx, "mx-20-067", id)
		return err
	})
	if err != nil || seq != 41 {
		t.Fatal(seq, err)
	}
	if d := c.device(t, id); d.Drift != time.Hour || d.Cursor != 40 || !d.Seen.Equal(c.now) {
		t.Fatalf("%+v", d)
	}
}

func TestKeysAreReadBackAndKept(t *testing.T) {
	c := newCentre(t)
	again, err := access.OpenKeys(c.dir)
	if err != nil || again.Pin() != c.keys.Pin() || again.Data() != c.keys.Data() || len(again.TooOpen()) != 0 || !again.RecoveryHere() {
		t.Fatal(err, again.TooOpen())
	}
	if _, err := access.MakeKeys(c.dir, "again", c.now, rand.Reader); civic.CodeOf(err) != civic.AlreadyInitialised {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "registry.age"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := access.OpenKeys(c.dir); civic.CodeOf(err) != civic.KeyUnreadable {
		t.Fatal(err)
	}
	if _, err := access.OpenKeys(t.TempDir()); civic.CodeOf(err) != civic.NotInitialised {
		t.Fatal(err)
	}
}

func TestCertificateRenewsByItself(t *testing.T) {
	c := newCentre(t)
	cert, err := c.Certificate(t.Context(), []string{"10.0.0.7", "centre.example"})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := cert.Get(nil)
	for _, host := range []string{protocol.ServerName, "localhost", "10.0.0.7", "centre.example"} {
		if err := first.Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if len(first.Certificate) != 2 || !bytes.Equal(first.Certificate[1], c.keys.Root.Raw) {
		t.Error("the root does not stand behind the certificate")
	}
	same, _ := c.Certificate(t.Context(), nil)
	if kept, _ := same.Get(nil); !kept.Leaf.Equal(first.Leaf) {
		t.Error("a restart made another certificate")
	}
	c.now = c.now.Add(90 * 24 * time.Hour)
	later, err := cert.Get(nil)
	if err != nil || later.Leaf.Equal(first.Leaf) {
		t.Fatal("not renewed", err)
	}
}
