package kit

import (
	"context"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
)

// Options say where the kit is and what it may use.
type Options struct {
	Home   string           // the kit's folder; made when absent
	Clock  func() time.Time // nil: the machine's clock
	Zone   *time.Location   // nil: the machine's zone; what "today" means
	Logger *slog.Logger     // nil: nothing is logged
	// LogN is the passphrase's work factor, 0 to calibrate on this machine.
	LogN int
	// Dial reaches the centre; nil for the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Free tells the bytes free on the kit's disk; nil asks the system.
	Free func(dir string) (int64, error)
	// Version is the program's, shown on the settings page.
	Version string
}

// Kit is one field kit.
type Kit struct {
	o Options
}

// Open opens the kit in a folder, locked; a folder without a kit opens as
// NotEnrolled. A second process on the same folder is refused with KitBusy; a
// damaged store with StoreDamaged, and then the file was set aside, not deleted.
func Open(ctx context.Context, o Options) (*Kit, error) { return &Kit{o: o}, nil }

// Close locks the kit and lets go of the folder.
func (k *Kit) Close() error { return nil }

// State says what the kit is ready for.
func (k *Kit) State() State { return NotEnrolled }

// Enrol makes this folder a kit of an office and leaves it unlocked.
func (k *Kit) Enrol(ctx context.Context, in EnrolInput) error { return errNotYet }

// Unlock opens the kit with the officer's passphrase and takes in what arrived
// while it was locked.
func (k *Kit) Unlock(ctx context.Context, passphrase string) error { return errNotYet }

// Lock packs what waits, so that it can travel without a passphrase, and
// forgets every key.
func (k *Kit) Lock(ctx context.Context) error { return errNotYet }

// ProposePassphrase gives words that are easy to remember and hard to guess.
func (k *Kit) ProposePassphrase(lang string) string { return "" }

// Home is what the first page shows; locked, it holds the counts only.
func (k *Kit) Home(ctx context.Context) (Home, error) { return Home{}, errNotYet }

// Services are what citizens can come for on this kit.
func (k *Kit) Services() []Service { return nil }

// Begin starts an interview for a service's form. The disk, the keys, the lease
// and the clock are checked before; the draft is on disk when Begin returns.
func (k *Kit) Begin(ctx context.Context, form civic.FormID) (*capture.Interview, error) {
	return nil, errNotYet
}

// Drafts are the interviews not sealed yet, newest first.
func (k *Kit) Drafts(ctx context.Context) ([]DraftInfo, error) { return nil, errNotYet }

// Resume goes on with a draft where it was left.
func (k *Kit) Resume(ctx context.Context, id capture.DraftID) (*capture.Interview, error) {
	return nil, errNotYet
}

// Discard throws a draft away; Restore takes that back for a day.
func (k *Kit) Discard(ctx context.Context, id capture.DraftID) error { return errNotYet }

// Restore takes Discard back.
func (k *Kit) Restore(ctx context.Context, id capture.DraftID) error { return errNotYet }

// Attach stores a picture (JPEG or PNG) for a question and answers it.
func (k *Kit) Attach(ctx context.Context, iv *capture.Interview, path, name string, r io.Reader) error {
	return errNotYet
}

// Picture reads an attachment back, for the review page.
func (k *Kit) Picture(ctx context.Context, a civic.Attachment) ([]byte, error) { return nil, errNotYet }

// Seal closes an interview for good: when it returns without an error, the
// registration is on disk, numbered, chained and has its receipt.
func (k *Kit) Seal(ctx context.Context, iv *capture.Interview) (civic.RegistrationID, error) {
	return civic.RegistrationID{}, errNotYet
}

// Registrations lists what was sealed here, newest first.
func (k *Kit) Registrations(ctx context.Context, f Filter) ([]Row, error) { return nil, errNotYet }

// Registration is one of them whole, worded in a language.
func (k *Kit) Registration(ctx context.Context, id civic.RegistrationID, lang string) (Entry, error) {
	return Entry{}, errNotYet
}

// Search finds people this kit knows, best first.
func (k *Kit) Search(ctx context.Context, query string, limit int) ([]Person, error) {
	return nil, errNotYet
}

// Receipt is the registration's signed receipt.
func (k *Kit) Receipt(ctx context.Context, id civic.RegistrationID) (Receipt, error) {
	return Receipt{}, errNotYet
}

// ReceiptPNG draws the receipt's QR.
func (k *Kit) ReceiptPNG(ctx context.Context, id civic.RegistrationID) ([]byte, error) {
	return nil, errNotYet
}

// ReceiptPDF is the receipt to print, one page.
func (k *Kit) ReceiptPDF(ctx context.Context, id civic.RegistrationID, lang string) ([]byte, error) {
	return nil, errNotYet
}

// Verify checks a receipt's text without a network. A refused receipt is a
// Verdict, not an error.
func (k *Kit) Verify(ctx context.Context, text string) (Verdict, error) { return Verdict{}, errNotYet }

// VerifyPicture finds the code in a PNG or JPEG and checks it.
func (k *Kit) VerifyPicture(ctx context.Context, r io.Reader) (Verdict, error) {
	return Verdict{}, errNotYet
}

// Sync makes one pass both ways, waiting up to wait for the centre to decide.
// It may be stopped by its context at any moment without loss. progress may be
// nil.
func (k *Kit) Sync(ctx context.Context, wait time.Duration, progress func(Progress)) (SyncResult, error) {
	return SyncResult{}, errNotYet
}

// Reachable asks the centre for a sign of life, cheaply.
func (k *Kit) Reachable(ctx context.Context) error { return errNotYet }

// Status counts what is in the kit; it works locked.
func (k *Kit) Status(ctx context.Context) (Counts, error) { return Counts{}, errNotYet }

// Import seals one registration for each row of a CSV. form is the id of a form
// on this kit or the path of a workbook.
func (k *Kit) Import(ctx context.Context, form, csv string, progress func(Progress)) (ImportResult, error) {
	return ImportResult{}, errNotYet
}

var errNotYet = civic.NewProblem(civic.NotEnrolled, nil)
