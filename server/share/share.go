package share

import (
	"io"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/blake2b"

	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/seal"
)

// Config is what a Share takes from its surroundings.
type Config struct {
	Registry   *registry.Embedded
	Dictionary *attributes.Dictionary
	// Sign signs an agreement's bytes with the registry's key, for kits.
	Sign  func(body []byte) ([]byte, error)
	Key   [32]byte // the registry's data key: what is kept of requests is sealed
	Clock func() time.Time
	Rand  io.Reader
}

// Share is the door. It is for any number of goroutines; all state lies in the
// ledger, and what is remembered of it holds only until it changes there.
type Share struct {
	Config
	policies *policy.Policies
	kept     seal.Key // seals what is kept of requests

	mu       sync.Mutex
	read     map[civic.Digest]*agreement.Agreement // by digest, so never stale; at most maxRead
	standing *standing                             // of the version that was seen last
}

// maxRead bounds the agreements kept read.
const maxRead = 1024

// New makes a Share.
func New(c Config) (*Share, error) {
	p, err := policy.Load(c.Dictionary)
	if err != nil {
		return nil, err
	}
	h, err := blake2b.New256(c.Key[:])
	if err != nil {
		return nil, err
	}
	h.Write([]byte("askonce/share/v1"))
	return &Share{Config: c, policies: p, kept: seal.Key(h.Sum(nil)), read: map[civic.Digest]*agreement.Agreement{}}, nil
}

// Policies are the policies that decide.
func (s *Share) Policies() *policy.Policies { return s.policies }

// Seal seals what is kept of a request, bound to what it is.
func (s *Share) Seal(what string, plain []byte) ([]byte, error) {
	return s.kept.Seal(plain, []byte("askonce/"+what), s.Rand)
}

// Unseal opens what Seal sealed; civic.LedgerDamaged when it was changed.
func (s *Share) Unseal(what string, sealed []byte) ([]byte, error) {
	plain, err := s.kept.Open(sealed, []byte("askonce/"+what))
	if err != nil {
		return nil, civic.NewProblem(civic.LedgerDamaged, err)
	}
	return plain, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
