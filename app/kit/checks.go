package kit

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

const (
	// clockSlack is how far the kit's clock may be off before it is told.
	clockSlack = 10 * time.Minute
	// leaseWarning is how long before its end a lease is mentioned.
	leaseWarning = 3 * 24 * time.Hour
)

// checkBefore looks at disk, keys and lease before an interview starts, so that
// a family that waited an hour is not told afterwards. A doubtful clock is
// shown on the home page and stops nothing.
func (k *Kit) checkBefore(ctx context.Context, st *store.Store) error {
	if err := st.Ready(ctx); err != nil {
		return problem(err)
	}
	lease, err := leaseState(ctx, st)
	switch {
	case err != nil:
		return problem(err)
	case lease.revoked:
		return civic.NewProblem(civic.DeviceRevoked, nil)
	case lease.over:
		return civic.NewProblem(civic.LeaseOver, nil)
	}
	return nil
}

// permission is what a lease says now.
type permission struct {
	over    bool      // no new interviews
	revoked bool      // for good
	wipe    bool      // the registry ordered the end of this kit
	until   time.Time // zero without a lease
}

// leaseState tells what the lease permits now. A kit that was never given one
// is not limited.
func leaseState(ctx context.Context, st *store.Store) (permission, error) {
	lease, raw, err := st.Lease(ctx)
	if err != nil || raw == nil {
		return permission{}, err
	}
	p := permission{until: time.Unix(lease.Expires, 0).UTC(), revoked: lease.Revoked, wipe: lease.Wipe}
	now, ok := serverNow(ctx, st)
	if !ok {
		now = time.Unix(lease.Issued, 0)
	}
	p.over = lease.Revoked || lease.Expires != 0 && !now.Before(p.until)
	return p, nil
}

// serverNow carries the centre's clock on from the last contact; false when
// there was none. A clock that was set does not move it.
func serverNow(ctx context.Context, st *store.Store) (time.Time, bool) {
	now, err := st.ServerNow(ctx)
	if err != nil || now == 0 {
		return time.Time{}, false
	}
	return time.Unix(now, 0).UTC(), true
}

// clockDoubt tells by how much the kit's clock is off, zero when it is near
// enough or nothing is known.
func clockDoubt(ctx context.Context, st *store.Store) time.Duration {
	server, at, err := st.ServerTime(ctx)
	if err != nil || server == 0 {
		return 0
	}
	off := time.Duration(at.Wall-server) * time.Second
	if now := st.Stamp(); now.Boot == at.Boot {
		// The wall clock may have been set since: compare with the count.
		off += time.Duration((now.Wall-at.Wall)-(now.Mono-at.Mono)) * time.Second
	}
	if off.Abs() < clockSlack {
		return 0
	}
	return off.Abs()
}

// alerts are what needs a person, the most pressing first.
func (k *Kit) alerts(ctx context.Context, st *store.Store) []Alert {
	var out []Alert
	if err := st.Ready(ctx); err != nil {
		if p := asProblem(err); p.Code != civic.Locked {
			out = append(out, Alert{Code: p.Code, Words: p.Words})
		}
	}
	if off := clockDoubt(ctx, st); off != 0 {
		out = append(out, Alert{Code: civic.ClockDoubt, Words: []string{protocol.Span(off)}})
	}
	if err := st.LostTail(); err != nil {
		p := asProblem(err)
		out = append(out, Alert{Code: p.Code, Words: p.Words})
	}
	if behindNow(ctx, st) {
		out = append(out, Alert{Code: civic.BackupMissed})
	}
	out = append(out, k.logAlerts(ctx, st)...)
	lease, err := leaseState(ctx, st)
	switch now, ok := serverNow(ctx, st); {
	case err != nil:
	case lease.wipe:
		out = append(out, Alert{Code: civic.WipeOrdered})
	case lease.revoked:
		out = append(out, Alert{Code: civic.DeviceRevoked})
	case lease.over:
		out = append(out, Alert{Code: civic.LeaseOver})
	case ok && !lease.until.IsZero() && lease.until.Sub(now) < leaseWarning:
		out = append(out, Alert{Code: civic.LeaseNear, Words: []string{lease.until.In(k.o.Zone).Format("2006-01-02 15:04")}})
	}
	return out
}
