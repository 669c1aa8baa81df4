package kit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/client"
	"github.com/askonce/fieldkit/sync/form"
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
	// Tuning is how patient the wire is; the zero value is right for all links.
	Tuning client.Tuning
	// Mobile tells whether the network of the moment is a mobile one; nil looks
	// at the system.
	Mobile func() bool
	// FreeSpace tells the bytes free on the kit's disk; nil asks the system.
	FreeSpace func(dir string) (uint64, error)
	// MaxBytes bounds the store, for tests of a full disk; 0 means no bound.
	MaxBytes int64
	// VFS names the SQLite file system to use, for tests of bad disks.
	VFS string
	// Words gives a sentence of the translations; nil: the English ones that the
	// kit itself needs for printed receipts.
	Words func(lang, key string) string
}

// Kit is one field kit.
type Kit struct {
	o     Options
	log   *slog.Logger
	forms *form.Catalogue

	mu sync.RWMutex // guards st; the store has a lock of its own
	st *store.Store // nil while not enrolled
	// enrolling are the keys of an enrolment that was not finished.
	enrolling *newIdentity

	passing sync.Mutex // one sync at a time
	// watching guards what the kit knows of the log of looks.
	watching sync.Mutex
	packing  sync.Mutex // one packer at a time

	practice atomic.Bool // interviews begun now are about invented people

	neighbours neighbours // the people of the district, while unlocked

	places shelf // the list of places, unpacked

	leading leading // the supervisor who looks over the work
	gleaned gleaned // what the looks over the work remember of registrations
}

// Open opens the kit in a folder, locked; a folder without a kit opens as
// NotEnrolled. A second process on the same folder is refused with KitBusy; a
// damaged store with StoreDamaged, and then the file was set aside, not deleted.
func Open(ctx context.Context, o Options) (*Kit, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Mobile == nil {
		o.Mobile = onMobile
	}
	if o.Words == nil {
		o.Words = plainWords
	}
	k := &Kit{o: o, log: o.Logger, forms: form.NewCatalogue()}
	if err := k.loadShippedForms(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Home, 0o700); err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, o.Home)
	}
	if !store.Exists(o.Home) {
		return k, nil
	}
	st, err := store.Open(ctx, o.Home, k.storeOptions())
	if err != nil {
		return nil, err
	}
	k.st = st
	return k, nil
}

func (k *Kit) storeOptions() store.Options {
	return store.Options{Clock: k.o.Clock, LogN: k.o.LogN, Heads: k.heads, FreeSpace: k.o.FreeSpace, MaxBytes: k.o.MaxBytes, VFS: k.o.VFS}
}

// Close locks the kit and lets go of the folder.
func (k *Kit) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.st == nil {
		return nil
	}
	k.neighbours.forget()
	err := k.st.Close()
	k.st = nil
	return err
}

// forgetAll drops what the kit itself remembers of an officer's work.
func (k *Kit) forgetAll() {
	k.leading.end()
	k.gleaned.forget()
	k.neighbours.forget()
	k.practice.Store(false)
}

// State says what the kit is ready for. It is asked often, and drops the keys
// behind a screen that was shut for too long.
func (k *Kit) State() State {
	switch st, err := k.store(); {
	case err != nil:
		return NotEnrolled
	case st.DropScreen():
		k.forgetAll()
		return Locked
	case st.Unlocked():
		return Unlocked
	}
	return Locked
}

// Unlock opens the kit with the officer's passphrase and takes in what arrived
// while it was locked.
func (k *Kit) Unlock(ctx context.Context, passphrase string) error {
	st, err := k.store()
	if err != nil {
		return err
	}
	if st.Unlocked() {
		return nil
	}
	if err := st.Unlock(ctx, passphrase); err != nil {
		return err
	}
	if err := k.afterUnlock(ctx, st); err != nil {
		st.Lock() // whoever tries again finds the kit as it was
		k.forgetAll()
		return err
	}
	return nil
}

// afterUnlock reads what the sealed part of the store holds for the kit. What
// cannot be taken in stays where it is and does not keep the officer out.
func (k *Kit) afterUnlock(ctx context.Context, st *store.Store) error {
	if err := k.loadKeptForms(ctx, st); err != nil {
		return err
	}
	if _, err := k.applyInbox(ctx, st); err != nil {
		k.log.Warn("what arrived could not be taken in yet", "code", civic.CodeOf(err))
	}
	k.readDistrict(ctx, st)
	return nil
}

// Lock packs what waits, so that it can travel without a passphrase, and
// forgets every key. It locks even when packing fails; the error tells of that.
func (k *Kit) Lock(ctx context.Context) error {
	st, err := k.store()
	if err != nil || !st.Unlocked() {
		return err
	}
	err = k.pack(ctx, st)
	if behindNow(ctx, st) { // the medium may be in again
		k.copyAside(ctx, st)
	}
	st.Lock()
	k.forgetAll()
	return err
}

// store gives the store of an enrolled kit, locked or not.
func (k *Kit) store() (*store.Store, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.st == nil {
		return nil, civic.NewProblem(civic.NotEnrolled, nil)
	}
	return k.st, nil
}

// open gives the store of an unlocked kit.
func (k *Kit) open() (*store.Store, error) {
	st, err := k.store()
	if err != nil {
		return nil, err
	}
	if !st.Unlocked() {
		return nil, civic.NewProblem(civic.Locked, nil)
	}
	return st, nil
}

// problem makes sure that what leaves the package has a code: an error of no
// kind becomes one that says nothing was lost.
func problem(err error) error {
	if err == nil || civic.CodeOf(err) != "" {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return civic.NewProblem(civic.Stopped, err)
	}
	return civic.NewProblem(civic.Unexpected, err)
}
