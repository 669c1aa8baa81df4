// Package citizen is the citizen's own door: with a receipt and a second factor
// somebody sees who looked at what the state holds of them, for what, by which
// right; chooses anew who may reuse it; objects, and reads what came of that.
//
// [Citizens.Enter] checks receipt and code and opens a visit of some minutes.
// A receipt alone opens nothing: its code is that of a slip handed out apart
// ([protocol.SlipOf]) until the citizen chooses one. Wrong codes are counted
// for each registration, so that whoever found a receipt cannot try them all.
// Everything done here, reading included, is a row of the transparency log.
//
// Staff answer objections ([Citizens.Answer]); one that stands holds the data
// back from the agency until then.
package citizen

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/district"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
	"github.com/askonce/fieldkit/sync/receipt"
)

// Config is what Citizens take from their surroundings.
type Config struct {
	DB       ledger.DB
	Access   *access.Access
	Registry *registry.Embedded
	Log      *translog.Log
	Share    *share.Share
	// Visit reads what a registration's receipt opens with.
	Visit  func(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID) (district.Visit, error)
	Clock  func() time.Time
	Rand   io.Reader
	Logger *slog.Logger
}

// Citizens is the door. It is for any number of goroutines; all state lies in
// the ledger.
type Citizens struct {
	Config

	mu   sync.Mutex
	keys map[civic.RegistrationID]protocol.LooksKey // worked out lately: each costs a try's work
}

// maxKeys bounds the keys kept.
const maxKeys = 4096

// New makes the door.
func New(c Config) *Citizens {
	return &Citizens{Config: c, keys: map[civic.RegistrationID]protocol.LooksKey{}}
}

// How somebody proved who they are.
const (
	FactorSlip = "slip"
	FactorCode = "code"
)

// Visit is somebody who showed a receipt and gave its code.
type Visit struct {
	Area         civic.Area // the office of the registration
	Registration civic.RegistrationID
	Factor       string
	FormToken    string // goes into every form of the visit
	Expires      time.Time
}

// Bounds of what a visit may say.
const (
	visitLife  = 15 * time.Minute
	minCode    = 6
	maxCode    = 64
	maxWords   = 1000 // bytes of an objection or its answer
	minWords   = 5
	maxReceipt = 4 << 10
	// AnswerWithin is how long the state has to answer an objection.
	AnswerWithin = 20 * 24 * time.Hour
)

// person finds whoever a registration is now; civic.PersonAbsent while nobody.
func (c *Citizens) person(ctx context.Context, tx ledger.Tx, v Visit) (registry.Ref, error) {
	links, err := c.Registry.Linked(ctx, tx, v.Area, []civic.RegistrationID{v.Registration})
	if err != nil {
		return registry.Ref{}, err
	}
	for _, l := range links[v.Registration] {
		if l.Subject == "" {
			return l.To, nil
		}
	}
	return registry.Ref{}, civic.NewProblem(civic.PersonAbsent, nil)
}

// Looks reads who looked at the person, newest first, and leaves a row of that
// reading.
func (c *Citizens) Looks(ctx context.Context, v Visit, before translog.RowID) (looks translog.Personal, err error) {
	now := c.Clock()
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		who, err := c.person(ctx, tx, v)
		if err != nil {
			return err
		}
		if looks, err = c.Log.ForPerson(ctx, tx, who, now.Unix(), translog.Page{Before: before}); err != nil {
			return err
		}
		return translog.Append(ctx, tx, now, []translog.Entry{{
			Area: who.Home, Person: who.Person, Kind: translog.Citizen, Action: translog.LogReading, Procedure: v.Factor,
			Records: []civic.RegistrationID{v.Registration}, Count: int64(len(looks.Rows)),
		}})
	})
	return looks, err
}

// receiptKeys finds the keys receipts are signed with.
func (c *Citizens) receiptKeys(ctx context.Context) (receipt.Keys, error) {
	devices, err := c.Access.Devices(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]receipt.Key, len(devices))
	for _, d := range devices {
		if !d.Hub {
			known[string(receipt.KeyID(d.ID))] = receipt.Key{Public: d.Sign, Office: d.Area, UpTo: d.RevokedUpTo}
		}
	}
	return func(kid []byte) (receipt.Key, bool) {
		k, ok := known[string(kid)]
		return k, ok
	}, nil
}

// absent tells whether an error only says that nothing is there.
func absent(err error) bool {
	return errors.Is(err, ledger.ErrNoRows) || civic.CodeOf(err) == civic.PersonAbsent
}
