package registry

import (
	"context"
	"slices"
	"testing"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// person is a change that founds the n-th person under keys.
func person(n int, keys ...uint64) Change {
	c := change(1, Ref{}, "Juana")
	c.Said.Registration = civic.RegistrationID{byte(n), byte(n >> 8), 7}
	c.To.Person, c.Keys = NewPersonID(c.Said.Registration, ""), keys
	return c
}

// Whoever shares two keys is compared, however many they are; of those who share
// one, those whose key fewest others have.
func TestOfThoseWhoShareOneKeyTheRarest(t *testing.T) {
	f := newFixture(t)
	var changes []Change
	twice := map[civic.PersonID]bool{}
	for n := range 20 {
		changes = append(changes, person(n, 1, 2))
		twice[changes[n].To.Person] = true
	}
	for n := range 30 {
		changes = append(changes, person(100+n, 1))
	}
	rare := person(200, 3)
	changes = append(changes, rare)
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		if err := f.Apply(ctx, tx, changes); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{{1, 2, 3}, {3}})
		if err != nil || len(found[0].Persons) != len(twice)+byOne(2) || found[0].Capped != 0 || len(found[1].Persons) != 1 {
			t.Fatalf("%v %d persons of %d keys cut, %d", err, len(found[0].Persons), found[0].Capped, len(found[1].Persons))
		}
		for _, p := range found[0].Persons[:len(twice)] {
			if !twice[p.Person] {
				t.Error("somebody who shares one key stands before those who share two")
			}
		}
		if found[0].Persons[len(twice)].Ref != rare.To || found[0].Persons[len(twice)] != found[1].Persons[0] {
			t.Error("the one with the rarest key is not the next")
		}
		return nil
	})
}

// A question for keys that have very many holders in all is asked in another way
// and answered alike.
func TestManyHoldersInOneQuestion(t *testing.T) {
	f := newFixture(t)
	const each = MaxNamesakes + 10
	var changes []Change
	var asked []uint64
	for k := range uint64(maxRows/each + 2) {
		asked = append(asked, k)
	}
	for n := range each {
		changes = append(changes, person(n, asked...))
	}
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		if err := f.Apply(ctx, tx, changes); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{asked, asked[:1]})
		if err != nil || found[0].Capped != len(asked) || len(found[0].Persons) != MaxNamesakes || found[1].Capped != 1 || !slices.Equal(found[1].Cut, asked[:1]) {
			t.Fatalf("%v %d of %d keys cut, %d persons", err, found[0].Capped, len(asked), len(found[0].Persons))
		}
		return nil
	})
}

// A person who comes again brings only keys under which nobody finds it yet.
func TestLacking(t *testing.T) {
	f := newFixture(t)
	c := person(1, 1, 2)
	f.update(t, func(ctx context.Context, tx ledger.Tx) error {
		if err := f.Apply(ctx, tx, []Change{c}); err != nil {
			return err
		}
		found, err := f.Candidates(ctx, tx, [][]uint64{{2, 3}, {1, 2, 4}})
		if err != nil {
			return err
		}
		p := found[0].Persons[0]
		if got := p.Lacking([]uint64{1, 2, 3, 4}); !slices.Equal(got, []uint64{3, 4}) {
			t.Errorf("lacking %v", got)
		}
		again := person(2, p.Lacking([]uint64{2, 3})...)
		again.To, again.Fresh = c.To, false
		if err := f.Apply(ctx, tx, []Change{again}); err != nil {
			return err
		}
		found, err = f.Candidates(ctx, tx, [][]uint64{{3}})
		if err != nil || len(found[0].Persons) != 1 || len(found[0].Persons[0].Said) != 2 {
			t.Errorf("%v: not found under its new key", err)
		}
		return nil
	})
}
