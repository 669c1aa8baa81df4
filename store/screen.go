package store

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// A PIN opens a screen, never a kit: the keys stay in memory behind it, for a
// while and for a few tries. Who images the disk finds nothing that a PIN opens.
const (
	pinTries = 5
	// screenFor is how long the keys stay in memory behind a locked screen.
	screenFor = 4 * time.Hour
	minPIN    = 4
	maxPIN    = 12
)

// screen is a lock that keeps the keys.
type screen struct {
	behind *opened // what comes back
	pin    []byte
	tries  int
	since  time.Time
}

// over tells whether the screen was shut for too long. The count of a machine
// stands still while it sleeps and its clock can be set: the longer one holds.
func (sc *screen) over(now time.Time) bool {
	counted, clock := now.Sub(sc.since), now.Round(0).Sub(sc.since.Round(0))
	return counted < 0 || max(counted, clock) > screenFor
}

// DropScreen drops the keys behind a screen that was shut for too long, also
// when nobody tries to open it; it tells whether it did. Call it now and then.
func (s *Store) DropScreen() bool {
	s.mu.RLock()
	over := s.screen != nil && s.screen.over(s.options.Clock())
	s.mu.RUnlock()
	if over {
		s.Lock()
	}
	return over
}

func pinRow(tx *vault.Tx) (int64, error) {
	officer := tx.Officer()
	return tx.Name(vault.Kit, "l", append([]byte("pin\x00"), officer[:]...))
}

// SetPIN gives the officer at work a number of four to twelve digits that opens
// the screen.
func (s *Store) SetPIN(ctx context.Context, pin string) error {
	if _, err := strconv.ParseUint(pin, 10, 64); err != nil || len(pin) < minPIN || len(pin) > maxPIN {
		return civic.NewProblem(civic.WrongUse, nil, "A PIN has four to twelve digits.")
	}
	return s.update(ctx, func(tx *vault.Tx) error {
		n, err := pinRow(tx)
		if err != nil {
			return err
		}
		return put(tx, vault.Kit, "l", n, documentRecord{Name: "pin", Kind: "pin", Value: []byte(pin)})
	})
}

// LockScreen shuts the screen of an unlocked kit but keeps the keys in memory
// for UnlockScreen. Without a PIN it locks the kit. Sending goes on meanwhile.
func (s *Store) LockScreen(ctx context.Context) error {
	var r documentRecord
	err := s.view(ctx, func(tx *vault.Tx) error {
		n, err := pinRow(tx)
		if err == nil {
			_, err = get(tx, "l", n, &r)
		}
		return err
	})
	if err != nil || len(r.Value) == 0 {
		s.Lock()
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil
	}
	s.screen = &screen{behind: s.open, pin: r.Value, since: s.options.Clock()}
	s.open = nil
	return nil
}

// ScreenLocked tells whether UnlockScreen can open the kit.
func (s *Store) ScreenLocked() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.screen != nil
}

// UnlockScreen opens the screen with the PIN. A wrong one is civic.WrongPIN with
// the tries that are left; after the last, or after some hours, the keys are
// dropped and only the passphrase helps: civic.Locked.
func (s *Store) UnlockScreen(ctx context.Context, pin string) error {
	spent, err := s.tryPIN(pin)
	if spent {
		s.Lock()
	}
	if err != nil {
		return err
	}
	// What the centre signed for while the screen was shut.
	return s.follow(ctx)
}

func (s *Store) tryPIN(pin string) (spent bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sc := s.screen
	if sc == nil {
		return false, civic.NewProblem(civic.Locked, nil)
	}
	if sc.over(s.options.Clock()) {
		return true, civic.NewProblem(civic.Locked, errors.New("the screen was shut for too long"))
	}
	sc.tries++
	if subtle.ConstantTimeCompare(sc.pin, []byte(pin)) != 1 {
		if sc.tries >= pinTries {
			return true, civic.NewProblem(civic.Locked, errors.New("too many tries"))
		}
		return false, civic.NewProblem(civic.WrongPIN, nil, strconv.Itoa(pinTries-sc.tries))
	}
	s.open, s.screen = sc.behind, nil
	return false, nil
}
