package kit

import (
	"context"

	"github.com/askonce/fieldkit/sync/civic"
)

// SetPIN gives the officer at work a short number that opens the screen again
// while the keys stay in memory; it protects no disk.
func (k *Kit) SetPIN(ctx context.Context, pin string) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	return problem(st.SetPIN(ctx, pin))
}

// LockScreen shuts the screen for UnlockScreen; without a PIN it locks the kit.
func (k *Kit) LockScreen(ctx context.Context) error {
	st, err := k.open()
	if err != nil {
		return err
	}
	if err := k.pack(ctx, st); err != nil {
		k.log.Warn("waiting registrations could not be packed", "code", civic.CodeOf(err))
	}
	k.leading.end() // a number is not a supervisor's word
	return problem(st.LockScreen(ctx))
}

// ScreenLocked tells whether a PIN opens the kit now.
func (k *Kit) ScreenLocked() bool {
	st, err := k.store()
	return err == nil && st.ScreenLocked()
}

// UnlockScreen opens the screen with the PIN. After too many wrong ones only the
// passphrase helps.
func (k *Kit) UnlockScreen(ctx context.Context, pin string) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	if err := st.UnlockScreen(ctx, pin); err != nil {
		if !st.ScreenLocked() && !st.Unlocked() {
			k.forgetAll()
		}
		return problem(err)
	}
	return k.afterUnlock(ctx, st)
}
