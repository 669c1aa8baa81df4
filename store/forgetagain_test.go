package store_test

import (
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/baddisk"
)

// A damaged entry that the centre never got is evidence: its day stays for a
// while, though everything else of that day may go.
func TestEvidenceOfWhatWasNeverSentIsKept(t *testing.T) {
	for name, spoil := range map[string]string{
		"registration": "UPDATE b SET s=zeroblob(length(s)) WHERE v=1 AND n=(SELECT n FROM c WHERE o=0)",
		"draft":        "UPDATE a SET s=zeroblob(length(s))",
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			ctx := t.Context()
			k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
			send(k, true)
			if name == "draft" {
				ok(t, k.SaveDraft(ctx, store.Draft{ID: draftID(1)}))
			} else {
				k.seal(person("Eva", "Sosa", "1991", "Oaxaca")...)
			}
			ok(t, k.Close())
			k.raw(spoil)
			k.openAgain()
			ok(t, k.Unlock(ctx, passphrase))
			_, err := k.Drafts(ctx)
			ok(t, err)
			_, err = k.Registrations(ctx, store.Filter{})
			ok(t, err)
			forget := func() (store.Forgotten, int) {
				t.Helper()
				f, err := k.Forget(ctx, retention)
				ok(t, err)
				c, err := k.Counts(ctx)
				ok(t, err)
				return f, c.Damaged
			}
			k.clock.Add(retention + 48*time.Hour)
			if f, damaged := forget(); f.Days != 0 || damaged != 1 {
				t.Fatalf("%+v, %d set aside", f, damaged)
			}
			k.clock.Add(90 * 24 * time.Hour)
			if f, damaged := forget(); f.Days == 0 || damaged != 0 {
				t.Fatalf("%+v, %d set aside", f, damaged)
			}
		})
	}
}

// When the log cannot be emptied, forgetting is told as failed and ends at the
// next call.
func TestForgettingThatFailedEndsLater(t *testing.T) {
	d, err := baddisk.New("store-forget-again")
	ok(t, err)
	t.Cleanup(func() { _ = d.Close() })
	halves := 0
	for _, kind := range []baddisk.Kind{baddisk.Write, baddisk.Sync} {
		for nth := 1; ; nth++ {
			k := newKit(t, func(o *store.Options) { o.VFS = d.Name() })
			ctx := t.Context()
			k.seal(person("Ana", "Ruiz", "1990", "Oaxaca")...)
			send(k, true)
			k.reopen()
			k.clock.Add(retention + 24*time.Hour)
			d.Fail(baddisk.Fault{Nth: nth, Kind: kind})
			f, err := k.Forget(ctx, retention)
			d.Fail(baddisk.Fault{})
			if err == nil {
				break // the fault fell behind it
			}
			if f.Days == 1 {
				halves++
			}
			if _, err := k.Forget(ctx, retention); err != nil {
				t.Fatal(err)
			}
			ps, err := k.Search(ctx, "ana ruiz", 3)
			ok(t, err)
			events, _, err := k.Events(ctx)
			ok(t, err)
			if len(ps) != 0 || events[len(events)-1].Event != "forgotten" {
				t.Fatalf("%v %d: %d names are left, %+v", kind, nth, len(ps), events)
			}
			ok(t, k.Close())
		}
	}
	if halves == 0 {
		t.Fatal("no fault fell between forgetting and the log")
	}
}
