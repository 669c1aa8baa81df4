package kit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/baddisk"
	"github.com/askonce/fieldkit/sync/civic"
)

// wanting has what is sealed wait for a supervisor; the registry's naming is for
// the journeys.
func (w *world) wanting() {
	w.t.Helper()
	st, err := w.store()
	if err == nil {
		err = st.SwitchApproval(w.t.Context(), true, st.Officer().ID)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.leads()
}

func (w *world) unseen() int {
	w.t.Helper()
	o, err := w.Oversight(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return o.Unseen
}

func (w *world) packed() int {
	w.t.Helper()
	out, err := w.Export(w.t.Context(), w.t.TempDir())
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Files
}

// Without a supervisor nothing of his is done; a turn ends when nothing is done
// for a while, at its end, and with the lock.
func TestLeading(t *testing.T) {
	ctx := t.Context()
	w := enrolled(t)
	id := w.sealed("Ana", "Paz")
	wantCode(t, w.WantApproval(ctx, true, testPassphrase), civic.NotSupervisor)
	_, err := w.Lead(ctx, testPassphrase)
	wantCode(t, err, civic.NotSupervisor)
	for name, do := range map[string]func() error{
		"approve":      func() error { _, err := w.Approve(ctx, id); return err },
		"approve calm": func() error { _, _, err := w.ApproveCalm(ctx); return err },
		"give back":    func() error { return w.GiveBack(ctx, id, "why") },
		"oddities":     func() error { _, err := w.Oddities(ctx, time.Time{}); return err },
	} {
		for ended, end := range map[string]func(){
			"never begun": func() {},
			"idle":        func() { w.leads(); w.clock.Add(leadFor + time.Second) },
			"ended":       func() { w.leads(); w.LeadEnd() },
			"locked": func() {
				w.leads()
				if err := w.Lock(ctx); err != nil {
					t.Fatal(err)
				}
				if err := w.Unlock(ctx, testPassphrase); err != nil {
					t.Fatal(err)
				}
			},
		} {
			end()
			if err := do(); civic.CodeOf(err) != civic.NotSupervisor {
				t.Errorf("%s, %s: %v", name, ended, err)
			}
		}
	}
	w.leads()
	if _, err := w.Oddities(ctx, time.Time{}); err != nil {
		t.Error(err)
	}
}

// What waits is not exported, nor packed by a lock; once the registry has ordered
// the kit's end, everything goes.
func TestApprovalGate(t *testing.T) {
	w := enrolled(t)
	w.wanting()
	w.sealed("Ana", "Paz")
	if n := w.packed(); n != 0 || w.unseen() != 1 {
		t.Fatalf("%d files left the kit, %d wait", n, w.unseen())
	}
	w.sleep(6 * 24 * time.Hour)
	if n := w.packed(); n != 0 || w.unseen() != 1 {
		t.Fatalf("%d files left the kit early, %d wait", n, w.unseen())
	}
	h, err := w.Home(t.Context())
	if err != nil || h.Unseen != 1 || h.UnseenGoes.Sub(w.clock.Now()) > 24*time.Hour {
		t.Fatalf("%+v %v", h, err)
	}
	w.sleep(24 * time.Hour)
	if n := w.packed(); n < 2 || w.unseen() != 0 { // the day's key and the batch
		t.Fatalf("%d files, %d wait after a week", n, w.unseen())
	}
}

// Giving back and approving fail at each write in turn, stored and not stored:
// after the crash there is the state before or the whole act, and doing it again
// ends in one draft and nothing waiting.
func TestSuperviseFaultTable(t *testing.T) {
	w, disk := newWorldOnDisk(t, "kit-supervise-faults")
	w.wanting()
	ctx := t.Context()
	failed := 0
	for _, act := range []string{"give back", "approve"} {
		for _, kind := range []baddisk.Kind{baddisk.Write, baddisk.Sync} {
			for _, stored := range []bool{false, true} {
				for nth := 1; ; nth++ {
					name := fmt.Sprintf("%s: %v, the %d., stored %v", act, kind, nth, stored)
					id := w.sealed("Ana", "Paz")
					do := func() error {
						if act == "approve" {
							_, err := w.Approve(ctx, id)
							return err
						}
						return w.GiveBack(ctx, id, "ask again")
					}
					w.leads()
					disk.Fail(baddisk.Fault{Nth: nth, Kind: kind, Stored: stored})
					err := do()
					met := disk.Failed()
					disk.Fail(baddisk.Fault{})
					if err != nil {
						failed++
						w.reopen()
						if err := w.Unlock(ctx, testPassphrase); err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						w.leads()
						if err := do(); err != nil {
							t.Fatalf("%s, again: %v", name, err)
						}
					}
					drafts, e1 := w.Drafts(ctx)
					entry, e2 := w.Registration(ctx, id, "en")
					if e1 != nil || e2 != nil {
						t.Fatal(name, e1, e2)
					}
					if act == "approve" && (entry.Status != civic.Approved || entry.Unseen) {
						t.Fatalf("%s: %s", name, entry.Status)
					}
					if act == "give back" {
						if len(drafts) != 1 || drafts[0].Corrects != id || !entry.Unseen {
							t.Fatalf("%s: %d drafts, waits %v", name, len(drafts), entry.Unseen)
						}
						if err := w.Discard(ctx, drafts[0].ID); err != nil {
							t.Fatal(err)
						}
					}
					if err == nil && !met {
						break
					}
				}
			}
		}
	}
	if failed < 8 {
		t.Fatalf("only %d faults were met", failed)
	}
}

// A registration that the centre returned is corrected from a draft with all its
// answers; begun twice it is one draft.
func TestCorrect(t *testing.T) {
	ctx := t.Context()
	w := enrolled(t)
	id := w.sealed("Ana", "Paz")
	d, err := w.Correct(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Correct(ctx, id)
	if err != nil || again.ID != d.ID {
		t.Fatalf("%v, %v", again.ID, err)
	}
	iv, err := w.Resume(ctx, d.ID)
	if err != nil || iv.State("who/given_name").Answer.Value != "Ana" || iv.Draft().Corrects != id {
		t.Fatal(err)
	}
	if alike, err := w.Alike(ctx, iv); err != nil || len(alike) != 0 {
		t.Fatalf("the corrected one is shown as somebody else: %+v %v", alike, err)
	}
	if err := iv.Set(ctx, "who/given_name", civic.Answer{Value: "Anna"}); err != nil {
		t.Fatal(err)
	}
	second, err := w.Seal(ctx, iv)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := w.Registration(ctx, second, "en"); err != nil || e.Corrects != id || e.Name != "Anna Paz" {
		t.Fatalf("%+v %v", e, err)
	}
	_, err = w.Correct(ctx, civic.RegistrationID{1})
	wantCode(t, err, civic.RegistrationAbsent)
}

// The day's report counts what was done on that day, and its files name nobody
// but officers who were asked for, harmless to a spreadsheet.
func TestDay(t *testing.T) {
	ctx := t.Context()
	w := enrolled(t)
	w.sealed("Yesterday", "Paz")
	w.clock.Add(24 * time.Hour)
	id := w.sealed("Ana", "Quiahua")
	w.interview(map[string]string{"who/given_name": "Half"})
	if err := w.ReceiptOut(ctx, id, ReceiptShown); err != nil {
		t.Fatal(err)
	}
	d, err := w.Day(ctx, time.Time{})
	if err != nil || d.All.Sealed != 1 || d.All.Shown != 1 || d.All.NoReceipt != 0 || len(d.Drafts) != 1 || d.All.NoPhoto != 1 || d.All.Metered != 1 || d.All.Meter.Asked == 0 {
		t.Fatalf("%+v %v", d, err)
	}
	if err := w.ReceiptOut(ctx, id, ReceiptPrinted); err != nil {
		t.Fatal(err)
	}
	if d, err := w.Day(ctx, time.Time{}); err != nil || d.All.Shown != 0 || d.All.OnPaper != 1 || d.Officers[0].Name != "Ana" {
		t.Fatalf("%+v %v", d, err)
	}
	if d, err := w.Day(ctx, w.clock.Now().Add(-24*time.Hour)); err != nil || d.All.Sealed != 1 || d.All.NoReceipt != 1 {
		t.Fatalf("yesterday: %+v %v", d, err)
	}
	for _, names := range []bool{false, true} {
		b, err := w.DayCSV(ctx, time.Time{}, names)
		if err != nil || strings.Contains(string(b), "Quiahua") || strings.Contains(string(b), "Ana") != names {
			t.Fatalf("names %v: %s %v", names, b, err)
		}
	}
	if harmless("=1+1") != "'=1+1" || harmless("Ana") != "Ana" {
		t.Error("a name is a formula")
	}
}
