package store_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	second = "seven green lamps outside"
	third  = "cinnamon river paper moon"
)

func TestOfficersComeAndGo(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	first := k.Officer()
	id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	other, err := k.AddOfficer(ctx, "Toribio", second)
	ok(t, err)
	_, err = k.AddOfficer(ctx, "Weak", "short")
	wantCode(t, err, civic.WeakPassphrase)

	k.Lock()
	wantCode(t, k.RemoveOfficer(ctx, other), civic.Locked)
	ok(t, k.Unlock(ctx, second))
	if k.Officer() != (store.Officer{ID: other, Name: "Toribio"}) {
		t.Fatalf("at work is %+v", k.Officer())
	}
	if e, err := k.Registration(ctx, id); err != nil || e.Registration.Answers[0].Value != "Ana" {
		t.Fatal("the second officer cannot read:", err)
	}
	later := k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
	ok(t, k.ChangePassphrase(ctx, second, third))
	k.Lock()
	wantCode(t, k.Unlock(ctx, second), civic.WrongPassphrase)
	ok(t, k.Unlock(ctx, third))
	k.Lock()

	ok(t, k.Unlock(ctx, passphrase))
	wantCode(t, k.RemoveOfficer(ctx, first.ID), civic.WrongUse)
	wantCode(t, k.RemoveOfficer(ctx, civic.OfficerID{9}), civic.WrongUse)
	ok(t, k.RemoveOfficer(ctx, other))
	all, err := k.Officers(ctx)
	ok(t, err)
	if len(all) != 1 || all[0] != first {
		t.Fatalf("officers %+v", all)
	}
	k.seal(person("Rosa", "Lima", "1992", "Oaxaca")...)
	k.reopen()
	wantCode(t, k.Unlock(ctx, third), civic.WrongPassphrase)
	if e, err := k.Registration(ctx, later); err != nil || e.Registration.Answers[0].Value != "Eva" {
		t.Fatal("what the removed officer wrote is lost:", err)
	}
	if c, err := k.Counts(ctx); err != nil || c.Total != 3 || c.Damaged != 0 {
		t.Fatal(c, err)
	}
}

// root makes a registry's root for a kit.
func root(t *testing.T) (certificate []byte, key ed25519.PrivateKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	cert, err := protocol.NewRoot(key, "Registry", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	ok(t, err)
	return cert.Raw, key
}

// released is what two people at the registry do with a request.
func released(t *testing.T, request []byte, transport ed25519.PublicKey, recovery age.Identity, key ed25519.PrivateKey) []byte {
	t.Helper()
	r, err := protocol.ReadRecovery(request)
	ok(t, err)
	ok(t, r.Verify(transport))
	out, err := protocol.Release(r, recovery)
	ok(t, err)
	statement, err := protocol.Sign(protocol.StatementRecovery, out, key)
	ok(t, err)
	return statement
}

func TestAForgottenPassphraseLosesNothing(t *testing.T) {
	certificate, rootKey := root(t)
	k := newKitWithRoot(t, certificate)
	ctx := t.Context()
	id := k.seal(person("Xochitlquetzal", "Teozacoalco", "1990", "Oaxaca de Juárez")...)
	k.clock.Add(24 * time.Hour)
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "mother"}))
	k.Lock()
	before := image(t, k.dir)

	_, err := k.RecoverRequest(ctx, "Nayeli", passphrase)
	wantCode(t, err, civic.PassphraseTaken) // another officer's
	request, err := k.RecoverRequest(ctx, "Nayeli", third)
	ok(t, err)
	mustNotShow(t, request, "request", []string{"Xochitlquetzal", "Teozacoalco", "Oaxaca de Juárez"})
	wantCode(t, k.Unlock(ctx, third), civic.WrongPassphrase) // not yet released
	transport := k.Identity().TransportKey.Public().(ed25519.PublicKey)
	statement := released(t, request, transport, k.recovery, rootKey)

	_, forger, err := ed25519.GenerateKey(rand.Reader)
	ok(t, err)
	if err := k.RecoverApply(ctx, released(t, request, transport, k.recovery, forger), third); err == nil {
		t.Fatal("released by anybody")
	}
	wantCode(t, k.RecoverApply(ctx, statement, "not the new passphrase at all"), civic.WrongPassphrase)
	ok(t, k.RecoverApply(ctx, statement, third))
	if k.Officer().Name != "Nayeli" {
		t.Fatalf("at work is %+v", k.Officer())
	}
	wantCode(t, k.ChangePassphrase(ctx, third, passphrase), civic.PassphraseTaken)
	ok(t, k.ChangePassphrase(ctx, third, third)) // his own
	if e, err := k.Registration(ctx, id); err != nil || e.Registration.Answers[0].Value != "Xochitlquetzal" {
		t.Fatal(err)
	}
	if ds, err := k.Drafts(ctx); err != nil || len(ds) != 1 || ds[0].Section != "mother" {
		t.Fatal(ds, err)
	}
	ok(t, k.Close())
	k.openAgain()
	ok(t, k.Unlock(ctx, third))
	k.seal()
	ok(t, k.Unlock(ctx, passphrase)) // the first officer is still one
	if len(before) == 0 {
		t.Fatal("no image")
	}
	wantCode(t, k.RecoverApply(ctx, statement, third), civic.WrongUse) // once only
}

func TestRecoveryOfAnotherKitIsRefused(t *testing.T) {
	certificate, rootKey := root(t)
	a, b := newKitWithRoot(t, certificate), newKitWithRoot(t, certificate)
	ctx := t.Context()
	request, err := a.RecoverRequest(ctx, "Nayeli", third)
	ok(t, err)
	_, err = b.RecoverRequest(ctx, "Nayeli", third)
	ok(t, err)
	statement := released(t, request, a.Identity().TransportKey.Public().(ed25519.PublicKey), a.recovery, rootKey)
	wantCode(t, b.RecoverApply(ctx, statement, third), civic.RecoveryForeign)
	_, err = protocol.Release(mustRead(t, request), b.recovery)
	wantCode(t, err, civic.RecoveryForeign)
	r := mustRead(t, request)
	r.Officer = "somebody else"
	wantCode(t, r.Verify(a.Identity().TransportKey.Public().(ed25519.PublicKey)), civic.DeviceUnknown)
}

func mustRead(t *testing.T, b []byte) protocol.RecoveryRequest {
	t.Helper()
	r, err := protocol.ReadRecovery(b)
	ok(t, err)
	return r
}
