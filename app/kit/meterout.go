package kit

import (
	"context"
	"math"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// meterUp counts interviews that are about to be packed, so that their figures
// travel with them. A list asked nobody. What cannot be counted holds nothing up.
func (k *Kit) meterUp(ctx context.Context, st *store.Store, regs []civic.Registration) {
	var fresh []protocol.Meter
	for i := range regs {
		r := &regs[i]
		if r.SourceRow != "" || r.Practice {
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
