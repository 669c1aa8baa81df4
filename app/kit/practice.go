package kit

import "context"

// Practice tells whether interviews begun now are about invented people. Such a
// registration has its own numbers, says so on its receipt, counts nowhere and
// never leaves the kit.
func (k *Kit) Practice() bool { return k.practice.Load() }

// SetPractice begins or ends practice. It ends by itself when the kit is locked
// or closed; an interview under way stays what it was begun as.
func (k *Kit) SetPractice(_ context.Context, on bool) error {
	if _, err := k.open(); err != nil {
		return err
	}
	k.practice.Store(on)
	return nil
}
