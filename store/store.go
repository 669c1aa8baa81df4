package store

import (
	"context"
	"crypto/ed25519"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Store is one kit's memory. Its methods may be called from several goroutines.
type Store struct{}

var errSoon = civic.NewProblem(civic.NotEnrolled, nil)

// Make is how Seal asks for the registration of a counter; previous is the
// digest of the one before. It may read from the store but not write to it.
type Make = func(counter uint64, previous civic.Digest) (r *civic.Registration, digest civic.Digest, receipt string, err error)

// Exists tells whether dir holds a kit's memory, damaged or not.
func Exists(dir string) bool { return false }

// Create makes the memory of a newly enrolled kit in dir and leaves it unlocked.
func Create(ctx context.Context, dir string, s Setup) (*Store, error) { return nil, errSoon }

// Open opens the memory in dir, locked.
func Open(ctx context.Context, dir string, o Options) (*Store, error) { return nil, errSoon }

func (s *Store) Unlock(ctx context.Context, passphrase string) error { return errSoon }
func (s *Store) Lock()                                               {}
func (s *Store) Unlocked() bool                                      { return false }
func (s *Store) Officer() Officer                                    { return Officer{} }
func (s *Store) Close() error                                        { return nil }
func (s *Store) Identity() Identity                                  { return Identity{} }
func (s *Store) Ready(ctx context.Context) error                     { return errSoon }
func (s *Store) Keys() (device ed25519.PrivateKey, kitSecret [32]byte, err error) {
	return nil, kitSecret, errSoon
}

func (s *Store) SaveDraft(ctx context.Context, d Draft) error                   { return errSoon }
func (s *Store) Drafts(ctx context.Context) ([]Draft, error)                    { return nil, errSoon }
func (s *Store) Discarded(ctx context.Context) ([]Draft, error)                 { return nil, errSoon }
func (s *Store) Draft(ctx context.Context, id DraftID) (Draft, error)           { return Draft{}, errSoon }
func (s *Store) DiscardDraft(ctx context.Context, id DraftID) error             { return errSoon }
func (s *Store) RestoreDraft(ctx context.Context, id DraftID) error             { return errSoon }
func (s *Store) Attachment(ctx context.Context, d civic.Digest) ([]byte, error) { return nil, errSoon }
func (s *Store) PutAttachment(ctx context.Context, name, media string, plain []byte) (civic.Attachment, error) {
	return civic.Attachment{}, errSoon
}
func (s *Store) Seal(ctx context.Context, draft DraftID, make Make) (civic.RegistrationID, error) {
	return civic.RegistrationID{}, errSoon
}
func (s *Store) SealMany(ctx context.Context, n int, make func(i int, counter uint64, previous civic.Digest) (*civic.Registration, civic.Digest, string, error)) ([]civic.RegistrationID, error) {
	return nil, errSoon
}
func (s *Store) Registration(ctx context.Context, id civic.RegistrationID) (Entry, error) {
	return Entry{}, errSoon
}
func (s *Store) Registrations(ctx context.Context, f Filter) ([]Entry, error) { return nil, errSoon }
func (s *Store) Counts(ctx context.Context) (Counts, error)                   { return Counts{}, errSoon }
func (s *Store) Search(ctx context.Context, query string, limit int) ([]Person, error) {
	return nil, errSoon
}

// Unpacked gives up to limit registrations that no batch holds yet, in the
// order of their counters; practice never leaves the kit and is not among them.
func (s *Store) Unpacked(ctx context.Context, limit int) ([]civic.Registration, error) {
	return nil, errSoon
}

// UnpackedAttachments gives the attachments of packed or unpacked registrations
// that no sealed file of the outbox holds yet.
func (s *Store) UnpackedAttachments(ctx context.Context, limit int) ([]civic.Attachment, error) {
	return nil, errSoon
}
func (s *Store) AddOutgoing(ctx context.Context, o Outgoing) error     { return errSoon }
func (s *Store) NextBatch(ctx context.Context) (seq uint64, err error) { return 0, errSoon }
func (s *Store) DayKey(ctx context.Context, wrap func(DayKey) (header []byte, err error)) (DayKey, error) {
	return DayKey{}, errSoon
}

func (s *Store) Cursor(ctx context.Context) (uint64, error)               { return 0, errSoon }
func (s *Store) Pending(ctx context.Context) ([]protocol.Item, error)     { return nil, errSoon }
func (s *Store) Read(ctx context.Context, d civic.Digest) ([]byte, error) { return nil, errSoon }
func (s *Store) Acknowledge(ctx context.Context, statement []byte, acks []protocol.BatchAck) error {
	return errSoon
}
func (s *Store) TakeIn(ctx context.Context, down []protocol.Down, cursor uint64) error {
	return errSoon
}
func (s *Store) KeepBundle(ctx context.Context, statement []byte, b protocol.KeyBundle) error {
	return errSoon
}
func (s *Store) Bundle(ctx context.Context) (protocol.KeyBundle, []byte, error) {
	return protocol.KeyBundle{}, nil, errSoon
}
func (s *Store) BundleSerial(ctx context.Context) (uint64, error) { return 0, errSoon }
func (s *Store) KeepLease(ctx context.Context, statement []byte, l protocol.Lease) error {
	return errSoon
}
func (s *Store) Lease(ctx context.Context) (protocol.Lease, []byte, error) {
	return protocol.Lease{}, nil, errSoon
}
func (s *Store) KeepServerTime(ctx context.Context, server int64) error { return errSoon }

// ServerTime gives the centre's clock at the last contact and the kit's stamp
// of that moment; 0 when there was none.
func (s *Store) ServerTime(ctx context.Context) (server int64, at civic.Stamp, err error) {
	return 0, at, errSoon
}
func (s *Store) ApplyInbox(ctx context.Context, apply func(protocol.Down) ([]civic.Outcome, error)) (int, error) {
	return 0, errSoon
}
func (s *Store) KeepForm(ctx context.Context, f civic.FormRef, workbook []byte) error { return errSoon }
func (s *Store) Forms(ctx context.Context) (map[civic.FormRef][]byte, error)          { return nil, errSoon }
func (s *Store) Setting(ctx context.Context, key string) (string, error)              { return "", errSoon }
func (s *Store) SetSetting(ctx context.Context, key, value string) error              { return errSoon }
func (s *Store) Stamp() civic.Stamp                                                   { return civic.Stamp{} }
func (s *Store) Journal(ctx context.Context) (protocol.Head, error)                   { return protocol.Head{}, errSoon }
func (s *Store) Append(ctx context.Context, event civic.Code, words ...string) error  { return errSoon }
