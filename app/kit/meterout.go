package kit

import (
	"context"
	"math"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// keepMeter keeps what an interview came to. When it cannot be kept, or the kit
// is cut off before, it is counted again when the registration is packed.
func (k *Kit) keepMeter(ctx context.Context, st *store.Store, counter uint64, m capture.Meter) {
	err := st.AddMeters(ctx, []protocol.Meter{{Counter: counter, Asked: short(m.Asked), Confirmed: short(m.Confirmed), Reused: short(m.Reused)}})
	if err != nil {
		k.log.Warn("the meter could not be kept", "code", civic.CodeOf(problem(err)))
	}
}

// late gives the figures of the last registrations by their counters.
func late(ctx context.Context, st *store.Store) map[uint64]capture.Meter {
	all, err := st.LateMeters(ctx)
	if err != nil {
		return nil
	}
	out := make(map[uint64]capture.Meter, len(all))
	for _, m := range all {
		out[m.Counter] = capture.Meter{Asked: int(m.Asked), Confirmed: int(m.Confirmed), Reused: int(m.Reused)}
	}
	return out
}

// meterUp counts interviews that are about to be packed and have no figure yet,
// so that it travels with them. A list asked nobody. What cannot be counted holds
// nothing up.
func (k *Kit) meterUp(ctx context.Context, st *store.Store, regs []civic.Registration) {
	known := late(ctx, st)
	var fresh []protocol.Meter
	for i := range regs {
		r := &regs[i]
		if _, counted := known[r.Counter]; counted || r.SourceRow != "" || r.Practice {
			continue
		}
		m, ok, err := k.meterOf(ctx, st, r)
		if err != nil || !ok {
			continue
		}
		fresh = append(fresh, protocol.Meter{Counter: r.Counter, Asked: short(m.Asked), Confirmed: short(m.Confirmed), Reused: short(m.Reused)})
	}
	if len(fresh) == 0 {
		return
	}
	if err := st.AddMeters(ctx, fresh); err != nil {
		k.log.Warn("the meter could not be kept", "code", civic.CodeOf(problem(err)))
	}
}

func short(n int) uint16 { return uint16(min(max(n, 0), math.MaxUint16)) }
