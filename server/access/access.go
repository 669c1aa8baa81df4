package access

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Options are what an Access takes from its surroundings.
type Options struct {
	Registry string           // name shown to people
	Clock    func() time.Time // the server's clock
	Rand     io.Reader        // crypto/rand
	// LeaseLife is how long a kit may start interviews without contact; 30 days
	// when zero.
	LeaseLife time.Duration
	// PasswordCost is argon2id's; the usual one when zero.
	PasswordCost PasswordCost
}

// Access joins the registry's keys with what the ledger knows of kits and
// staff. It is for any number of goroutines.
type Access struct {
	db   ledger.DB
	keys *Keys
	o    Options

	mu      sync.Mutex
	secrets map[civic.DeviceID][]byte // opened kit secrets, at most maxSecrets

	tries   tries
	hashing chan struct{} // bounds the memory argon2 takes at once
}

// maxSecrets bounds the opened kit secrets kept in memory.
const maxSecrets = 8192

// New joins keys and ledger.
func New(db ledger.DB, keys *Keys, o Options) *Access {
	if o.LeaseLife == 0 {
		o.LeaseLife = 30 * 24 * time.Hour
	}
	if o.Registry == "" {
		o.Registry = keys.Root.Subject.CommonName
	}
	if o.PasswordCost == (PasswordCost{}) {
		o.PasswordCost = PasswordCost{Time: 3, MemoryKiB: 64 << 10, Threads: 2}
	}
	return &Access{db: db, keys: keys, o: o, secrets: map[civic.DeviceID][]byte{}, hashing: make(chan struct{}, 2)}
}

// Keys gives the registry's keys.
func (a *Access) Keys() *Keys { return a.keys }

// Setting reads a setting of the whole centre, empty when it was never set.
func Setting(ctx context.Context, tx ledger.Tx, name string) (string, error) {
	var value string
	err := tx.QueryRow(ctx, "SELECT value FROM access_setting WHERE name = ?1", name).Scan(&value)
	if errors.Is(err, ledger.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// SetSetting writes one.
func SetSetting(ctx context.Context, tx ledger.Tx, name, value string) error {
	_, err := tx.Exec(ctx, `INSERT INTO access_setting (name, value) VALUES (?1, ?2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// note writes what was done beside the deed.
func (a *Access) note(ctx context.Context, tx ledger.Tx, area civic.Area, actor, action string, object []byte, detail string) error {
	return audit.Write(ctx, tx, a.o.Clock(), []audit.Row{{Area: area, Actor: actor, Action: action, Object: object, Detail: detail}})
}
