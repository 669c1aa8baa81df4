package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func TestAPINOpensTheScreenOnly(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	for _, bad := range []string{"", "12", "abcd", "1234567890123", "12 34"} {
		wantCode(t, k.SetPIN(ctx, bad), civic.WrongUse)
	}
	ok(t, k.SetPIN(ctx, "480213"))
	id := k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
	batch := []byte("batch")
	ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: protocol.ItemBatch, Bytes: batch, Covers: []uint64{1}}))

	ok(t, k.LockScreen(ctx))
	if k.Unlocked() || !k.ScreenLocked() || k.Officer().Name != "" {
		t.Fatal("the screen is not shut")
	}
	_, err := k.Registrations(ctx, store.Filter{})
	wantCode(t, err, civic.Locked)
	_, err = k.Officers(ctx)
	wantCode(t, err, civic.Locked)
	_, err = k.AddOfficer(ctx, "Thief", second)
	wantCode(t, err, civic.Locked)
	_, _, err = k.Keys()
	wantCode(t, err, civic.Locked)
	ack(k, batch, protocol.BatchReceived, false) // sending goes on
	err = k.UnlockScreen(ctx, "480214")
	wantCode(t, err, civic.WrongPIN)
	if p := (*civic.Problem)(nil); !errors.As(err, &p) || p.Words[0] != "4" {
		t.Fatal(err)
	}
	ok(t, k.UnlockScreen(ctx, "480213"))
	if s := status(k, id); s != civic.Received {
		t.Fatal("what came while the screen was shut is missing:", s)
	}
	wantCode(t, k.UnlockScreen(ctx, "480213"), civic.Locked)
}

func TestAPINHasFewTriesAndLittleTime(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	ok(t, k.SetPIN(ctx, "480213"))
	ok(t, k.LockScreen(ctx))
	for range 4 {
		wantCode(t, k.UnlockScreen(ctx, "000000"), civic.WrongPIN)
	}
	wantCode(t, k.UnlockScreen(ctx, "000000"), civic.Locked)
	wantCode(t, k.UnlockScreen(ctx, "480213"), civic.Locked) // the keys are gone
	ok(t, k.Unlock(ctx, passphrase))
	ok(t, k.LockScreen(ctx))
	k.clock.Add(3 * time.Hour)
	if k.DropScreen() || !k.ScreenLocked() {
		t.Fatal("dropped too early")
	}
	k.clock.Add(2 * time.Hour)
	wantCode(t, k.UnlockScreen(ctx, "480213"), civic.Locked)
	ok(t, k.Unlock(ctx, passphrase))
	if k.DropScreen() {
		t.Fatal("no screen is shut")
	}
	ok(t, k.LockScreen(ctx))
	k.clock.Add(5 * time.Hour)
	if !k.DropScreen() || k.ScreenLocked() || k.DropScreen() { // nobody tried
		t.Fatal("the keys stay in memory of a kit that was left alone")
	}
	wantCode(t, k.UnlockScreen(ctx, "480213"), civic.Locked)
	ok(t, k.Unlock(ctx, passphrase))
	ok(t, k.LockScreen(ctx))
	k.clock.Add(-time.Hour) // a clock set back buys no time
	wantCode(t, k.UnlockScreen(ctx, "480213"), civic.Locked)
	ok(t, k.Unlock(ctx, passphrase))
	ok(t, k.LockScreen(ctx))
	ok(t, k.Close())
	k.openAgain()
	if k.ScreenLocked() {
		t.Fatal("the keys survived a restart")
	}
}

func TestWithoutAPINTheScreenLocksTheKit(t *testing.T) {
	k := newKit(t)
	ok(t, k.LockScreen(t.Context()))
	if k.ScreenLocked() || k.Unlocked() {
		t.Fatal("keys stay in memory with nothing before them")
	}
}

// The lease counts in server time whatever is done to the clock.
func TestServerTimeGoesOn(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	now := func() int64 {
		t.Helper()
		n, err := k.ServerNow(ctx)
		ok(t, err)
		return n
	}
	if n := now(); n != 0 {
		t.Fatal("never heard of the centre, and it is", n)
	}
	ok(t, k.KeepServerTime(ctx, 1_000_000))
	k.clock.Add(time.Hour)
	if n := now(); n != 1_000_000+3600 {
		t.Fatal("an hour later it is", n-1_000_000)
	}
	k.reopen()
	if n := now(); n != 1_000_000+3600 {
		t.Fatal("after a restart it is", n-1_000_000)
	}
	set := func(d time.Duration) { // while the kit is off
		t.Helper()
		ok(t, k.Close())
		k.clock.Add(d)
		k.openAgain()
	}
	set(-48 * time.Hour)
	if n := now(); n < 1_000_000+3600 {
		t.Fatal("a clock set back stretched the lease to", n-1_000_000)
	}
	set(1000 * time.Hour)
	if n := now(); n != 1_000_000+3600+952*3600 {
		t.Fatal("set forward it is", n-1_000_000)
	}
	set(-952 * time.Hour) // and put right: nothing was burnt
	if n := now(); n > 1_000_000+2*3600 {
		t.Fatal("a clock set forward burnt", n-1_000_000)
	}
}
