package vault

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// The files of a vault's folder.
const (
	fileDB   = "kit.db"
	fileWAL  = "kit.db-wal"
	fileNew  = "kit.db.new"
	fileLock = "kit.lock"
	// keptPattern names a database that was set aside whole.
	keptPattern = "kit.db.kept-*"
)

// Options are what a vault needs from outside; the zero value is production.
type Options struct {
	Clock func() time.Time
	Rand  io.Reader
	// LogN is scrypt's work factor for new passphrases, 0 to measure.
	LogN int
	// MaxBytes bounds the database and VFS names its file system; both for tests.
	MaxBytes int64
	VFS      string
}

func (o Options) filled() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return o
}

// Vault is one folder's sealed rows. Its methods may be called from several
// goroutines; transactions run one after the other.
type Vault struct {
	dir     string
	options Options
	lock    io.Closer

	mu         sync.Mutex // held for the length of a transaction
	db         *sql.DB
	conn       *sql.Conn
	statements map[string]*sql.Stmt // by their text
	getters    map[string]*sql.Stmt // by the table they read one row of
	columns    map[string][]string  // by table
	outer      *dataKey
	outerName  []byte

	ring *ring    // nil while locked; guarded by mu
	room [64]byte // for the additional data of one row; guarded by mu
}

// Exists tells whether dir holds a vault, open or set aside.
func Exists(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, fileDB)); err == nil {
		return true
	}
	return len(kept(dir)) > 0
}

func kept(dir string) []string {
	var whole []string
	for _, n := range named(dir, keptPattern) {
		if filepath.Ext(n) != ".wal" {
			whole = append(whole, n)
		}
	}
	return whole
}

// Create makes a vault for its first officer and leaves it unlocked. recovery
// is the age recipient of the registry that every key is wrapped to as well.
// then, which may be nil, writes what the vault shall hold from its first moment:
// a folder never holds a vault without it.
func Create(ctx context.Context, dir string, o Options, officer, passphrase, recovery string, then func(*Vault) error) (*Vault, error) {
	o = o.filled()
	if err := CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := acquire(filepath.Join(dir, fileLock))
	if err != nil {
		return nil, err
	}
	v, err := create(ctx, dir, o, officer, passphrase, recovery, then)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	v.lock = lock
	return v, nil
}

func create(ctx context.Context, dir string, o Options, officer, passphrase, recovery string, then func(*Vault) error) (v *Vault, err error) {
	if exists(filepath.Join(dir, fileDB)) {
		return nil, civic.NewProblem(civic.AlreadyEnrolled, nil)
	}
	// The vault is made under another name and gets its own when it is whole:
	// a cut leaves either no kit or one that opens.
	path := filepath.Join(dir, fileNew)
	if err := removeNew(dir); err != nil {
		return nil, err
	}
	if err := touch(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeNew(dir))
		}
	}()
	if v, err = connectVault(ctx, dir, fileNew, o); err != nil {
		return nil, err
	}
	err = migrate(ctx, v.conn)
	if err == nil {
		err = v.found(ctx, officer, passphrase, recovery)
	}
	if err == nil && then != nil {
		err = then(v)
	}
	if err == nil {
		err = v.Checkpoint(ctx)
	}
	r := v.ring
	if err = errors.Join(err, v.closeDB()); err != nil {
		return nil, err
	}
	if err := os.Rename(path, filepath.Join(dir, fileDB)); err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	if v, err = open(ctx, dir, o); err != nil {
		return nil, err
	}
	v.ring = r
	return v, nil
}

func connectVault(ctx context.Context, dir, name string, o Options) (*Vault, error) {
	db, conn, err := connect(ctx, filepath.Join(dir, name), o)
	if err != nil {
		return nil, err
	}
	return &Vault{dir: dir, options: o, db: db, conn: conn, statements: map[string]*sql.Stmt{}, getters: map[string]*sql.Stmt{}, columns: map[string][]string{}}, nil
}

// Open opens the vault in dir, locked. A database that is damaged is renamed
// and kept whole; Open then answers civic.StoreDamaged with its new name, now
// and at every later call until someone decides to Create anew.
func Open(ctx context.Context, dir string, o Options) (*Vault, error) {
	o = o.filled()
	path := filepath.Join(dir, fileDB)
	if _, err := os.Stat(path); err != nil {
		if names := kept(dir); len(names) > 0 {
			return nil, civic.NewProblem(civic.StoreDamaged, nil, filepath.Base(names[len(names)-1]))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, civic.NewProblem(civic.NotEnrolled, err)
		}
		return nil, err
	}
	lock, err := acquire(filepath.Join(dir, fileLock))
	if err != nil {
		return nil, err
	}
	v, err := open(ctx, dir, o)
	if civic.CodeOf(err) == civic.DiskFull {
		giveRoom(dir)
		v, err = open(ctx, dir, o)
	}
	if civic.CodeOf(err) == civic.StoreDamaged {
		err = setAside(dir, o.Clock(), err)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	v.lock = lock
	return v, nil
}

func open(ctx context.Context, dir string, o Options) (*Vault, error) {
	if err := looksLikeOne(filepath.Join(dir, fileDB)); err != nil {
		return nil, err // before SQLite writes anything into it
	}
	if err := keepTail(dir, o.Clock()); err != nil {
		return nil, err
	}
	v, err := connectVault(ctx, dir, fileDB, o)
	if err != nil {
		return nil, err
	}
	if err := check(ctx, v.conn); err != nil {
		return nil, errors.Join(err, v.closeDB())
	}
	if err := migrate(ctx, v.conn); err != nil {
		return nil, errors.Join(err, v.closeDB())
	}
	if err := v.loadOuter(ctx); err != nil {
		return nil, errors.Join(err, v.closeDB())
	}
	if o.VFS == "" {
		keepRoom(dir)
	}
	return v, nil
}

// Dir is the vault's folder.
func (v *Vault) Dir() string { return v.dir }

// Close locks the vault and gives the folder free.
func (v *Vault) Close() error {
	v.Lock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.conn == nil {
		return nil
	}
	return errors.Join(v.closeDB(), v.lock.Close())
}

func (v *Vault) closeDB() error {
	var errs []error
	for _, s := range v.statements {
		errs = append(errs, s.Close())
	}
	errs = append(errs, v.conn.Close(), v.db.Close())
	v.conn, v.statements, v.getters = nil, nil, nil
	return errors.Join(errs...)
}
