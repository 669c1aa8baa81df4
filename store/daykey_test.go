package store_test

import (
	"testing"
	"time"
)

// A transport key goes with its day, at the next unlocking at the latest: what
// was packed under it only the registry opens. On its day it stays.
func TestTheDayKeyGoesWithItsDay(t *testing.T) {
	k := newKit(t)
	key, err := k.DayKey(t.Context(), header)
	ok(t, err)
	k.reopen()
	again, err := k.DayKey(t.Context(), header)
	ok(t, err)
	if again != key {
		t.Fatal("one day, two keys")
	}
	k.clock.Add(24 * time.Hour)
	k.reopen()
	k.clock.Add(-24 * time.Hour) // the day comes back by the clock, its key does not
	later, err := k.DayKey(t.Context(), header)
	ok(t, err)
	if later == key || later.ID == key.ID {
		t.Fatal("yesterday's key is still there")
	}
}
