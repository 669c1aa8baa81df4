package screen

import (
	"context"
	"io"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/app/kit"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/identity"
)

// Kit is what the screens ask of a kit; *kit.Kit is one.
type Kit interface {
	State() kit.State
	Enrol(ctx context.Context, in kit.EnrolInput) error
	Unlock(ctx context.Context, passphrase string) error
	Lock(ctx context.Context) error
	ProposePassphrase(lang string) string
	Identity() kit.Identity
	Practice() bool
	SetPractice(ctx context.Context, on bool) error
	Meters(ctx context.Context, since time.Time) ([]kit.ServiceMeter, error)

	SetPIN(ctx context.Context, pin string) error
	LockScreen(ctx context.Context) error
	ScreenLocked() bool
	UnlockScreen(ctx context.Context, pin string) error
	Officers(ctx context.Context) ([]kit.Officer, error)
	AddOfficer(ctx context.Context, name, passphrase string) (civic.OfficerID, error)
	RemoveOfficer(ctx context.Context, id civic.OfficerID) error
	ChangePassphrase(ctx context.Context, old, passphrase string) error
	RecoverRequest(ctx context.Context, officer, passphrase string) ([]byte, error)
	RecoverApply(ctx context.Context, release []byte, passphrase string) error

	Export(ctx context.Context, dir string) (kit.Exported, error)
	Backup(ctx context.Context, dir string) (kit.Copied, error)
	BackupDir(ctx context.Context) (string, error)
	StopBackup(ctx context.Context) error
	RestoreRequest(ctx context.Context, dir string, device civic.DeviceID) ([]byte, civic.DeviceID, error)
	RestoreBackup(ctx context.Context, dir string, device civic.DeviceID, release []byte, passphrase string) (kit.Restored, error)
	SyncPolicy(ctx context.Context) (kit.SyncPolicy, error)
	SetSyncPolicy(ctx context.Context, p kit.SyncPolicy) error
	DataUsed(ctx context.Context) (int64, error)
	Retention(ctx context.Context) (time.Duration, error)
	SetRetention(ctx context.Context, d time.Duration) error

	Oversight(ctx context.Context) (kit.Oversight, error)
	Lead(ctx context.Context, passphrase string) (string, error)
	LeadEnd()
	WantApproval(ctx context.Context, on bool, passphrase string) error
	Approve(ctx context.Context, ids ...civic.RegistrationID) (int, error)
	ApproveCalm(ctx context.Context) (approved, left int, err error)
	GiveBack(ctx context.Context, id civic.RegistrationID, note string) error
	Correct(ctx context.Context, id civic.RegistrationID) (kit.DraftInfo, error)
	Oddities(ctx context.Context, day time.Time) ([]kit.Oddity, error)
	Day(ctx context.Context, day time.Time) (kit.Day, error)
	DayPDF(ctx context.Context, day time.Time, lang string, names bool) ([]byte, error)
	DayCSV(ctx context.Context, day time.Time, names bool) ([]byte, error)
	ReceiptOut(ctx context.Context, id civic.RegistrationID, how string) error

	Home(ctx context.Context) (kit.Home, error)
	Services() []kit.Service
	FindPlaces(ctx context.Context, of civic.Attribute, typed string, near []string, limit int) ([]kit.Place, error)
	Events(ctx context.Context) ([]identity.Event, error)
	Doubts(ctx context.Context, iv *capture.Interview) ([]kit.Alert, error)
	Readers(ctx context.Context, iv *capture.Interview) ([]capture.Reader, error)
	Search(ctx context.Context, query string, limit int) ([]kit.Person, error)
	Alike(ctx context.Context, iv *capture.Interview) ([]kit.Resemblance, error)
	WentOn(ctx context.Context, iv *capture.Interview, seen []kit.Resemblance) error
	District(ctx context.Context) (kit.District, error)
	OpenByReceipt(ctx context.Context, who civic.PersonID, text string) (kit.Person, error)
	OpenBySupervisor(ctx context.Context, who civic.PersonID, passphrase, reason string) (kit.Person, error)
	ApplySupervisor(ctx context.Context) (code string, err error)
	LookUp(ctx context.Context, q kit.LookUp) (kit.Person, error)
	Family(ctx context.Context, of capture.Ref) ([]kit.Relative, error)
	Plan(ctx context.Context, services []civic.ServiceID, of capture.Ref) ([]kit.Planned, error)
	Begin(ctx context.Context, form civic.FormID) (*capture.Interview, error)
	BeginFor(ctx context.Context, form civic.FormID, of capture.Ref, people map[string]capture.Ref) (*capture.Interview, error)
	Resume(ctx context.Context, id capture.DraftID) (*capture.Interview, error)
	Discard(ctx context.Context, id capture.DraftID) error
	Restore(ctx context.Context, id capture.DraftID) error
	Attach(ctx context.Context, iv *capture.Interview, path, name string, r io.Reader) error
	Picture(ctx context.Context, a civic.Attachment) ([]byte, error)
	Seal(ctx context.Context, iv *capture.Interview) (civic.RegistrationID, error)

	Registrations(ctx context.Context, f kit.Filter) ([]kit.Row, error)
	Registration(ctx context.Context, id civic.RegistrationID, lang string) (kit.Entry, error)
	Receipt(ctx context.Context, id civic.RegistrationID) (kit.Receipt, error)
	ReceiptPNG(ctx context.Context, id civic.RegistrationID) ([]byte, error)
	ReceiptPDF(ctx context.Context, id civic.RegistrationID, lang string) ([]byte, error)
	Looks(ctx context.Context, receipt, code string) (kit.Looks, error)
	SlipPDF(ctx context.Context, id civic.RegistrationID, lang string) ([]byte, error)
	Verify(ctx context.Context, text string) (kit.Verdict, error)
	VerifyPicture(ctx context.Context, r io.Reader) (kit.Verdict, error)
	Sync(ctx context.Context, wait time.Duration, progress func(kit.Progress)) (kit.SyncResult, error)
}
