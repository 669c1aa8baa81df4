package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// A kit holds some room of its own: on a disk filled to the last byte it opens,
// and what failed is done at the next try.
func TestAFullDiskFindsTheRoomThatWasKept(t *testing.T) {
	k := newKit(t)
	free, err := vault.Free(k.dir)
	ok(t, err)
	if files := roomOf(t, k); free > 1<<30 && files != 20 {
		t.Fatal("with", free, "bytes free:", files)
	}

	d, err := baddisk.New("store-room")
	ok(t, err)
	t.Cleanup(func() { _ = d.Close() })
	k = newKit(t, func(o *store.Options) { o.VFS = d.Name() })
	ctx, room := t.Context(), filepath.Join(k.dir, "room")
	full := baddisk.Fault{Nth: 1, Kind: baddisk.Write, Full: true}
	ok(t, os.Mkdir(room, 0o700))
	for i := range 12 {
		ok(t, os.WriteFile(filepath.Join(room, fmt.Sprint(i)), []byte("room"), 0o600))
	}
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "before"}))
	d.Fail(full)
	wantCode(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "after"}), civic.DiskFull)
	d.Fail(baddisk.Fault{})
	if files := roomOf(t, k); files != 8 {
		t.Fatal(files, "files hold room after the disk was full once")
	}
	ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1), Section: "after"}))
	ok(t, k.Close())

	d.Fail(full) // already as it opens
	k.openAgain()
	d.Fail(baddisk.Fault{})
	if files := roomOf(t, k); files != 4 {
		t.Fatal(files, "files hold room after the disk was full twice")
	}
	ok(t, k.Unlock(ctx, passphrase))
	if ds, err := k.Drafts(ctx); err != nil || len(ds) != 1 || ds[0].Section != "after" {
		t.Fatal(ds, err)
	}
}

// roomOf counts the files that hold room.
func roomOf(t *testing.T, k *kit) int {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(k.dir, "room"))
	ok(t, err)
	return len(files)
}
