package store

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/askonce/fieldkit/store/people"
	"github.com/askonce/fieldkit/store/vault"
	"github.com/askonce/fieldkit/sync/civic"
)

// Rows of table m that belong to the store.
const (
	rowIdentity  = vault.FirstRow + iota // Identity (outer)
	rowKeys                              // device key and kit secret (kit)
	rowBoot                              // how often the store was opened (outer)
	rowCursor                            // last message of the centre taken in (outer)
	rowBundle                            // key bundle and its statement (outer)
	rowLease                             // lease and its statement (outer)
	rowTime                              // server time and our stamp of it (outer)
	rowChain                             // counters and the last digest (kit)
	rowDayKey                            // today's transport key (kit)
	rowBatches                           // number of the last batch (kit)
	rowStatement                         // the last acknowledgement as it was signed (outer)
	rowPacks                             // which packs of the district are here (outer)
	rowOpenings                          // number of the last opening (outer)
	rowApplies                           // officers who ask to be supervisors (outer)
)

// Store is one kit's memory. Its methods may be called from several goroutines.
type Store struct {
	vault   *vault.Vault
	options Options
	started time.Time
	boot    uint32

	sealing     sync.Mutex // one registration after the other, for the chain
	unforgotten bool       // something forgotten may still lie in the log; guarded by sealing
	backing     sync.Mutex // guards media
	media       map[string]*medium

	mu       sync.RWMutex // guards what follows; never held while waiting for a caller's function
	identity Identity
	open     *opened // nil while locked
	screen   *screen // set while only the screen is locked
}

// opened is what an unlocked store holds in memory.
type opened struct {
	device    ed25519.PrivateKey
	kitSecret [32]byte
	list      []*stub // by counter, practice last
	byID      map[civic.RegistrationID]*stub
	byDraft   map[DraftID]civic.RegistrationID
	index     *people.Index
	indexed   chan struct{}          // closed when index may be used
	owners    []civic.RegistrationID // what the index's references mean
}

// CheckPassphrase refuses one that is easy to guess, with civic.WeakPassphrase:
// it takes at least four different words of three letters or more.
func CheckPassphrase(passphrase string) error { return vault.CheckPassphrase(passphrase) }

// Exists tells whether dir holds a kit's memory, damaged or not.
func Exists(dir string) bool { return vault.Exists(dir) }

func (o Options) filled() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.FreeSpace == nil {
		o.FreeSpace = vault.Free
	}
	return o
}

func (o Options) vault() vault.Options {
	return vault.Options{Clock: o.Clock, LogN: o.LogN, MaxBytes: o.MaxBytes, VFS: o.VFS}
}

// Create makes the memory of a newly enrolled kit in dir and leaves it unlocked
// for its first officer. A folder that holds one already is civic.AlreadyEnrolled.
func Create(ctx context.Context, dir string, s Setup) (*Store, error) {
	if len(s.TransportKey) != 0 {
		s.Identity.TransportKey = s.TransportKey
	}
	if len(s.DeviceKey) != ed25519.PrivateKeySize || len(s.Identity.TransportKey) != ed25519.PrivateKeySize {
		return nil, civic.NewProblem(civic.RequestMalformed, errors.New("a kit needs a device key and a transport key"))
	}
	o := s.filled()
	v, err := vault.Create(ctx, dir, o.vault(), s.Officer, s.Passphrase, s.Recovery, func(v *vault.Vault) error {
		return v.Update(ctx, func(tx *vault.Tx) error { return found(tx, s) })
	})
	if err != nil {
		return nil, unreadable(err)
	}
	st := &Store{vault: v, options: o, started: o.Clock(), boot: 1, identity: s.Identity, media: map[string]*medium{}}
	if err := st.load(ctx); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return st, st.Append(ctx, "created")
}

// found writes what a kit holds from its first moment.
func found(tx *vault.Tx, s Setup) error {
	if err := put(tx, vault.Outer, "m", rowIdentity, identityRecord(s.Identity)); err != nil {
		return err
	}
	if err := put(tx, vault.Kit, "m", rowKeys, keysRecord{Device: s.DeviceKey.Seed(), Secret: s.KitSecret[:]}); err != nil {
		return err
	}
	if err := put(tx, vault.Kit, "m", rowChain, chain{}); err != nil {
		return err
	}
	return tx.Put(vault.Outer, "m", rowBoot, binary.BigEndian.AppendUint32(nil, 1))
}

// Open opens the memory in dir, locked. Another process that uses it is
// civic.KitBusy; a folder without one civic.NotEnrolled; a damaged database is
// renamed and kept whole, and Open answers civic.StoreDamaged with that name.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	o = o.filled()
	v, err := vault.Open(ctx, dir, o.vault())
	if err != nil {
		return nil, unreadable(err)
	}
	st := &Store{vault: v, options: o, started: o.Clock(), media: map[string]*medium{}}
	err = v.Update(ctx, st.begin)
	if civic.CodeOf(err) == civic.DiskFull { // which made room for another try
		err = v.Update(ctx, st.begin)
	}
	if err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return st, nil
}

// unreadable words what the system said of a file; problems stay.
func unreadable(err error) error {
	var path *fs.PathError
	if civic.CodeOf(err) == "" && errors.As(err, &path) {
		return civic.NewProblem(civic.FileUnreadable, err, filepath.Base(path.Path))
	}
	return err
}

func (s *Store) begin(tx *vault.Tx) error {
	var r identityRecord
	ok, err := get(tx, "m", rowIdentity, &r)
	if err != nil {
		return err
	}
	if !ok {
		return civic.NewProblem(civic.StoreDamaged, errors.New("no identity"), "")
	}
	s.identity = Identity(r)
	boots, _, err := tx.Get("m", rowBoot)
	if err != nil {
		return err
	}
	if len(boots) == 4 {
		s.boot = binary.BigEndian.Uint32(boots)
	}
	s.boot++
	return tx.Put(vault.Outer, "m", rowBoot, binary.BigEndian.AppendUint32(nil, s.boot))
}

// Unlock opens what the passphrase protects. A wrong one is
// civic.WrongPassphrase; nothing is lost by trying.
func (s *Store) Unlock(ctx context.Context, passphrase string) error {
	if err := s.vault.Unlock(ctx, passphrase); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		s.Lock()
		return err
	}
	if err := s.Append(ctx, "unlocked"); err != nil {
		s.Lock() // whoever tries again finds the kit as it was
		return err
	}
	return nil
}

// load reads into memory what lists and searches need.
func (s *Store) load(ctx context.Context) error {
	o := &opened{byID: map[civic.RegistrationID]*stub{}, byDraft: map[DraftID]civic.RegistrationID{}, index: people.New(), indexed: make(chan struct{})}
	err := s.vault.Update(ctx, func(tx *vault.Tx) error {
		var k keysRecord
		ok, err := get(tx, "m", rowKeys, &k)
		if err != nil {
			return err
		}
		if !ok || len(k.Device) != ed25519.SeedSize || len(k.Secret) != len(o.kitSecret) {
			return civic.NewProblem(civic.RowDamaged, errors.New("no device key"))
		}
		o.device = ed25519.NewKeyFromSeed(k.Device)
		copy(o.kitSecret[:], k.Secret)
		if err := s.loadStubs(tx, o); err != nil {
			return err
		}
		if err := purgeDrafts(tx, s.options.Clock()); err != nil {
			return err
		}
		if err := dropDayKey(tx, s.options.Clock()); err != nil {
			return err
		}
		moved, err := fold(tx, o)
		apply(moved)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.screen = o, nil
	return nil
}

// Lock drops keys, names and lists from memory. What is on the disk stays sealed.
func (s *Store) Lock() {
	s.mu.Lock()
	if s.screen != nil {
		s.open, s.screen = s.screen.behind, nil
	}
	if s.open != nil {
		clear(s.open.device)
		clear(s.open.kitSecret[:])
		s.open = nil
	}
	s.mu.Unlock()
	s.vault.Lock()
}

// Unlocked tells whether an officer has unlocked the store.
func (s *Store) Unlocked() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.open != nil
}

// Officer is the one who unlocked the store, zero while it is locked.
func (s *Store) Officer() Officer {
	if !s.Unlocked() {
		return Officer{}
	}
	id, name := s.vault.Officer()
	return Officer{ID: id, Name: name}
}

// Close locks the store and gives the folder free.
func (s *Store) Close() error {
	s.Lock()
	// After a crash the time of that start is missing: the lease is a policy.
	err := s.vault.Update(context.Background(), s.ran)
	if errors.Is(err, vault.ErrClosed) || civic.CodeOf(err) == civic.DiskFull {
		err = nil // nothing that anybody was promised
	}
	return errors.Join(err, s.vault.Close())
}

// Identity is who this kit is on the wire; it needs no passphrase.
func (s *Store) Identity() Identity {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.identity
}

// Keys gives the key that signs batches and receipts, and the secret that the
// kit shares with the registry.
func (s *Store) Keys() (device ed25519.PrivateKey, kitSecret [32]byte, err error) {
	o, err := s.opened()
	if err != nil {
		return nil, kitSecret, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return ed25519.NewKeyFromSeed(o.device.Seed()), o.kitSecret, nil
}

func (s *Store) opened() (*opened, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.open == nil {
		return nil, civic.NewProblem(civic.Locked, nil)
	}
	return s.open, nil
}

// Stamp is this moment as the kit knows it.
func (s *Store) Stamp() civic.Stamp {
	now := s.options.Clock()
	return civic.Stamp{Wall: now.Unix(), Boot: s.boot, Mono: max(0, int64(now.Sub(s.started)/time.Second))}
}
