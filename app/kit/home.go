package kit

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/batch"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Home is what the first page shows; locked, it holds no draft and no officer.
func (k *Kit) Home(ctx context.Context) (Home, error) {
	st, err := k.store()
	if err != nil {
		return Home{}, err
	}
	counts, err := countAll(ctx, st)
	if err != nil {
		return Home{}, problem(err)
	}
	identity := st.Identity()
	h := Home{Office: identity.Area, KitName: identity.KitName, Today: counts.Today, Counts: countsOf(counts), Alerts: k.alerts(ctx, st), Practice: k.Practice()}
	if server, _, err := st.ServerTime(ctx); err == nil && server != 0 {
		h.LastContact = time.Unix(server, 0).UTC()
	}
	if c, err := st.Custody(ctx); err == nil && c.Files > 0 {
		h.Carried = Carrier(c)
	}
	if !st.Unlocked() {
		return h, nil
	}
	h.Officer = st.Officer().Name
	if h.Unseen = counts.Unseen; h.Unseen > 0 {
		h.UnseenGoes = k.unseenGoes(ctx, st)
	}
	if h.Drafts, err = k.Drafts(ctx); err != nil {
		return Home{}, err
	}
	h.Counts.Drafts = len(h.Drafts)
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

// Status counts what is in the kit. Locked, it knows only what waits to travel
// or is on its way, and says so in Partial.
func (k *Kit) Status(ctx context.Context) (Counts, error) {
	st, err := k.store()
	if err != nil {
		return Counts{}, err
	}
	counts, err := countAll(ctx, st)
	return countsOf(counts), problem(err)
}

// realDrafts counts the interviews under way that are not practice: which they
// are is sealed, so the store cannot count them unread.
func realDrafts(ctx context.Context, st *store.Store) (int, error) {
	n := 0
	drafts, err := st.Drafts(ctx)
	for _, d := range drafts {
		if !d.Practice {
			n++
		}
	}
	return n, err
}

// counted are figures with what they leave out.
type counted struct {
	store.Counts
	partial bool
}

// countAll counts the registrations, or, locked, those in the outbox: what
// became of a registration is sealed, how many lie in a batch is not.
func countAll(ctx context.Context, st *store.Store) (counted, error) {
	if st.Unlocked() {
		c, err := st.Counts(ctx)
		if err == nil && c.Drafts > 0 {
			c.Drafts, err = realDrafts(ctx, st)
		}
		if civic.CodeOf(err) != civic.Locked {
			return counted{Counts: c}, err
		}
	}
	out := counted{Counts: store.Counts{ByStatus: map[civic.Status]int{}}, partial: true}
	items, err := st.Pending(ctx)
	if err != nil {
		return out, err
	}
	for _, it := range items {
		if it.Kind != protocol.ItemBatch {
			continue
		}
		file, err := st.Read(ctx, it.Digest)
		if err != nil {
			return out, err
		}
		m, err := batch.ReadManifest(file)
		if err != nil {
			continue // damaged: it counts again once the kit is unlocked
		}
		out.ByStatus[statusOf(it)] += int(m.Count)
		out.Total += int(m.Count)
	}
	return out, nil
}

// statusOf is how far the registrations of a batch came on the wire.
func statusOf(it protocol.Item) civic.Status {
	switch {
	case it.Acked == protocol.BatchQuarantined:
		return civic.Quarantined
	case it.Acked != protocol.BatchAbsent:
		return civic.Received
	case it.Sent:
		return civic.Sent
	}
	return civic.Sealed
}

func countsOf(c counted) Counts {
	by := c.ByStatus
	return Counts{
		Partial: c.partial,

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
