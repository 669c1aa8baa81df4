package store_test

import (
	"errors"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// A message of a kind that only a later program knows stays in the inbox, holds
// up nothing and is told to nobody; that program takes it in.
func TestLaterMessageStays(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	const later = protocol.DownKind(99)
	ok(t, k.TakeIn(ctx, []protocol.Down{{Seq: 4, Kind: later, Body: []byte("of tomorrow")}, {Seq: 5, Kind: protocol.DownForm, Body: []byte("of today")}}, 5))
	today := func(d protocol.Down) ([]civic.Outcome, error) {
		if d.Kind == later {
			return nil, store.ErrLater
		}
		return nil, nil
	}
	for _, want := range []int{1, 0, 0} {
		if n, err := k.ApplyInbox(ctx, today); err != nil || n != want {
			t.Fatal(n, err)
		}
	}
	ok(t, k.Close())
	k.openAgain()
	ok(t, k.Unlock(ctx, passphrase))
	var got []byte
	n, err := k.ApplyInbox(ctx, func(d protocol.Down) ([]civic.Outcome, error) {
		if d.Kind != later || d.Seq != 4 {
			return nil, errors.New("another message")
		}
		got = d.Body
		return nil, nil
	})
	if err != nil || n != 1 || string(got) != "of tomorrow" {
		t.Fatal(n, err, got)
	}
}
