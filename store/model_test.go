package store_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// model is a store without a disk: what a kit must answer after any work.
type model struct {
	sections map[store.DraftID]string
	thrown   map[store.DraftID]string
	sealed   []civic.RegistrationID
	status   map[civic.RegistrationID]civic.Status
	packed   int
	batches  [][]byte
	cursor   uint64
}

// TestAnyWork does any officer's and any centre's steps in any order, restarts
// in between, and holds the store to the model.
func TestAnyWork(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := newKit(t)
		defer k.Close()
		ctx := t.Context()
		m := model{sections: map[store.DraftID]string{}, thrown: map[store.DraftID]string{}, status: map[civic.RegistrationID]civic.Status{}}
		id := func(rt *rapid.T) store.DraftID { return draftID(rapid.IntRange(0, 3).Draw(rt, "draft")) }
		rt.Repeat(map[string]func(*rapid.T){
			"save": func(rt *rapid.T) {
				d := id(rt)
				delete(m.thrown, d) // saving takes it up again
				section := rapid.StringN(0, 40, -1).Draw(rt, "section")
				ok(t, k.SaveDraft(ctx, store.Draft{ID: d, Section: section}))
				m.sections[d] = section
			},
			"throw away": func(rt *rapid.T) {
				d := id(rt)
				err := k.DiscardDraft(ctx, d)
				section, have := m.sections[d]
				if _, again := m.thrown[d]; !have && !again {
					wantCode(t, err, civic.RegistrationAbsent)
					return
				}
				ok(t, err)
				if have {
					m.thrown[d] = section
					delete(m.sections, d)
				}
			},
			"bring back": func(rt *rapid.T) {
				d := id(rt)
				section, have := m.thrown[d]
				if !have {
					rt.Skip()
				}
				ok(t, k.RestoreDraft(ctx, d))
				m.sections[d] = section
				delete(m.thrown, d)
			},
			"seal": func(rt *rapid.T) {
				r, err := k.Seal(ctx, store.DraftID{}, k.maker(person(fmt.Sprint("Ana", len(m.sealed)), "Ruiz", "1990", "Oaxaca")...))
				ok(t, err)
				m.sealed = append(m.sealed, r)
				m.status[r] = civic.Sealed
			},
			"pack": func(rt *rapid.T) {
				if m.packed == len(m.sealed) {
					rt.Skip()
				}
				out := store.Outgoing{Kind: protocol.ItemBatch, Bytes: fmt.Appendf(nil, "batch %d", len(m.batches))}
				for c := m.packed + 1; c <= len(m.sealed); c++ {
					out.Covers = append(out.Covers, uint64(c))
				}
				ok(t, k.AddOutgoing(ctx, out))
				ok(t, k.AddOutgoing(ctx, store.Outgoing{Kind: out.Kind, Bytes: out.Bytes}))
				m.packed = len(m.sealed)
				m.batches = append(m.batches, out.Bytes)
			},
			"outcome": func(rt *rapid.T) {
				if len(m.sealed) == 0 {
					rt.Skip()
				}
				r := rapid.SampledFrom(m.sealed).Draw(rt, "registration")
				to := rapid.SampledFrom([]civic.Status{civic.Registered, civic.Merged, civic.Held, civic.Returned}).Draw(rt, "status")
				m.cursor++
				ok(t, k.TakeIn(ctx, []protocol.Down{{Seq: m.cursor, Kind: protocol.DownOutcomes, Body: []byte("x")}}, m.cursor))
				n, err := k.ApplyInbox(ctx, func(protocol.Down) ([]civic.Outcome, error) {
					return []civic.Outcome{{Registration: r, Status: to, At: k.clock.Now()}}, nil
				})
				ok(t, err)
				if n != 1 {
					t.Fatal("messages", n)
				}
				if civic.CanMove(m.status[r], to) {
					m.status[r] = to
				}
			},
			"restart": func(*rapid.T) { k.reopen() },
			"wait":    func(*rapid.T) { k.clock.Add(time.Minute) },
			"": func(rt *rapid.T) {
				m.hold(t, k)
			},
		})
	})
}

func (m *model) hold(t *testing.T, k *kit) {
	t.Helper()
	ctx := t.Context()
	ds, err := k.Drafts(ctx)
	ok(t, err)
	if len(ds) != len(m.sections) {
		t.Fatalf("%d drafts, want %d", len(ds), len(m.sections))
	}
	for _, d := range ds {
		if m.sections[d.ID] != d.Section {
			t.Fatalf("draft %x: %q, want %q", d.ID, d.Section, m.sections[d.ID])
		}
	}
	es, err := k.Registrations(ctx, store.Filter{})
	ok(t, err)
	slices.Reverse(es)
	if len(es) != len(m.sealed) {
		t.Fatalf("%d registrations, want %d", len(es), len(m.sealed))
	}
	for i, e := range es {
		if e.Registration.ID != m.sealed[i] || e.Status != m.status[m.sealed[i]] || e.Registration.Answers[0].Value != fmt.Sprint("Ana", i) {
			t.Fatalf("registration %d is %+v, want %s", i, e, m.status[m.sealed[i]])
		}
	}
	un, err := k.Unpacked(ctx, 1000)
	ok(t, err)
	items, err := k.Pending(ctx)
	ok(t, err)
	if len(un) != len(m.sealed)-m.packed || len(items) != len(m.batches) {
		t.Fatalf("%d unpacked, %d files; want %d and %d", len(un), len(items), len(m.sealed)-m.packed, len(m.batches))
	}
	for i, it := range items {
		if b, err := k.Read(ctx, it.Digest); err != nil || !bytes.Equal(b, m.batches[i]) {
			t.Fatal(err)
		}
	}
}
