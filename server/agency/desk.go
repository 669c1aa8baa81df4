package agency

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/blake2b"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Config is what a Desk takes from its surroundings.
type Config struct {
	DB       ledger.DB
	Share    *share.Share
	Registry *registry.Embedded
	Key      [32]byte // the registry's data key; the desk's own keys are made from it
	Name     string   // the registry's sender_id
	Clock    func() time.Time
	Rand     io.Reader
	Logger   *slog.Logger
	// Client sends what goes out; it never follows a redirect.
	Client *http.Client
	// Beside lets agencies write beside each other, where the ledger's engine can.
	Beside bool
}

// Desk is for any number of goroutines.
type Desk struct {
	Config
	key    ed25519.PrivateKey
	signer jose.Signer
	public jose.JSONWebKey
	alias  [32]byte

	limits limits

	mu      sync.Mutex
	keys    map[string]readable // public keys, by thumbprint; at most maxKeys
	writers []*writer           // one, and several where the engine lets them write beside each other
}

// writersBeside is how many transactions of agencies are under way at once.
const writersBeside = 2

const maxKeys = 1024

// maxRedirect: what goes to an agency goes there and nowhere else.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// New makes a Desk.
func New(c Config) (*Desk, error) {
	d := &Desk{Config: c, keys: map[string]readable{}, writers: []*writer{{db: c.DB}}}
	if c.Beside {
		for len(d.writers) < writersBeside {
			d.writers = append(d.writers, &writer{db: c.DB})
		}
	}
	seed, err := derive(c.Key, "askonce/agency/signature/v1")
	if err != nil {
		return nil, err
	}
	if d.alias, err = derive(c.Key, "askonce/agency/alias/v1"); err != nil {
		return nil, err
	}
	d.key = ed25519.NewKeyFromSeed(seed[:])
	d.public = jose.JSONWebKey{Key: d.key.Public(), Algorithm: string(jose.EdDSA), Use: "sig"}
	if d.public.KeyID, err = Thumbprint(d.public); err != nil {
		return nil, err
	}
	d.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: d.key, KeyID: d.public.KeyID}}, nil)
	if err != nil {
		return nil, err
	}
	if d.Client == nil {
		d.Client = &http.Client{Timeout: 20 * time.Second}
	}
	d.Client.CheckRedirect = noRedirect
	d.limits.clock = c.Clock
	return d, nil
}

func derive(key [32]byte, name string) (out [32]byte, err error) {
	h, err := blake2b.New256(key[:])
	if err != nil {
		return out, err
	}
	h.Write([]byte(name))
	h.Sum(out[:0])
	return out, nil
}

// NewID is a fresh number for a message or a transaction.
func (d *Desk) NewID() (string, error) {
	raw := make([]byte, 16)
	_, err := io.ReadFull(d.Rand, raw)
	return hex.EncodeToString(raw), err
}

// Alias is the number under which an agency knows a person, and no other agency
// does; it is written down so that the agency can name it later.
func (d *Desk) Alias(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, ref registry.Ref) (string, error) {
	alias := d.AliasOf(agency, ref)
	row := []any{string(agency), alias[:], string(ref.Home), ref.Person[:]}
	return hex.EncodeToString(alias[:]), together.Later(tx, "numbers of agencies", row, func(tx ledger.Tx, rows [][]any) error {
		_, err := tx.Insert(ctx, "agency_alias", []string{"agency", "alias", "home", "person"}, rows, "ON CONFLICT (agency, alias) DO NOTHING")
		return err
	})
}

// AliasOf works the number out.
func (d *Desk) AliasOf(agency agreement.AgencyID, ref registry.Ref) (alias [16]byte) {
	h := hmac.New(sha256.New, d.alias[:])
	h.Write([]byte(agency))
	h.Write([]byte{0})
	h.Write([]byte(ref.Home))
	h.Write([]byte{0})
	h.Write(ref.Person[:])
	copy(alias[:], h.Sum(nil))
	return alias
}

// ByAlias finds the person an agency's number stands for; civic.PersonAbsent.
func (d *Desk) ByAlias(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, alias string) (registry.Ref, error) {
	raw, err := hex.DecodeString(alias)
	if err != nil || len(raw) != 16 {
		return registry.Ref{}, civic.NewProblem(civic.PersonAbsent, nil)
	}
	var home string
	var person []byte
	err = tx.QueryRow(ctx, "SELECT home, person FROM agency_alias WHERE agency = ?1 AND alias = ?2", string(agency), raw).Scan(&home, &person)
	if err != nil {
		return registry.Ref{}, civic.NewProblem(civic.PersonAbsent, err)
	}
	return registry.Ref{Home: civic.Area(home), Person: civic.PersonID(person)}, nil
}

// Update runs one request of an agency with its rows of the log. Requests that
// come at the same time share a transaction, and so statements and a write to
// the disk: see package together. do changes nothing but what the request itself
// makes; what changes persons or agreements runs in an Update of the ledger
// itself.
func (d *Desk) Update(ctx context.Context, who agreement.AgencyID, do func(tx ledger.Tx) error) error {
	return d.writerOf(who).update(ctx, who, do)
}

// writerOf divides agencies among the writers there are; one agency's requests
// always go to the same.
func (d *Desk) writerOf(who agreement.AgencyID) *writer {
	h := fnv.New32a()
	h.Write([]byte(who))
	return d.writers[int(h.Sum32())%len(d.writers)]
}
