package ingest

import (
	"context"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
)

// link is one registration of a kit's chain.
type link struct{ digest, previous civic.Digest }

// chain is the part of a kit's chain around a batch. Batches may come in any
// order, so a gap is no fault; two registrations that claim one place are.
type chain struct {
	links map[uint64]link
}

// readChain reads the links from the one before the batch to the one after it.
func readChain(ctx context.Context, tx ledger.Tx, d access.Device, batch []reconcile.Incoming) (chain, error) {
	c := chain{links: make(map[uint64]link, len(batch)+2)}
	if len(batch) == 0 {
		return c, nil
	}
	low, high := batch[0].Registration.Counter, batch[0].Registration.Counter
	for _, in := range batch {
		low, high = min(low, in.Registration.Counter), max(high, in.Registration.Counter)
	}
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var counter uint64
		var digest, previous []byte
		if err := r.Scan(&counter, &digest, &previous); err != nil {
			return err
		}
		c.links[counter] = link{civic.Digest(digest), civic.Digest(previous)}
		return nil
	}, "SELECT counter, digest, previous FROM ingest_registration WHERE area = ?1 AND device = ?2 AND counter BETWEEN ?3 AND ?4",
		string(d.Area), d.ID[:], int64(low)-1, int64(high)+1)
	return c, err
}

// place finds a registration's place. known is a repeat of what stands there; a
// reason says why it has no place.
func (c *chain) place(in reconcile.Incoming) (known bool, reason civic.Code) {
	r := in.Registration
	if there, ok := c.links[r.Counter]; ok {
		if there.digest == in.Digest {
			return true, ""
		}
		return false, civic.RegistrationClash
	}
	if r.Practice {
		return false, civic.PracticeKept
	}
	before, ok := c.links[r.Counter-1]
	after, next := c.links[r.Counter+1]
	switch {
	case r.Counter == 0, r.Counter == 1 && !r.Previous.IsZero():
		return false, civic.ChainBroken
	case ok && before.digest != r.Previous:
		return false, civic.ChainBroken
	case next && after.previous != in.Digest:
		return false, civic.ChainBroken
	}
	c.links[r.Counter] = link{in.Digest, r.Previous}
	return false, ""
}
