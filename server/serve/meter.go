package serve

import (
	"context"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// openMeter makes the meter. In an intake it only keeps what kits say.
func (c *Centre) openMeter() error {
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		return err
	}
	c.Meter = &meter.Meter{DB: c.DB, Registry: c.Registry, Dictionary: dictionary, Clock: c.Clock, Agreements: c.agreementsInForce,
		Service: func(ref civic.FormRef) civic.ServiceID {
			if source, ok := civic.ClaimsSource(ref.ID); ok {
				return source
			}
			if f, ok := c.Published.Form(ref); ok {
				return f.Service()
			}
			return ""
		}}
	return nil
}

// agreementsInForce are those that count now.
func (c *Centre) agreementsInForce(ctx context.Context) (set *agreement.Set, err error) {
	var all []agreement.Agreement
	err = c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		all, err = c.inForce(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return agreement.NewSet(all...)
}

// inForce is the same inside a transaction.
func (c *Centre) inForce(ctx context.Context, tx ledger.Tx) (all []agreement.Agreement, err error) {
	revisions, err := c.Share.InForce(ctx, tx)
	for _, r := range revisions {
		all = append(all, r.Agreement)
	}
	return all, err
}

// metered keeps what a kit says of its interviews.
func (c *Centre) metered(ctx context.Context, d access.Device, meters []protocol.Meter) error {
	return c.Meter.Keep(ctx, d.Area, d.Sign, meters)
}
