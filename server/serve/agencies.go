package serve

import (
	"context"
	"net/http"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/agency"
	"github.com/askonce/fieldkit/server/agency/spdci"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/attributes"
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
		DB: c.DB, Share: c.Share, Registry: c.Registry, Key: keys.Data(), Name: SenderID, Clock: c.Clock, Rand: c.Rand, Logger: c.Logger, Client: c.Outward,
	})
	if err != nil {
		return err
	}
	c.SPDCI = spdci.New(c.Desk)
	return nil
}

// agencyRoutes are what agencies call.
func (c *Centre) agencyRoutes(mux *http.ServeMux) {
	c.Desk.Routes(mux)
	c.SPDCI.Routes(mux)
}
