//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// access is what the rarer steps of an office have promised up to one mark.
type access struct {
	opens     []string // passphrases
	forgotten int      // registrations, oldest first
	sealed    int
}

// office adds and removes officers, changes passphrases and forgets.
func office(t *testing.T, k *kit, d *baddisk.Disk) []access {
	t.Helper()
	ctx := t.Context()
	promises := []access{{opens: []string{passphrase}}}
	now := promises[0]
	kept := func() {
		p := now
		p.opens = slices.Clone(now.opens)
		promises = append(promises, p)
		d.Mark(len(promises) - 1)
	}
	for round := range 3 {
		k.seal(person(fmt.Sprint("Ana", now.sealed), "Ruiz", "1990", "Oaxaca")...)
		now.sealed++
		kept()
		added := fmt.Sprintf("seven green lamps number %d", round)
		id, err := k.AddOfficer(ctx, "Toribio", added)
		ok(t, err)
		now.opens = append(now.opens, added)
		kept()
		send(k, true)
		changed := fmt.Sprintf("cinnamon river paper moon %d", round)
		ok(t, k.ChangePassphrase(ctx, now.opens[0], changed))
		now.opens[0] = changed
		kept()
		k.clock.Add(2 * retention)
		k.seal(person(fmt.Sprint("Ana", now.sealed), "Ruiz", "1990", "Oaxaca")...)
		now.sealed++
		kept()
		f, err := k.Forget(ctx, retention)
		ok(t, err)
		now.forgotten += f.Registrations
		kept()
		ok(t, k.RemoveOfficer(ctx, id))
		now.opens = now.opens[:1]
		kept()
	}
	if now.forgotten == 0 {
		t.Fatal("nothing was forgotten")
	}
	return promises
}

func TestPowerCutsInTheOffice(t *testing.T) {
	t.Parallel()
	d, err := baddisk.New("store-office")
	ok(t, err)
	k := newKit(t)
	ok(t, k.Close())
	ok(t, d.Begin(k.dir))
	k.options.VFS = d.Name()
	k.openAgain()
	ok(t, k.Unlock(t.Context(), passphrase))
	promises := office(t, k, d)
	ok(t, k.Close())
	ok(t, d.Close())

	home := t.TempDir()
	var after errgroup.Group
	after.SetLimit(8)
	n := 0
	ok(t, d.Cuts(600, 2, false, func(c baddisk.Cut) error {
		n++
		dir := filepath.Join(home, fmt.Sprint(n))
		after.Go(func() error {
			next := promises[min(c.Acked+1, len(promises)-1)]
			if err := enter(t, k, dir, c, promises[c.Acked], next); err != nil {
				return fmt.Errorf("at operation %d of %d, %d acknowledged: %w", c.At, d.Operations(), c.Acked, err)
			}
			return os.RemoveAll(dir)
		})
		return nil
	}))
	ok(t, after.Wait())
}

// enter opens what a cut left for everyone whom both the last promise and the
// one under way let in.
func enter(t *testing.T, k *kit, dir string, c baddisk.Cut, p, next access) (err error) {
	if err := errors.Join(os.Mkdir(dir, 0o700), c.Write(dir)); err != nil {
		return err
	}
	o := k.options
	o.VFS = ""
	later := newClock()
	later.Add(365 * 24 * time.Hour)
	o.Clock = later.Now
	s, err := store.Open(t.Context(), dir, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	in := 0
	for _, pass := range slices.Concat(p.opens, next.opens) {
		err := s.Unlock(t.Context(), pass)
		if err == nil {
			in++
		} else if slices.Contains(p.opens, pass) && slices.Contains(next.opens, pass) {
			return fmt.Errorf("an officer is shut out: %w", err)
		}
	}
	if in == 0 {
		return errors.New("nobody can enter")
	}
	es, err := s.Registrations(t.Context(), store.Filter{})
	if err != nil {
		return err
	}
	readable := 0
	for _, e := range es {
		if !e.Forgotten {
			readable++
		}
	}
	gone := max(p.forgotten, next.forgotten)
	if len(es) < p.sealed || readable < p.sealed-gone {
		return fmt.Errorf("%d registrations, %d readable; %d were sealed, %d forgotten", len(es), readable, p.sealed, gone)
	}
	counts, err := s.Counts(t.Context())
	if err == nil && counts.Damaged != 0 {
		err = fmt.Errorf("%d rows damaged", counts.Damaged)
	}
	if err != nil {
		return err
	}
	_, err = s.Seal(t.Context(), store.DraftID{}, (&kit{Store: s, device: k.device}).maker(civic.Answer{Path: "given_name", Value: "Li"}))
	return err
}
