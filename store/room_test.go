package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// A kit holds some room of its own: on a disk filled to the last byte it opens,
// and what was begun ends.
func TestAFullDiskFindsTheRoomThatWasKept(t *testing.T) {
	k := newKit(t)
	free, err := vault.Free(k.dir)
	ok(t, err)
	info, err := os.Stat(filepath.Join(k.dir, "kit.room"))
	if free > 1<<30 && (err != nil || info.Size() != 2<<20) {
		t.Fatal("with", free, "bytes free:", info, err)
	}

	d, err := baddisk.New("store-room")
	ok(t, err)
	t.Cleanup(func() { _ = d.Close() })
	k = newKit(t, func(o *store.Options) { o.VFS = d.Name() })
	ctx, room := t.Context(), filepath.Join(k.dir, "kit.room")
	full := baddisk.Fault{Nth: 1, Kind: baddisk.Write, Full: true}
	ok(t, os.WriteFile(room, make([]byte, 1<<20), 0o600))
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "before"}))
	d.Fail(full)
	wantCode(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "after"}), civic.DiskFull)
	d.Fail(baddisk.Fault{})
	if _, err := os.Stat(room); err == nil {
		t.Fatal("the room is still kept, and the disk is full")
	}
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "after"}))
	ok(t, k.Close())

	ok(t, os.WriteFile(room, make([]byte, 1<<20), 0o600))
	d.Fail(full) // already as it opens
	k.openAgain()
	d.Fail(baddisk.Fault{})
	if _, err := os.Stat(room); err == nil {
		t.Fatal("the room is still kept, and the disk is full")
	}
	ok(t, k.Unlock(ctx, passphrase))
	if ds, err := k.Drafts(ctx); err != nil || len(ds) != 1 || ds[0].Section != "after" {
		t.Fatal(ds, err)
	}
}
