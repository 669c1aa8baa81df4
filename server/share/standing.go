package share

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// standing is what is remembered of agencies, their keys and tokens, and of
// agreements. It holds for one version of them: whoever changes any writes
// another version in the same transaction, and every reading looks at the
// version first. Versions are random, so that one that was rolled back never
// comes again. What citizens chose is never remembered.
type standing struct {
	version []byte

	mu       sync.Mutex
	tokens   map[[sha256.Size]byte]tokenOf
	agencies map[agreement.AgencyID]Agency
	keys     map[string]Key
	purposes map[asked][]Revision
}

type tokenOf struct {
	agency agreement.AgencyID
	until  int64
}

// asked is an agency with one purpose, or with any.
type asked struct {
	agency  agreement.AgencyID
	purpose civic.Purpose
	any     bool
}

// maxStanding bounds each of the maps; what is beyond is read each time.
const maxStanding = 4096

func newStanding(version []byte) *standing {
	return &standing{
		version: version, tokens: map[[sha256.Size]byte]tokenOf{}, agencies: map[agreement.AgencyID]Agency{},
		keys: map[string]Key{}, purposes: map[asked][]Revision{},
	}
}

// remembered finds a thing or reads it; what is not there is read each time.
func remembered[K comparable, V any](st *standing, in map[K]V, key K, read func() (V, bool, error)) (V, error) {
	st.mu.Lock()
	v, ok := in[key]
	st.mu.Unlock()
	if ok {
		return v, nil
	}
	v, keep, err := read()
	if err != nil || !keep {
		return v, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(in) >= maxStanding {
		clear(in)
	}
	in[key] = v
	return v, nil
}

// stands gives what is remembered and holds in this transaction.
func (s *Share) stands(ctx context.Context, tx ledger.Tx) (*standing, error) {
	return together.Once(tx, "share standing", func(tx ledger.Tx) (*standing, error) {
		var version []byte
		err := tx.QueryRow(ctx, "SELECT version FROM share_version WHERE one = 1").Scan(&version)
		if err != nil && !errors.Is(err, ledger.ErrNoRows) {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.standing == nil || !bytes.Equal(s.standing.version, version) {
			s.standing = newStanding(version)
		}
		return s.standing, nil
	})
}

// changed ends what is remembered, here and in every other process, from this
// transaction on.
func (s *Share) changed(ctx context.Context, tx ledger.Tx) error {
	version := make([]byte, 16)
	if _, err := rand.Read(version); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO share_version (one, version) VALUES (1, ?1) ON CONFLICT (one) DO UPDATE SET version = excluded.version", version)
	return err
}

// Recall tells whose a token was when it was last looked up, and reads nothing:
// enough to count requests by. Whether it still holds, [Share.Bearer] says
// within the transaction of the act.
func (s *Share) Recall(token string) (Agency, bool) {
	s.mu.Lock()
	st := s.standing
	s.mu.Unlock()
	if st == nil {
		return Agency{}, false
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	t, ok := st.tokens[sha256.Sum256([]byte(token))]
	if !ok || t.until <= s.Clock().Unix() {
		return Agency{}, false
	}
	a, ok := st.agencies[t.agency]
	return a, ok && a.Ended.IsZero()
}

// Bearer finds whose a token is; civic.SignInRefused when nobody's.
func (s *Share) Bearer(ctx context.Context, tx ledger.Tx, token string) (Agency, error) {
	st, err := s.stands(ctx, tx)
	if err != nil {
		return Agency{}, err
	}
	kept := sha256.Sum256([]byte(token))
	t, err := remembered(st, st.tokens, kept, func() (t tokenOf, keep bool, err error) {
		err = tx.QueryRow(ctx, "SELECT agency, expires_at FROM share_token WHERE token = ?1", kept[:]).Scan(&t.agency, &t.until)
		if errors.Is(err, ledger.ErrNoRows) {
			return tokenOf{}, false, nil
		}
		return t, err == nil, err
	})
	if err != nil {
		return Agency{}, err
	}
	if t.until <= s.Clock().Unix() {
		return Agency{}, civic.NewProblem(civic.SignInRefused, nil)
	}
	a, err := remembered(st, st.agencies, t.agency, func() (Agency, bool, error) {
		a, err := s.Agency(ctx, tx, t.agency)
		return a, err == nil, err
	})
	if err == nil && !a.Ended.IsZero() {
		err = civic.NewProblem(civic.SignInRefused, nil)
	}
	return a, err
}

// Key finds a key that is not revoked; civic.SignInRefused.
func (s *Share) Key(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, kid string) (Key, error) {
	st, err := s.stands(ctx, tx)
	if err != nil {
		return Key{}, err
	}
	k, err := remembered(st, st.keys, kid, func() (Key, bool, error) {
		k := Key{KID: kid}
		err := tx.QueryRow(ctx, "SELECT agency, jwk FROM share_key WHERE kid = ?1 AND revoked_at = 0", kid).Scan(&k.Agency, &k.JWK)
		if errors.Is(err, ledger.ErrNoRows) {
			return Key{}, false, nil
		}
		return k, err == nil, err
	})
	if err == nil && (k.KID == "" || k.Agency != agency) {
		err = civic.NewProblem(civic.SignInRefused, nil)
	}
	return k, err
}

// ForPurpose finds the revision that counts for an agency and a purpose now, nil
// when it has none: the newest approved one that is withdrawn or has begun, and
// where none has begun, the newest.
func (s *Share) ForPurpose(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, purpose civic.Purpose, now time.Time) (*Revision, error) {
	all, err := s.approved(ctx, tx, asked{agency: agency, purpose: purpose})
	return counting(all, now), err
}

// AnyOf finds an agreement of the agency for whatever purpose, to tell "another
// purpose" from "no agreement".
func (s *Share) AnyOf(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, now time.Time) (*Revision, error) {
	all, err := s.approved(ctx, tx, asked{agency: agency, any: true})
	return counting(all, now), err
}

// approved lists approved revisions, newest first; they are not to be changed.
func (s *Share) approved(ctx context.Context, tx ledger.Tx, of asked) ([]Revision, error) {
	st, err := s.stands(ctx, tx)
	if err != nil {
		return nil, err
	}
	return remembered(st, st.purposes, of, func() (all []Revision, keep bool, err error) {
		if of.any {
			all, err = s.revisions(ctx, tx, "WHERE agency = ?1 AND state = 2 ORDER BY agreement, revision DESC LIMIT 8", string(of.agency))
		} else {
			all, err = s.revisions(ctx, tx, "WHERE agency = ?1 AND purpose = ?2 AND state = 2 ORDER BY agreement, revision DESC", string(of.agency), string(of.purpose))
		}
		return all, err == nil && len(all) > 0, err
	})
}
