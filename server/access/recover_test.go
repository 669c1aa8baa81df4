package access_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestRecoverTakesTwoPeople(t *testing.T) {
	c := newCentre(t)
	k := newKit(t, c, c.invite(t))
	_, transport, _ := ed25519.GenerateKey(rand.Reader)
	k.transport = transport.Public().(ed25519.PublicKey)
	k.request.Transport = k.transport
	_ = k.request.Prove(k.sign)
	if _, err := c.Enrol(t.Context(), k.request, k.transport); err != nil {
		t.Fatal(err)
	}
	word := func(name string) access.Word {
		password, err := c.AddStaff(t.Context(), name, "", access.Reviewer, "test")
		if err != nil {
			t.Fatal(err)
		}
		return access.Word{Name: name, Password: password}
	}
	ana, ben := word("ana"), word("ben")
	recovery, err := os.ReadFile(filepath.Join(c.dir, "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	officer, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	id := civic.NewDeviceID(k.request.Device)
	request, err := protocol.SignRecovery(protocol.RecoveryRequest{
		Device: id, By: id, Recipient: officer.Recipient().String(), Officer: "Ana",
		Keys: []protocol.RecoveryKey{{N: 3, File: sealTo(t, c.keys.Recovery(), []byte("a day's key"))}},
	}, transport)
	if err != nil {
		t.Fatal(err)
	}
	statement, err := c.Recover(t.Context(), request, recovery, ana, ben, nil)
	if err != nil {
		t.Fatal(err)
	}
	var release protocol.RecoveryRelease
	if err := protocol.Open(protocol.StatementRecovery, statement, c.keys.Root.PublicKey.(ed25519.PublicKey), &release); err != nil || len(release.Keys) != 1 {
		t.Fatal(err, release)
	}
	r, err := age.Decrypt(bytes.NewReader(release.Keys[0].File), officer)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(r); string(b) != "a day's key" {
		t.Fatalf("%q", b)
	}

	wrong := access.Word{Name: "ben", Password: "guess"}
	registry, _ := os.ReadFile(filepath.Join(c.dir, "registry.age"))
	for name, test := range map[string]struct {
		key      []byte
		one, two access.Word
		request  []byte
		want     civic.Code
	}{
		"one person twice":   {recovery, ana, ana, request, civic.TwoPeople},
		"a wrong password":   {recovery, ana, wrong, request, civic.SignInRefused},
		"another key":        {registry, ana, ben, request, civic.RecoveryForeign},
		"no key":             {nil, ana, ben, request, civic.KeyUnreadable},
		"noise":              {recovery, ana, ben, []byte("noise"), civic.RequestMalformed},
		"changed on the way": {recovery, ana, ben, changed(t, request), civic.DeviceUnknown},
		"a kit nobody knows": {recovery, ana, ben, asStranger(t, request), civic.DeviceUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Recover(t.Context(), test.request, test.key, test.one, test.two, nil); civic.CodeOf(err) != test.want {
				t.Fatalf("want %s, got %v", test.want, err)
			}
		})
	}
	if _, err := c.Revoke(t.Context(), id, 0, false, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Recover(t.Context(), request, recovery, ana, ben, nil); civic.CodeOf(err) != civic.DeviceRevoked {
		t.Fatal(err)
	}
}

// changed puts another officer into a request.
func changed(t *testing.T, request []byte) []byte {
	t.Helper()
	r, err := protocol.ReadRecovery(request)
	if err != nil {
		t.Fatal(err)
	}
	r.Officer = "Mallory"
	b, err := protocol.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func asStranger(t *testing.T, request []byte) []byte {
	t.Helper()
	r, err := protocol.ReadRecovery(request)
	if err != nil {
		t.Fatal(err)
	}
	r.By = civic.DeviceID{9}
	b, err := protocol.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
