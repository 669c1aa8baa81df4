package serve

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/govstack"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// SenderID is how the registry calls itself to agencies.
const SenderID = "registry"

// openAgencies opens what agencies use: agreements, the desk, the languages.
func (c *Centre) openAgencies(ctx context.Context) error {
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		return err
	}
	keys := c.Access.Keys()
	c.Share, err = share.New(share.Config{
		Registry: c.Registry, Dictionary: dictionary, Key: keys.Data(), Clock: c.Clock, Rand: c.Rand,
		Sign: func(body []byte) ([]byte, error) { return keys.Sign(protocol.StatementAgreement, body) },
	})
	if err != nil {
		return err
	}
	if err := c.Share.Seed(ctx, c.DB, assets.Agreements, "init"); err != nil {
		return err
	}
	c.Desk, err = agency.New(agency.Config{
		DB: c.DB, Share: c.Share, Registry: c.Registry, Key: keys.Data(), Name: SenderID, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger, Client: c.Outward, Beside: ledger.IsPostgres(c.Ledger),
	})
	if err != nil {
		return err
	}
	c.SPDCI = spdci.New(c.Desk)
	c.GovStack = govstack.New(c.Desk, govstack.Config{Settler: c.Share.Settler(c.Reconciler, c.SPDCI.Settled), Usage: c.usage, Proves: c.proves})
	return nil
}

// usage reads a person's own log for GovStack's myPersonalDataUsage.
func (c *Centre) usage(ctx context.Context, tx ledger.Tx, ref registry.Ref) (out []govstack.Usage, err error) {
	seen, err := c.Log.ForPerson(ctx, tx, ref, c.Clock().Unix(), translog.Page{})
	for _, r := range seen.Rows {
		u := govstack.Usage{ID: hex.EncodeToString(r.ID[:]), At: time.Unix(r.At, 0), Actor: string(r.Kind), Purpose: string(r.Purpose), Fields: r.Fields}
		if u.Agency = r.Kind == translog.Agency; u.Agency {
			u.Actor = r.Actor // a person of the state is told by what they are, not by name
		}
		out = append(out, u)
	}
	return out, err
}

// proves checks a receipt and its code for an agency that the person is with.
func (c *Centre) proves(ctx context.Context, receipt, code string) (civic.Area, civic.RegistrationID, error) {
	v, err := c.Citizens.Check(ctx, receipt, code)
	return v.Area, v.Registration, err
}

// agencyRoutes are what agencies call.
func (c *Centre) agencyRoutes(mux *http.ServeMux) {
	c.Desk.Routes(mux)
	c.SPDCI.Routes(mux)
	c.GovStack.Routes(mux)
}
