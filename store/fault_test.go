//go:build unix

package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// boundary is one write that someone relies on: do it, and tell whether its
// effect is there.
type boundary struct {
	name  string
	ready func(k *kit)
	do    func(k *kit) error
	done  func(k *kit) bool
}

func boundaries() []boundary {
	count := func(k *kit) int {
		es, err := k.Registrations(k.t.Context(), store.Filter{})
		ok(k.t, err)
		return len(es)
	}
	file := bytes.Repeat([]byte("sealed"), 500)
	return []boundary{
		{"draft", nil,
			func(k *kit) error {
				return k.SaveDraft(k.t.Context(), store.Draft{ID: draftID(1), Section: "mother"})
			},
			func(k *kit) bool { _, err := k.Draft(k.t.Context(), draftID(1)); return err == nil }},
		{"photo", nil,
			func(k *kit) error {
				_, err := k.PutAttachment(k.t.Context(), "p", "image/jpeg", file)
				return err
			},
			func(k *kit) bool {
				var n int
				k.count("d", &n)
				return n == 1
			}},
		{"seal",
			func(k *kit) { ok(k.t, k.SaveDraft(k.t.Context(), store.Draft{ID: draftID(1)})) },
			func(k *kit) error {
				_, err := k.Seal(k.t.Context(), draftID(1), k.maker(person("Ana", "Ruiz", "1990", "Oaxaca")...))
				return err
			},
			func(k *kit) bool { return count(k) == 1 }},
		{"import", nil,
			func(k *kit) error {
				_, err := k.SealMany(k.t.Context(), 5, func(_ int, c uint64, p civic.Digest) (*civic.Registration, civic.Digest, string, error) {
					return k.maker()(c, p)
				})
				return err
			},
			func(k *kit) bool { n := count(k); return n == 5 }},
		{"pack",
			func(k *kit) { k.seal() },
			func(k *kit) error {
				return k.AddOutgoing(k.t.Context(), store.Outgoing{Kind: protocol.ItemBatch, Bytes: file, Covers: []uint64{1}})
			},
			func(k *kit) bool {
				un, err := k.Unpacked(k.t.Context(), 9)
				ok(k.t, err)
				items, err := k.Pending(k.t.Context())
				ok(k.t, err)
				if (len(items) == 1) != (len(un) == 0) {
					k.t.Fatal("packed by half")
				}
				return len(items) == 1
			}},
		{"acknowledge",
			func(k *kit) {
				k.seal()
				ok(k.t, k.AddOutgoing(k.t.Context(), store.Outgoing{Kind: protocol.ItemBatch, Bytes: file, Covers: []uint64{1}}))
			},
			func(k *kit) error {
				return k.Acknowledge(k.t.Context(), nil, []protocol.BatchAck{{Batch: digestOf(file), State: protocol.BatchReceived}})
			},
			func(k *kit) bool {
				items, err := k.Pending(k.t.Context())
				ok(k.t, err)
				return items[0].Acked == protocol.BatchReceived
			}},
		{"take in", nil,
			func(k *kit) error {
				return k.TakeIn(k.t.Context(), []protocol.Down{{Seq: 4, Body: []byte("x")}}, 4)
			},
			func(k *kit) bool { c, err := k.Cursor(k.t.Context()); ok(k.t, err); return c == 4 }},
		{"part of a pack",
			func(k *kit) {
				ok(k.t, k.TakePack(k.t.Context(), protocol.PackNews{Pack: bytes.Repeat([]byte{7}, 16), Number: 1, Head: []byte("head"), Version: 1, First: 1, Pieces: [][]byte{file}, Last: 3}))
			},
			func(k *kit) error {
				return k.TakePack(k.t.Context(), protocol.PackNews{Pack: bytes.Repeat([]byte{7}, 16), Number: 1, Version: 1, First: 2, Pieces: [][]byte{file, file}, Last: 3})
			},
			func(k *kit) bool {
				current, coming, err := k.Packs(k.t.Context())
				ok(k.t, err)
				if current == nil {
					if coming == nil || coming.Cursor != 1 {
						k.t.Fatalf("half a part was kept: %+v", coming)
					}
					return false
				}
				for seq := range current.Cursor {
					_, err := k.PackPiece(k.t.Context(), 1, seq+1)
					ok(k.t, err)
				}
				return current.Cursor == 3 && coming == nil
			}},
		{"opening", nil,
			func(k *kit) error {
				return k.AddOpening(k.t.Context(), "person_opened", []string{"receipt"}, func(uint64) ([]byte, error) { return []byte("sealed for the centre"), nil })
			},
			func(k *kit) bool {
				list, err := k.Openings(k.t.Context())
				ok(k.t, err)
				return len(list) == 1 && list[0].N == 1
			}},
		{"settle",
			func(k *kit) {
				k.seal()
				ok(k.t, k.TakeIn(k.t.Context(), []protocol.Down{{Seq: 4, Body: []byte("x")}}, 4))
			},
			func(k *kit) error {
				_, err := k.ApplyInbox(k.t.Context(), func(protocol.Down) ([]civic.Outcome, error) {
					es, err := k.Registrations(k.t.Context(), store.Filter{})
					return []civic.Outcome{{Registration: es[0].Registration.ID, Status: civic.Merged, At: k.clock.Now()}}, err
				})
				return err
			},
			func(k *kit) bool {
				es, err := k.Registrations(k.t.Context(), store.Filter{})
				ok(k.t, err)
				return es[0].Status == civic.Merged
			}},
		{"switch approval", nil,
			func(k *kit) error { return k.SwitchApproval(k.t.Context(), true, k.Officer().ID) },
			func(k *kit) bool { a, err := k.Approval(k.t.Context()); ok(k.t, err); return a.On }},
		{"approve", awaiting,
			func(k *kit) error {
				_, err := k.Approve(k.t.Context(), k.Officer().ID, k.unseen())
				return err
			},
			func(k *kit) bool { return free(k, 2) }},
		{"let go",
			func(k *kit) { awaiting(k); k.clock.Add(8 * 24 * time.Hour) },
			func(k *kit) error { _, err := k.LetGo(k.t.Context(), 7*24*time.Hour); return err },
			func(k *kit) bool { return free(k, 2) }},
		{"give back", awaiting,
			func(k *kit) error {
				return k.GiveBack(k.t.Context(), k.Officer().ID, k.unseen()[0], store.Draft{Note: "ask again"})
			},
			func(k *kit) bool {
				e, err := k.Registration(k.t.Context(), k.unseen()[0])
				ok(k.t, err)
				_, err = k.Draft(k.t.Context(), store.CorrectionDraft(e.Registration.ID))
				if (err == nil) != (len(e.Reasons) == 1) {
					k.t.Fatal("given back by half")
				}
				return err == nil && free(k, 0)
			}},
		{"add an officer", nil,
			func(k *kit) error { _, err := k.AddOfficer(k.t.Context(), "Toribio", second); return err },
			func(k *kit) bool {
				all, err := k.Officers(k.t.Context())
				ok(k.t, err)
				return len(all) == 2
			}},
		{"change the passphrase", nil,
			func(k *kit) error { return k.ChangePassphrase(k.t.Context(), passphrase, second) },
			func(k *kit) bool {
				done := k.Unlock(k.t.Context(), second) == nil
				if !done {
					ok(k.t, k.Unlock(k.t.Context(), passphrase))
				}
				return done
			}},
		{"forget",
			func(k *kit) {
				k.seal()
				send(k, true)
				k.clock.Add(2 * retention)
				ok(k.t, k.SetSetting(k.t.Context(), "later", "yes"))
			},
			func(k *kit) error { _, err := k.Forget(k.t.Context(), retention); return err },
			func(k *kit) bool {
				es, err := k.Registrations(k.t.Context(), store.Filter{})
				ok(k.t, err)
				return es[0].Forgotten
			}},
	}
}

// awaiting is two registrations that wait for a supervisor.
func awaiting(k *kit) {
	ok(k.t, k.SwitchApproval(k.t.Context(), true, k.Officer().ID))
	k.seal()
	k.seal()
}

// free tells whether all that was sealed may be packed, n of them; a part of it
// would be a fault.
func free(k *kit, n int) bool {
	switch got := len(k.unpacked()); got {
	case 0, 2:
		return got == n
	default:
		k.t.Fatalf("%d of two are free", got)
		return false
	}
}

// The fault table: at every write and every sync of every boundary the disk
// fails once, not stored or stored all the same, or is full. The caller learns of
// it, or it worked; after a restart the effect is there whole or not at all, and
// the work goes on to the same end.
func TestFaultTable(t *testing.T) {
	for _, b := range boundaries() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel() // it waits for the disk most of the time
			d, err := baddisk.New("store-faults-" + strings.ReplaceAll(b.name, " ", "-"))
			ok(t, err)
			faults := 0
			for _, f := range []baddisk.Fault{
				{Kind: baddisk.Write}, {Kind: baddisk.Write, Stored: true}, {Kind: baddisk.Write, Full: true},
				{Kind: baddisk.Sync}, {Kind: baddisk.Sync, Stored: true},
			} {
				for f.Nth = 1; strike(t, d, b, f); f.Nth++ {
					faults++
				}
			}
			if faults < 4 {
				t.Fatalf("only %d faults were met: this test looks in the wrong place", faults)
			}
			t.Logf("%d faults", faults)
			ok(t, d.Close())
		})
	}
}

// strike lets one fault happen during one boundary write; it tells whether the
// fault was met at all.
func strike(t *testing.T, d *baddisk.Disk, b boundary, f baddisk.Fault) (met bool) {
	t.Helper()
	k := newKit(t)
	ok(t, k.Close())
	k.options.VFS = d.Name()
	k.openAgain()
	ok(t, k.Unlock(t.Context(), passphrase))
	if b.ready != nil {
		b.ready(k)
	}
	d.Fail(f)
	err := b.do(k)
	met = d.Failed()
	d.Fail(baddisk.Fault{})
	if err != nil && f.Full && civic.CodeOf(err) != civic.DiskFull {
		t.Fatalf("%+v: a full disk is told as %v", f, err)
	}
	if err == nil && !b.done(k) {
		t.Fatalf("%+v: acknowledged, but not there", f)
	}
	_ = k.Close() // the disk may have failed under it
	k.openAgain()
	if b.name != "change the passphrase" {
		ok(t, k.Unlock(t.Context(), passphrase))
	}
	done := b.done(k)
	if err == nil && !done {
		t.Fatalf("%+v: acknowledged, but lost", f)
	}
	if !done {
		if err := b.do(k); err != nil || !b.done(k) {
			t.Fatalf("%+v: does not go on: %v", f, err)
		}
	}
	c, err := k.Counts(t.Context())
	if err != nil || c.Damaged != 0 {
		t.Fatalf("%+v: %+v %v", f, c, err)
	}
	ok(t, k.Close())
	return met
}

func (k *kit) count(table string, n *int) {
	k.t.Helper()
	ok(k.t, k.Close())
	k.query(fmt.Sprintf("SELECT count(*) FROM %s", table), n)
	k.openAgain()
	ok(k.t, k.Unlock(k.t.Context(), passphrase))
}
