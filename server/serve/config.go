package serve

import (
	"crypto/ed25519"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/askonce/fieldkit/server/access"
)

// Config is what a centre takes from its surroundings. Only Data is required.
type Config struct {
	Data   string // folder of the embedded ledger, keys and files
	Keys   string // folder of the keys; Data/keys when empty
	Ledger string // place of the ledger; Data/ledger.db when empty
	Clock  func() time.Time
	Rand   io.Reader
	Logger *slog.Logger
	// PasswordCost is argon2id's; the usual one when zero.
	PasswordCost access.PasswordCost
	// Identify tells a request's transport key where there is no TLS, in tests.
	Identify func(*http.Request) (ed25519.PublicKey, bool)
	// Forms are further workbooks, beside those that ship and those in Data/forms.
	Forms [][]byte
	// Outside are heads of the log of looks that others kept, as signed notes: a
	// restore notes the newest, so that the gap can be told.
	Outside [][]byte
	// Outward sends what goes to agencies; the usual client when nil.
	Outward *http.Client
	// Opener leaves the kits' calls to an intake, another process.
	Opener bool
}

// WithDefaults fills in what a program outside tests uses.
func (c Config) WithDefaults() Config {
	if c.Keys == "" {
		c.Keys = filepath.Join(c.Data, "keys")
	}
	if c.Ledger == "" {
		c.Ledger = "file:" + filepath.Join(c.Data, "ledger.db")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}
