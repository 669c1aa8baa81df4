package store_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/civic/civictest"
)

const passphrase = "correct horse battery staple"

func newClock() *civictest.Clock { return civictest.At(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)) }

// kit is a store with what its tests need to know of it.
type kit struct {
	*store.Store
	t        testing.TB
	dir      string
	clock    *civictest.Clock
	options  store.Options
	recovery *age.HybridIdentity
	device   ed25519.PrivateKey
	root     []byte // certificate
}

func newKit(t testing.TB, change ...func(*store.Options)) *kit {
	t.Helper()
	return newKitWithRoot(t, []byte("root certificate"), change...)
}

func newKitWithRoot(t testing.TB, root []byte, change ...func(*store.Options)) *kit {
	t.Helper()
	k := &kit{t: t, dir: t.TempDir(), clock: newClock(), root: root}
	k.options = store.Options{Clock: k.clock.Now, LogN: 2, Heads: heads}
	for _, f := range change {
		f(&k.options)
	}
	var err error
	if k.recovery, err = age.GenerateHybridIdentity(); err != nil {
		t.Fatal(err)
	}
	k.Store, err = store.Create(t.Context(), k.dir, k.setup())
	if err != nil {
		t.Fatal(err)
	}
	s := k.Store
	t.Cleanup(func() { _ = s.Close() })
	return k
}

func (k *kit) setup() store.Setup {
	public, device, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		k.t.Fatal(err)
	}
	_, transport, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		k.t.Fatal(err)
	}
	k.device = device
	s := store.Setup{
		Officer: "Marisol Teotl", Passphrase: passphrase,
		Identity: store.Identity{
			Device: civic.NewDeviceID(public), Area: "mx-20-067", Server: "https://centre.example:8443",
			RootCert: k.root, KitName: "Tablet 7",
		},
		DeviceKey: device, TransportKey: transport, Recovery: k.recovery.Recipient().String(), Options: k.options,
	}
	copy(s.KitSecret[:], "a secret of thirty-two bytes....")
	return s
}

// reopen closes the store and opens it again, unlocked, as after a restart.
func (k *kit) reopen() {
	k.t.Helper()
	if err := k.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.openAgain()
	if err := k.Unlock(k.t.Context(), passphrase); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) openAgain() {
	k.t.Helper()
	s, err := store.Open(k.t.Context(), k.dir, k.options)
	if err != nil {
		k.t.Fatal(err)
	}
	k.Store = s
	k.t.Cleanup(func() { _ = s.Close() })
}

func draftID(n int) (id store.DraftID) {
	sum := sha256.Sum256([]byte(fmt.Sprint("draft", n)))
	copy(id[:], sum[:])
	return id
}

// maker makes a registration with the answers given, as the app would.
func (k *kit) maker(answers ...civic.Answer) store.Make {
	return func(counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error) {
		r := &civic.Registration{
			Device: k.Identity().Device, ID: civic.NewRegistrationID(k.device.Public().(ed25519.PublicKey), counter),
			Counter: counter, Previous: previous, Area: k.Identity().Area, Officer: k.Officer().ID,
			Form: civic.FormRef{ID: "birth", Version: "3"}, Services: []civic.ServiceID{"birth"}, Language: "es",
			Started: k.Stamp(), Sealed: k.Stamp(), Answers: answers,
			Consents: []civic.Consent{{Service: "birth", Purpose: "vaccination", Given: true, Language: "es"}},
		}
		return r, sha256.Sum256(binary.BigEndian.AppendUint64(previous[:], counter)), "RECEIPT:" + fmt.Sprint(counter), nil
	}
}

func (k *kit) seal(answers ...civic.Answer) civic.RegistrationID {
	k.t.Helper()
	id, err := k.Seal(k.t.Context(), store.DraftID{}, k.maker(answers...))
	if err != nil {
		k.t.Fatal(err)
	}
	return id
}

// heads finds the names of the test's registrations.
func heads(r *civic.Registration) []store.Person {
	var p store.Person
	for _, a := range r.Answers {
		switch a.Path {
		case "given_name", "surname":
			if p.Name != "" {
				p.Name += " "
			}
			p.Name += a.Value
		case "birth_date":
			if d, err := civic.ParseDate(a.Value); err == nil {
				p.BirthYear = d.Year
			}
		case "locality":
			p.Place = a.Value
		}
	}
	if p.Name == "" {
		return nil
	}
	return []store.Person{p}
}

func person(given, surname, birth, place string) []civic.Answer {
	return []civic.Answer{
		{Path: "given_name", Value: given}, {Path: "surname", Value: surname},
		{Path: "birth_date", Value: birth}, {Path: "locality", Value: place},
	}
}

func wantCode(t testing.TB, err error, code civic.Code) {
	t.Helper()
	if civic.CodeOf(err) != code {
		t.Fatalf("got %v (%s), want %s", err, civic.CodeOf(err), code)
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func asProblem(err error, p **civic.Problem) bool { return errors.As(err, p) }

func digestOf(b []byte) civic.Digest { return sha256.Sum256(b) }
