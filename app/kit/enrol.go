package kit

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"strings"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Enrol makes this folder a kit of an office, with one officer, and leaves it
// unlocked. The keys are made here and never leave; the code is spent. A weak
// passphrase is refused before the code is spent.
func (k *Kit) Enrol(ctx context.Context, in EnrolInput) error {
	if _, err := k.store(); err == nil {
		return civic.NewProblem(civic.AlreadyEnrolled, nil)
	}
	if err := store.CheckPassphrase(in.Passphrase); err != nil {
		return err
	}
	code, err := protocol.ParseCode(in.Code)
	if err != nil {
		return err
	}
	keys, err := k.keysFor(code)
	if err != nil {
		return problem(err)
	}
	enrolled, err := client.Enrol(ctx, client.EnrolConfig{
		Server: in.Server, Code: code, Device: keys.device, Transport: keys.transport, KitSecret: keys.secret,
		Name: strings.TrimSpace(in.KitName), Clock: k.o.Clock, Dial: k.dial(), Tuning: k.o.Tuning,
	})
	if civic.CodeOf(err) == civic.NoNetwork {
		return civic.NewProblem(civic.ServerUnreachable, err, in.Server)
	}
	if err != nil {
		return problem(err)
	}
	st, err := store.Create(ctx, k.o.Home, store.Setup{
		Officer: strings.TrimSpace(in.Officer), Passphrase: in.Passphrase,
		Identity: store.Identity{
			Device: enrolled.Answer.Device, Area: enrolled.Answer.Area, Server: in.Server, RootCert: enrolled.Root.Raw,
			TransportKey: keys.transport, KitName: strings.TrimSpace(in.KitName),
		},
		DeviceKey: keys.device, TransportKey: keys.transport, KitSecret: keys.secret, Recovery: enrolled.Bundle.Recovery,
		Options: k.storeOptions(),
	})
	if err != nil {
		return problem(err)
	}
	if err := keepEnrolled(ctx, st, enrolled); err != nil {
		_ = st.Close() // the first error is the one to tell
		return problem(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.st, k.enrolling = st, nil
	return nil
}

// keysFor makes the keys to enrol with and keeps them until enrolment is done:
// when the centre's answer or the disk fails, the same code with the same keys
// is answered as the first time.
func (k *Kit) keysFor(code protocol.Code) (newIdentity, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.enrolling != nil && k.enrolling.code == code {
		return *k.enrolling, nil
	}
	keys, err := newKeys()
	if err != nil {
		return keys, err
	}
	keys.code = code
	k.enrolling = &keys
	return keys, nil
}

func keepEnrolled(ctx context.Context, st *store.Store, e client.Enrolled) error {
	if err := st.KeepBundle(ctx, e.Answer.Bundle, e.Bundle); err != nil {
		return err
	}
	if err := st.KeepLease(ctx, e.Answer.Lease, e.Lease); err != nil {
		return err
	}
	if len(e.Session) > 0 {
		if err := st.KeepSession(ctx, e.Session); err != nil {
			return err
		}
	}
	return st.KeepServerTime(ctx, e.Answer.ServerTime)
}

// newIdentity is what a device makes for itself.
type newIdentity struct {
	code              protocol.Code
	device, transport ed25519.PrivateKey
	secret            [32]byte
}

func newKeys() (newIdentity, error) {
	var n newIdentity
	var err error
	if _, n.device, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return n, err
	}
	if _, n.transport, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return n, err
	}
	_, err = rand.Read(n.secret[:])
	return n, err
}

// dial fits the kit's dialler to the wire's.
func (k *Kit) dial() func(context.Context, string) (net.Conn, error) {
	if k.o.Dial == nil {
		return nil
	}
	return func(ctx context.Context, address string) (net.Conn, error) { return k.o.Dial(ctx, "tcp", address) }
}
