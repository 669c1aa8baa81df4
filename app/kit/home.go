package kit

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// Home is what the first page shows; locked, it holds no draft and no officer.
func (k *Kit) Home(ctx context.Context) (Home, error) {
	st, err := k.store()
	if err != nil {
		return Home{}, err
	}
	counts, err := st.Counts(ctx)
	if err != nil {
		return Home{}, problem(err)
	}
	identity := st.Identity()
	h := Home{Office: identity.Area, KitName: identity.KitName, Today: counts.Today, Counts: countsOf(counts), Alerts: k.alerts(ctx, st)}
	if server, _, err := st.ServerTime(ctx); err == nil && server != 0 {
		h.LastContact = time.Unix(server, 0).UTC()
	}
	if !st.Unlocked() {
		return h, nil
	}
	h.Officer = st.Officer().Name
	if h.Drafts, err = k.Drafts(ctx); err != nil {
		return Home{}, err
	}
	return h, nil
}

// Identity says which kit this is; it works locked.
func (k *Kit) Identity() Identity {
	st, err := k.store()
	if err != nil {
		return Identity{}
	}
	id := st.Identity()
	return Identity{Device: id.Device, Office: id.Area, Server: id.Server, KitName: id.KitName}
}

// Status counts what is in the kit; it works locked, where the people are not
// counted.
func (k *Kit) Status(ctx context.Context) (Counts, error) {
	st, err := k.store()
	if err != nil {
		return Counts{}, err
	}
	counts, err := st.Counts(ctx)
	return countsOf(counts), problem(err)
}

func countsOf(c store.Counts) Counts {
	by := c.ByStatus
	return Counts{
		Drafts: c.Drafts, Sealed: by[civic.Sealed] + by[civic.Approved], Sent: by[civic.Sent], Received: by[civic.Received],
		Settled: by[civic.Registered] + by[civic.Merged], Held: by[civic.Held], Returned: by[civic.Returned],
		Quarantined: by[civic.Quarantined], Safe: c.Safe, People: c.People, Damaged: c.Damaged,
	}
}

// asProblem gives the problem in an error's chain.
func asProblem(err error) *civic.Problem {
	var p *civic.Problem
	if errors.As(problem(err), &p) {
		return p
	}
	return civic.NewProblem(civic.Unexpected, err)
}
