package ingest

import (
	"context"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// District is what kits are told of the people around them (server/district).
type District interface {
	// Heard takes in what a kit says of its pack and of whom it opened.
	Heard(ctx context.Context, d access.Device, ask *protocol.SyncRequest) (opened uint64, err error)
	// News gives what a kit has not got yet, nil for nothing.
	News(ctx context.Context, tx ledger.Tx, d access.Device, ask *protocol.PackAsk, limit int) (*protocol.PackNews, error)
	// Settled keeps what packs need of registrations settled in tx.
	Settled(ctx context.Context, tx ledger.Tx, secret []byte, regs []*civic.Registration) error
}

// How many bytes of a pack one answer carries: a kit on a quick link asks for
// more than the least.
const (
	leastPack = 16 << 10
	mostPack  = 1 << 20
)

// district adds a part of the pack where nothing else is down: outcomes never
// wait behind it.
func (g *Ingest) district(ctx context.Context, tx ledger.Tx, device access.Device, ask *protocol.PackAsk, limit int, a *protocol.SyncAnswer) (err error) {
	if g.District == nil || ask == nil || a.More {
		return nil
	}
	if limit == downBytes {
		limit = min(max(int(ask.Most), leastPack), mostPack)
	}
	for _, d := range a.Down { // one answer stays within protocol.MaxMessage
		limit -= len(d.Body)
	}
	if a.Pack, err = g.District.News(ctx, tx, device, ask, limit); err == nil && a.Pack != nil && a.Pack.Left > 0 {
		a.More = true
	}
	return err
}

// visited hands what was settled to the district.
func (g *Ingest) visited(ctx context.Context, tx ledger.Tx, device access.Device, accepted []reconcile.Incoming) error {
	if g.District == nil || len(accepted) == 0 {
		return nil
	}
	secret, err := g.Access.Secret(device)
	if err != nil {
		return err
	}
	regs := make([]*civic.Registration, len(accepted))
	for i := range accepted {
		regs[i] = accepted[i].Registration
	}
	return g.District.Settled(ctx, tx, secret, regs)
}
