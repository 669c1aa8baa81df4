package screen

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// fakeRest is what a kit does besides registering.
type fakeRest struct {
	around   kit.Person // of the district pack
	district kit.District
	asked    kit.LookUp
	wentOn   int
	pin      string
	shut     bool
	officers []kit.Officer
	backup   string
	policy   kit.SyncPolicy
	keep     time.Duration
	practice bool
	released string // what the registry released the kit for
	doubts   []kit.Alert
	fakeOversight
}

func (k *fakeKit) Identity() kit.Identity {
	return kit.Identity{Device: civic.DeviceID{0x7f, 0x66}, Office: "mx-20-067", Server: "https://central.example:7443", KitName: "Tableta 7"}
}

func (k *fakeKit) Practice() bool { return k.practice }

func (k *fakeKit) SetPractice(_ context.Context, on bool) error { k.practice = on; return k.fault() }

func (k *fakeKit) Meters(context.Context, time.Time) ([]kit.ServiceMeter, error) {
	if len(k.sealed) == 0 {
		return nil, nil
	}
	return []kit.ServiceMeter{{Service: "birth", Registrations: len(k.sealed), Meter: capture.Meter{Asked: 20, Confirmed: 5, Reused: 7}}}, k.fault()
}

// source is a sealed registration of the fake taken apart.
func (k *fakeKit) planner() *capture.Planner {
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		k.t.Fatal(err)
	}
	agreements, err := agreement.NewSet()
	if err != nil {
		k.t.Fatal(err)
	}
	var sources []capture.Source
	for _, s := range k.sealed {
		sources = append(sources, capture.SourceOf(k.form, &civic.Registration{ID: s.row.ID, Form: k.form.Ref(), Answers: s.answers, Consents: s.consent,
			Services: s.row.Services, Sealed: civic.Stamp{Wall: s.row.Sealed.Unix()}}, nil))
	}
	return &capture.Planner{Dictionary: dictionary, Agreements: agreements, Known: capture.Know(sources)}
}

func (k *fakeKit) Search(_ context.Context, query string, limit int) ([]kit.Person, error) {
	var out []kit.Person
	for _, s := range k.sealed {
		if len(out) < limit && strings.Contains(strings.ToLower(s.row.Name), strings.ToLower(query)) {
			out = append(out, kit.Person{Name: s.row.Name, BirthDate: "2026-11", Place: "Santa Ana", Registration: s.row.ID, Status: s.row.Status})
		}
	}
	if k.around.Name != "" && len(out) < limit && strings.Contains(strings.ToLower(k.around.Name), strings.ToLower(query)) {
		out = append(out, k.around)
	}
	return out, k.fault()
}

// Alike is simpler than the kit's: every word of the name, and the year of birth.
func (k *fakeKit) Alike(_ context.Context, iv *capture.Interview) ([]kit.Resemblance, error) {
	said := map[civic.Attribute]string{}
	for _, a := range iv.Answers() {
		if q, ok := iv.Form().Question(a.Path); ok && q.Subject == "" {
			said[q.Attribute] = a.Value
		}
	}
	if len(iv.Draft().People) > 0 || said["given_name"] == "" || said["surname"] == "" {
		return nil, k.fault()
	}
	born, err := civic.ParseDate(said["birth_date"])
	var out []kit.Resemblance
	for _, s := range k.sealed {
		if s.row.Name == said["given_name"]+" "+said["surname"] && (err != nil || born.Year == 2026) {
			who := kit.Person{Name: s.row.Name, BirthDate: "2026-11", Place: "Santa Ana", Registration: s.row.ID, Status: s.row.Status}
			out = append(out, kit.Resemblance{Person: who, Why: []string{kit.WhySameName, kit.WhyNearYear}, Years: 1})
		}
	}
	return out, k.fault()
}

func (k *fakeKit) WentOn(_ context.Context, _ *capture.Interview, seen []kit.Resemblance) error {
	k.wentOn = len(seen)
	return k.fault()
}

func (k *fakeKit) District(context.Context) (kit.District, error) { return k.district, k.fault() }

func (k *fakeKit) OpenByReceipt(_ context.Context, who civic.PersonID, text string) (kit.Person, error) {
	if text != "HER RECEIPT" {
		return kit.Person{}, civic.NewProblem(civic.PersonShut, nil)
	}
	p := k.around
	p.Opened, p.BirthDate = true, "1994-03-05"
	return p, k.fault()
}

func (k *fakeKit) OpenBySupervisor(_ context.Context, _ civic.PersonID, passphrase, reason string) (kit.Person, error) {
	if reason == "" {
		return kit.Person{}, civic.NewProblem(civic.ReasonRequired, nil)
	}
	if passphrase != "a supervisor's own words" {
		return kit.Person{}, civic.NewProblem(civic.NotSupervisor, nil)
	}
	p := k.around
	p.Opened = true
	return p, k.fault()
}

func (k *fakeKit) ApplySupervisor(context.Context) (string, error) { return "0a1b2-c3d4e", k.fault() }

func (k *fakeKit) LookUp(_ context.Context, q kit.LookUp) (kit.Person, error) {
	k.asked = q
	if q.Reason == "" {
		return kit.Person{}, civic.NewProblem(civic.ReasonRequired, nil)
	}
	if k.around.Name == "" {
		return kit.Person{}, civic.NewProblem(civic.NoNetwork, nil)
	}
	p := k.around
	p.Opened = true
	return p, k.fault()
}

func (k *fakeKit) Family(_ context.Context, of capture.Ref) ([]kit.Relative, error) {
	if of.Subject == "mother" {
		return nil, k.fault()
	}
	return []kit.Relative{{Ref: capture.Ref{Registration: of.Registration, Subject: "mother"}, Name: "Eva Gil", BirthDate: "1998", Kin: "mother"}}, k.fault()
}

func (k *fakeKit) Plan(_ context.Context, services []civic.ServiceID, of capture.Ref) ([]kit.Planned, error) {
	visit := capture.Visit{Service: services[0], People: map[string]capture.Ref{"": of}, Now: noon}
	plan, err := k.planner().Plan(k.form, form.Env{Now: func() time.Time { return noon }}, visit)
	return []kit.Planned{{Service: services[0], Plan: plan, Meter: plan.Meter()}}, err
}

func (k *fakeKit) BeginFor(ctx context.Context, id civic.FormID, of capture.Ref, people map[string]capture.Ref) (*capture.Interview, error) {
	iv, err := k.Begin(ctx, id)
	if err != nil {
		return nil, err
	}
	if people == nil {
		people = map[string]capture.Ref{"": of}
	}
	return iv, iv.Reuse(ctx, k.planner(), people)
}

func (k *fakeKit) Readers(_ context.Context, iv *capture.Interview) ([]capture.Reader, error) {
	made := func(id, agency string, basis agreement.Basis) agreement.Agreement {
		return agreement.Agreement{ID: id, Version: 1, Controller: "Office of " + agency, Agency: agreement.AgencyID(agency), Basis: basis,
			Purpose: agreement.Purpose{Code: "p", Text: map[string]string{"en": "to help", "es": "para ayudar"}}, Service: civic.ServiceID(agency),
			Sources: []civic.ServiceID{"birth"}, Lifecycle: agreement.Lifecycle{State: "active", From: "2026-01-01"}}
	}
	set, err := agreement.NewSet(made("a", "health", agreement.PublicTask), made("b", "school", agreement.ByConsent), made("c", "court", agreement.LegalObligation))
	if err != nil {
		return nil, err
	}
	return iv.Readers(set, "mx-20-067", noon), k.fault()
}

func (k *fakeKit) SetPIN(_ context.Context, pin string) error { k.pin = pin; return k.fault() }
func (k *fakeKit) ScreenLocked() bool                         { return k.shut }

func (k *fakeKit) LockScreen(ctx context.Context) error {
	if k.pin == "" {
		return k.Lock(ctx)
	}
	k.shut = true
	return k.fault()
}

func (k *fakeKit) UnlockScreen(_ context.Context, pin string) error {
	if pin != k.pin {
		return civic.NewProblem(civic.WrongPIN, nil, "4")
	}
	k.shut = false
	return nil
}

func (k *fakeKit) Officers(context.Context) ([]kit.Officer, error) {
	return append([]kit.Officer{{ID: civic.OfficerID{1}, Name: "Ana Ruiz", Here: true}}, k.officers...), k.fault()
}

func (k *fakeKit) AddOfficer(_ context.Context, name, pass string) (civic.OfficerID, error) {
	if pass == "" {
		return civic.OfficerID{}, civic.NewProblem(civic.WeakPassphrase, nil)
	}
	k.officers = append(k.officers, kit.Officer{ID: civic.OfficerID{2}, Name: name})
	return civic.OfficerID{2}, k.fault()
}

func (k *fakeKit) RemoveOfficer(context.Context, civic.OfficerID) error {
	k.officers = nil
	return k.fault()
}

func (k *fakeKit) ChangePassphrase(_ context.Context, old, _ string) error {
	if old != goodPass {
		return civic.NewProblem(civic.WrongPassphrase, nil)
	}
	return k.fault()
}

func (k *fakeKit) RecoverRequest(context.Context, string, string) ([]byte, error) {
	return []byte("request"), k.fault()
}

func (k *fakeKit) RecoverApply(_ context.Context, release []byte, _ string) error {
	k.released, k.state = string(release), kit.Unlocked
	return k.fault()
}

func (k *fakeKit) Export(_ context.Context, dir string) (kit.Exported, error) {
	if err := k.fault(); err != nil {
		return kit.Exported{}, err
	}
	return kit.Exported{Files: 2, Bytes: 4200, Settled: 3}, os.WriteFile(filepath.Join(dir, "sealed"), nil, 0o600)
}

func (k *fakeKit) Backup(_ context.Context, dir string) (kit.Copied, error) {
	k.backup = dir
	return kit.Copied{Bytes: 90_000}, k.fault()
}
func (k *fakeKit) BackupDir(context.Context) (string, error) { return k.backup, nil }
func (k *fakeKit) StopBackup(context.Context) error          { k.backup = ""; return k.fault() }

func (k *fakeKit) RestoreRequest(_ context.Context, _ string, d civic.DeviceID) ([]byte, civic.DeviceID, error) {
	return []byte("request"), d, k.fault()
}

func (k *fakeKit) RestoreBackup(_ context.Context, _ string, _ civic.DeviceID, release []byte, _ string) (kit.Restored, error) {
	k.released = string(release)
	return kit.Restored{Registrations: 12}, k.fault()
}

func (k *fakeKit) SyncPolicy(context.Context) (kit.SyncPolicy, error) { return k.policy, k.fault() }
func (k *fakeKit) SetSyncPolicy(_ context.Context, p kit.SyncPolicy) error {
	k.policy = p
	return k.fault()
}
func (k *fakeKit) DataUsed(context.Context) (int64, error)          { return 123_000, nil }
func (k *fakeKit) Retention(context.Context) (time.Duration, error) { return k.keep, nil }
func (k *fakeKit) SetRetention(_ context.Context, d time.Duration) error {
	k.keep = d
	return k.fault()
}
