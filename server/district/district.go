package district

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/seal"
)

// Config is what a District takes from its surroundings. Without Registry and
// Attributes it only does what an intake may do.
type Config struct {
	DB         ledger.DB
	Access     *access.Access
	Registry   *registry.Embedded
	Attributes *attributes.Dictionary
	Model      *match.Model // nil for match.DefaultModel
	Clock      func() time.Time
	Rand       io.Reader
	Logger     *slog.Logger
	// Agreements are those that hold now: of an agency's table only what one of
	// them lets be reused reaches kits. With nil nothing of a table does.
	Agreements func(ctx context.Context, tx ledger.Tx) ([]agreement.Agreement, error)
}

// District makes packs and answers kits. It is for any number of goroutines.
type District struct {
	Config
	rows *seal.Key // nil on an intake

	making sync.Mutex // one pack at a time
}

// New joins what packs are made of.
func New(c Config) (*District, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Model == nil {
		c.Model = match.DefaultModel()
	}
	d := &District{Config: c}
	if !c.Access.Keys().Opens() {
		return d, nil
	}
	data := c.Access.Keys().Data()
	key, err := hkdf.Key(sha256.New, data[:], nil, "askonce/district/rows/v0", len(d.rows))
	if err != nil {
		return nil, err
	}
	d.rows = (*seal.Key)(key)
	return d, nil
}

// seal writes v under the district's key, bound to what it is and whose.
func (d *District) seal(what string, owner []byte, v any) ([]byte, error) {
	plain, err := protocol.Marshal(v)
	if err != nil {
		return nil, err
	}
	return d.rows.Seal(plain, append([]byte(what+"\x00"), owner...), d.Rand)
}

func (d *District) open(what string, owner, sealed []byte, into any) error {
	plain, err := d.rows.Open(sealed, append([]byte(what+"\x00"), owner...))
	if err == nil {
		err = unmarshal(plain, into)
	}
	if err != nil {
		return civic.NewProblem(civic.LedgerDamaged, err)
	}
	return nil
}

// Settings say how an office's pack is made.
type Settings struct {
	Area       civic.Area
	Neighbours []civic.Area
	MaxBytes   int64
	Every      time.Duration // between looks for changes
	Keep       time.Duration // then another pack replaces it
	Next       time.Time     // of the next look
}

// What is set where nobody said anything else.
const (
	DefaultMaxBytes = 12 << 20
	DefaultEvery    = 6 * time.Hour
	DefaultKeep     = 90 * 24 * time.Hour
)

// Set keeps how an office's pack is made.
func (d *District) Set(ctx context.Context, s Settings) error {
	var others []string
	for _, a := range s.Neighbours {
		others = append(others, string(a))
	}
	return d.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO pack_district (area, neighbours, max_bytes, every, keep_days, next_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (area) DO UPDATE SET neighbours = excluded.neighbours, max_bytes = excluded.max_bytes, every = excluded.every, keep_days = excluded.keep_days`,
			string(s.Area), strings.Join(others, "\n"), s.MaxBytes, int64(s.Every/time.Second), int64(s.Keep/(24*time.Hour)), d.Clock().Add(s.Every).Unix())
		return err
	})
}

// Settings reads how packs are made, of one office or of all.
func (d *District) Settings(ctx context.Context, area civic.Area) (list []Settings, err error) {
	err = d.DB.View(ctx, func(tx ledger.Tx) error {
		list = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var a, others string
			var every, days, next int64
			var s Settings
			if err := r.Scan(&a, &others, &s.MaxBytes, &every, &days, &next); err != nil {
				return err
			}
			s.Area, s.Every, s.Keep, s.Next = civic.Area(a), time.Duration(every)*time.Second, time.Duration(days)*24*time.Hour, time.Unix(next, 0).UTC()
			for other := range strings.SplitSeq(others, "\n") {
				if other != "" {
					s.Neighbours = append(s.Neighbours, civic.Area(other))
				}
			}
			list = append(list, s)
			return nil
		}, "SELECT area, neighbours, max_bytes, every, keep_days, next_at FROM pack_district WHERE (?1 = '' OR area = ?1) ORDER BY area", string(area))
	})
	return list, err
}

// Withdraw takes a person out of every pack, or lets them in again.
func (d *District) Withdraw(ctx context.Context, tx ledger.Tx, home civic.Area, person civic.PersonID, out bool) error {
	if !out {
		_, err := tx.Exec(ctx, "DELETE FROM pack_withdrawn WHERE area = ?1 AND person = ?2", string(home), person[:])
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO pack_withdrawn (area, person, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", string(home), person[:], d.Clock().Unix())
	return err
}
