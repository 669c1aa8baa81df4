package access_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/ledger/ledgertest"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// centre is a new centre whose clock the test moves.
type centre struct {
	*access.Access
	db   ledger.DB
	keys *access.Keys
	dir  string
	now  time.Time
}

func newCentre(t *testing.T) *centre {
	t.Helper()
	c := &centre{dir: filepath.Join(t.TempDir(), "keys"), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var err error
	if c.keys, err = access.MakeKeys(c.dir, "Registry of Test", c.now, rand.Reader); err != nil {
		t.Fatal(err)
	}
	if c.db, err = ledger.Open(t.Context(), ledgertest.Place(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.db.Close() })
	c.Access = access.New(c.db, c.keys, access.Options{
		Clock: func() time.Time { return c.now }, Rand: rand.Reader,
		PasswordCost: access.PasswordCost{Time: 1, MemoryKiB: 64, Threads: 1},
	})
	return c
}

// kit is what a new device makes for itself.
type kit struct {
	request   protocol.EnrolRequest
	sign      ed25519.PrivateKey
	transport ed25519.PublicKey
	secret    []byte
}

func newKit(t *testing.T, c *centre, code protocol.Code) kit {
	t.Helper()
	_, sign, _ := ed25519.GenerateKey(rand.Reader)
	transport, _, _ := ed25519.GenerateKey(rand.Reader)
	k := kit{sign: sign, transport: transport, secret: bytes.Repeat([]byte{7}, 32)}
	k.request = protocol.EnrolRequest{Secret: code.Secret[:], Device: sign.Public().(ed25519.PublicKey), Transport: transport, Name: "kit 1"}
	k.request.KitSecret = sealTo(t, c.keys.Recipient(), k.secret)
	if err := k.request.Prove(sign); err != nil {
		t.Fatal(err)
	}
	return k
}

func sealTo(t *testing.T, recipient string, plain []byte) []byte {
	t.Helper()
	r, err := age.ParseHybridRecipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, _ := age.Encrypt(&b, r)
	_, _ = w.Write(plain)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (c *centre) invite(t *testing.T) protocol.Code {
	t.Helper()
	code, expires, err := c.Invite(t.Context(), "mx-20-067", 0, "test")
	if err != nil || !expires.Equal(c.now.Add(24*time.Hour)) {
		t.Fatal(err, expires)
	}
	return code
}

func (c *centre) device(t *testing.T, id civic.DeviceID) (d access.Device) {
	t.Helper()
	err := c.db.View(t.Context(), func(tx ledger.Tx) (err error) {
		d, err = c.ByID(t.Context(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (c *centre) secret(t *testing.T, id civic.DeviceID) []byte {
	t.Helper()
	s, err := c.Secret(c.device(t, id))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *centre) seen(t *testing.T, id civic.DeviceID) {
	t.Helper()
	if _, err := c.Seen(t.Context(), c.device(t, id), access.Contact{Clock: civic.Stamp{Wall: c.now.Unix()}}); err != nil {
		t.Fatal(err)
	}
}
