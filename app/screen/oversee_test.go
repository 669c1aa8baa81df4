package screen

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/app/widget"
	"github.com/askonce/fieldkit/sync/civic"
)

const leaderPass = "a supervisor's own words"

// fakeOversight is what a kit tells its supervisor.
type fakeOversight struct {
	over     kit.Oversight
	odd      []kit.Oddity
	gaveBack string
	approved []civic.RegistrationID
	receipts []string // how they went out
}

// leads makes the fake a kit with two things odd and one registration that waits,
// looked over by a supervisor.
func (k *fakeKit) leads() {
	k.over = kit.Oversight{Known: true, By: "Marisol Quiahua de la Torre", Wanted: true, Since: noon, Unseen: 1, Goes: noon.Add(7 * 24 * time.Hour)}
	row := k.sealed[0].row
	k.odd = []kit.Oddity{{Code: kit.OddQuick, Words: []string{"35 s", "11 min"}, Officer: "Ana Ruiz", Registrations: []kit.Row{row}, Count: 1},
		{Code: kit.OddAlike, Words: []string{"14", "23"}, Officer: "Ana Ruiz", Registrations: []kit.Row{row, row}, Count: 14}}
}

func (k *fakeKit) unseen(r kit.Row) kit.Row {
	r.Unseen = k.over.Wanted && k.over.Unseen > 0 && r.Status == civic.Sealed
	return r
}

func (k *fakeKit) Oversight(context.Context) (kit.Oversight, error) { return k.over, k.fault() }

func (k *fakeKit) Lead(_ context.Context, pass string) (string, error) {
	if pass != leaderPass {
		return "", civic.NewProblem(civic.NotSupervisor, nil)
	}
	k.leads()
	return k.over.By, k.fault()
}

func (k *fakeKit) LeadEnd() { k.over.By = "" }

func (k *fakeKit) WantApproval(_ context.Context, on bool, pass string) error {
	if pass != leaderPass {
		return civic.NewProblem(civic.NotSupervisor, nil)
	}
	k.over.Wanted = on
	return k.fault()
}

func (k *fakeKit) Approve(_ context.Context, ids ...civic.RegistrationID) (int, error) {
	k.approved, k.over.Unseen = append(k.approved, ids...), 0
	return len(ids), k.fault()
}

func (k *fakeKit) ApproveCalm(context.Context) (approved, left int, err error) {
	n := k.over.Unseen
	k.over.Unseen = 0
	return n, 0, k.fault()
}

func (k *fakeKit) GiveBack(_ context.Context, _ civic.RegistrationID, note string) error {
	if note == "" {
		return civic.NewProblem(civic.WordsWanted, nil)
	}
	k.gaveBack = note
	return k.fault()
}

func (k *fakeKit) Correct(ctx context.Context, id civic.RegistrationID) (kit.DraftInfo, error) {
	iv, err := k.Begin(ctx, "birth")
	if err != nil {
		return kit.DraftInfo{}, err
	}
	return kit.DraftInfo{ID: iv.ID(), Corrects: id}, k.fault()
}

func (k *fakeKit) Oddities(context.Context, time.Time) ([]kit.Oddity, error) { return k.odd, k.fault() }

func (k *fakeKit) Day(_ context.Context, day time.Time) (kit.Day, error) {
	from := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	d := kit.Day{From: from, Until: from.AddDate(0, 0, 1), Made: noon, Office: "mx-20-067", LastContact: noon, LastBackup: noon, Approved: 2, WentUnseen: 1}
	for _, name := range []string{"Ana Ruiz", "Toribio Ixcoatl Hernández de la Cruz Villavicencio"} {
		o := kit.OfficerDay{Name: name, Sealed: len(k.sealed), Imported: 1, Corrections: 1, Services: []kit.ServiceDay{{Service: "birth", Waiting: 1, Centre: 1, Settled: 2, Needs: 3}},
			Reasons: []kit.ReasonCount{{Status: civic.Held, Code: "match_twin", Count: 1}}, Meter: capture.Meter{Asked: 120, Confirmed: 31, Reused: 44}, Metered: 6,
			OnPaper: 3, Shown: 2, NoReceipt: 2, NoPhoto: 1, Unseen: k.over.Unseen}
		for _, s := range k.sealed {
			o.Registrations = append(o.Registrations, k.unseen(s.row))
		}
		d.Officers = append(d.Officers, o)
	}
	d.All.Sealed = 2 * len(k.sealed)
	d.Drafts = []kit.DraftInfo{{Updated: noon.Add(-50 * time.Hour)}}
	return d, k.fault()
}

func (k *fakeKit) DayPDF(_ context.Context, _ time.Time, _ string, names bool) ([]byte, error) {
	return []byte(map[bool]string{true: "%PDF with names", false: "%PDF"}[names]), k.fault()
}

func (k *fakeKit) DayCSV(_ context.Context, _ time.Time, names bool) ([]byte, error) {
	return []byte(map[bool]string{true: "names", false: "counts"}[names]), k.fault()
}

func (k *fakeKit) ReceiptOut(_ context.Context, _ civic.RegistrationID, how string) error {
	k.receipts = append(k.receipts, how)
	return nil
}

// shows looks for words that are drawn.
func (d *desk) shows(words string) {
	d.t.Helper()
	var all []string
	for _, o := range test.LaidOutObjects(d.win.Content()) {
		if w, ok := o.(*canvas.Text); ok && o.Visible() {
			all = append(all, w.Text)
		}
	}
	if drawn := strings.Join(all, " "); !strings.Contains(drawn, words) {
		d.t.Fatalf("%q is not shown in %q", words, drawn)
	}
}

// A supervisor takes over another's kit with his own passphrase, looks at what is
// odd, approves, gives back with a note, and is gone on the first page.
func TestOversee(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en", Scale: 1}, everyday)
	d.open(&overseePage{})
	d.write(goodPass)
	d.press("oversee.go")
	d.shows("This is not the passphrase of a supervisor of this kit.")
	d.write(leaderPass)
	d.press("oversee.go")
	d.shows("Marisol Quiahua de la Torre looks over the work.")
	d.press("oversee.odd.0")
	d.shows("Took 35 s; here this form usually takes 11 min.")
	d.press("oddity.row.0")
	d.press("giveback")
	d.press("giveback.go")
	d.shows("Say what it is about.")
	d.write("the surname on the card")
	d.press("giveback.go")
	if d.kit.gaveBack != "the surname on the card" {
		t.Fatalf("the note is %q", d.kit.gaveBack)
	}
	d.open(&overseePage{})
	d.press("oversee.calm")
	d.shows("1 approved. 0 still wait.")
	d.home()
	if d.kit.over.By != "" {
		t.Fatal("the supervisor's turn goes on for the officer")
	}
}

// What the centre returned is corrected from its list.
func TestCorrectReturned(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en", Scale: 1}, everyday)
	d.open(&registrationPage{id: civic.RegistrationID{6}})
	d.press("correct")
	d.wantPage("interview")
	d.open(&registrationPage{id: civic.RegistrationID{2}}) // at the centre
	if d.names["correct"] != nil || d.names["approve"] != nil {
		t.Error("what is at the centre is corrected or approved")
	}
}

// The day's report is saved without names unless somebody chooses them.
func TestDayFiles(t *testing.T) {
	d := newDesk(t, upright(), Look{Language: "en", Scale: 1}, everyday)
	d.open(&dayPage{})
	d.press("day.csv")
	file := filepath.Join(d.dir, "out", "day-2026-11-22.csv")
	if b, err := os.ReadFile(file); err != nil || string(b) != "counts" {
		t.Fatalf("%q %v", b, err)
	}
	d.names["day.names"].(*widget.Choice).Pick(1)
	d.press("day.csv")
	if b, err := os.ReadFile(file); err != nil || string(b) != "names" {
		t.Fatalf("%q %v", b, err)
	}
	d.press("day.before")
	d.press("day.pdf")
	if b, err := os.ReadFile(filepath.Join(d.dir, "out", "day-2026-11-21.pdf")); err != nil || !strings.HasPrefix(string(b), "%PDF") {
		t.Fatalf("%q %v", b, err)
	}
}
