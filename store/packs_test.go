package store_test

import (
	"bytes"
	"testing"

	"filippo.io/age"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func news(pack byte, number, first uint64, last uint64, pieces ...string) protocol.PackNews {
	n := protocol.PackNews{Pack: bytes.Repeat([]byte{pack}, 16), Number: number, Version: number, Head: []byte("the head of a pack"), First: first, Last: last}
	for _, p := range pieces {
		n.Pieces = append(n.Pieces, []byte(p))
	}
	return n
}

// A pack comes in parts, once or twice; another one takes its place when it is
// whole, and not a piece of the old one stays.
func TestPacksReplaceEachOther(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	ok(t, k.TakePack(ctx, news(1, 1, 1, 3, "one", "two")))
	ok(t, k.TakePack(ctx, news(1, 1, 2, 3, "two", "three"))) // the second once more
	current, coming, err := k.Packs(ctx)
	ok(t, err)
	if current == nil || coming != nil || current.Cursor != 3 {
		t.Fatalf("%+v, %+v", current, coming)
	}
	if err := k.TakePack(ctx, news(1, 1, 5, 6, "five")); civic.CodeOf(err) != civic.RequestMalformed {
		t.Fatalf("a gap was taken in: %v", err)
	}
	ok(t, k.TakePack(ctx, news(2, 2, 1, 2, "uno")))
	if p, err := k.PackPiece(ctx, 1, 3); err != nil || string(p) != "three" {
		t.Fatalf("the old pack is gone before the new one is whole: %q, %v", p, err)
	}
	ask, err := k.PackAsk(ctx)
	ok(t, err)
	if ask.Pack[0] != 2 || ask.Cursor != 1 || len(ask.Tail) != 8 {
		t.Fatalf("%+v", ask)
	}
	ok(t, k.TakePack(ctx, news(2, 2, 2, 2, "dos")))
	if _, err := k.PackPiece(ctx, 1, 1); civic.CodeOf(err) != civic.PackDamaged {
		t.Fatalf("a piece of the old pack is still here: %v", err)
	}
	var n int
	k.count("w", &n)
	if n != 2 {
		t.Fatalf("%d pieces", n)
	}
	ok(t, k.DropPacks(ctx))
	if current, coming, err = k.Packs(ctx); err != nil || current != nil || coming != nil {
		t.Fatal(current, coming, err)
	}
}

// What is sealed to an officer opens with his own passphrase, whoever is at
// work, and with nobody else's.
func TestOpenAs(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	recipient, err := k.Apply(ctx)
	ok(t, err)
	first := k.Officer().ID
	other, err := k.AddOfficer(ctx, "Toribio", second)
	ok(t, err)
	to, err := age.ParseHybridRecipient(recipient)
	ok(t, err)
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	ok(t, err)
	_, err = w.Write([]byte("the master of a pack"))
	ok(t, err)
	ok(t, w.Close())
	files := map[civic.OfficerID][]byte{first: file.Bytes()}
	k.Lock()
	ok(t, k.Unlock(ctx, second)) // the other one is at work
	if _, _, err := k.OpenAs(ctx, second, files); civic.CodeOf(err) != civic.NotSupervisor {
		t.Fatalf("his own passphrase opened another's file: %v", err)
	}
	if _, _, err := k.OpenAs(ctx, second, map[civic.OfficerID][]byte{other: file.Bytes()}); civic.CodeOf(err) != civic.NotSupervisor {
		t.Fatalf("a file sealed to another: %v", err)
	}
	id, plain, err := k.OpenAs(ctx, passphrase, files)
	if err != nil || id != first || string(plain) != "the master of a pack" {
		t.Fatalf("%v, %q, %v", id, plain, err)
	}
	ask, err := k.PackAsk(ctx)
	ok(t, err)
	if len(ask.Applies) != 1 || ask.Applies[0].Recipient != recipient {
		t.Fatalf("%+v", ask.Applies)
	}
	ok(t, k.KeepApplied(ctx))
	if ask, err = k.PackAsk(ctx); err != nil || len(ask.Applies) != 0 {
		t.Fatalf("%+v, %v", ask, err)
	}
}

// Openings are told until the centre has them, by numbers that never repeat.
func TestOpeningsAreToldOnce(t *testing.T) {
	k := newKit(t)
	ctx := t.Context()
	add := func() {
		ok(t, k.AddOpening(ctx, "person_opened", nil, func(n uint64) ([]byte, error) { return []byte{byte(n)}, nil }))
	}
	add()
	add()
	ok(t, k.KeepOpened(ctx, 1))
	add()
	list, err := k.Openings(ctx)
	ok(t, err)
	if len(list) != 2 || list[0].N != 2 || list[1].N != 3 || list[1].Body[0] != 3 {
		t.Fatalf("%+v", list)
	}
	ok(t, k.KeepOpened(ctx, 3))
	add()
	if list, err = k.Openings(ctx); err != nil || len(list) != 1 || list[0].N != 4 {
		t.Fatalf("%+v, %v", list, err)
	}
}
