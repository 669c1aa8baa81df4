package kit

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxMetered bounds how many registrations one look at the meter counts again.
const maxMetered = 300

// ServiceMeter is what was asked and what was saved for one service.
type ServiceMeter struct {
	Service       civic.ServiceID
	Registrations int
	Meter         capture.Meter
}

// Meters count the questions of the registrations sealed since a moment, by
// service, as they were counted when they were sealed; older ones are counted
// again from their answers and what the kit held before. Lists that were imported
// asked nobody and are left out, and so is practice. Of very many registrations the newest count.
func (k *Kit) Meters(ctx context.Context, since time.Time) ([]ServiceMeter, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	entries, err := st.Registrations(ctx, store.Filter{Since: since, Limit: maxMetered})
	if err != nil {
		return nil, problem(err)
	}
	known := late(ctx, st)
	by := map[civic.ServiceID]*ServiceMeter{}
	for _, e := range entries {
		r := &e.Registration
		if e.Forgotten || r.Practice || r.SourceRow != "" {
			continue
		}
		m, counted := known[r.Counter]
		f, ok := k.forms.Form(r.Form)
		if ok && !counted {
			if m, ok, err = k.meterOf(ctx, st, r); err != nil {
				return nil, err
			}
		}
		if !ok {
			continue
		}
		sum := by[f.Service()]
		if sum == nil {
			sum = &ServiceMeter{Service: f.Service()}
			by[f.Service()] = sum
		}
		sum.Registrations++
		sum.Meter = sum.Meter.Plus(m)
	}
	out := make([]ServiceMeter, 0, len(by))
	for _, m := range by {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b ServiceMeter) int { return strings.Compare(string(a.Service), string(b.Service)) })
	return out, nil
}

// meterOf counts one sealed registration; ok is false when its form is not here.
func (k *Kit) meterOf(ctx context.Context, st *store.Store, r *civic.Registration) (m capture.Meter, ok bool, err error) {
	f, ok := k.forms.Form(r.Form)
	if !ok {
		return m, false, nil
	}
	of := []capture.Ref{{Registration: r.ID}}
	sources, err := k.sources(ctx, st, r.Practice, of)
	if err != nil {
		return m, false, err
	}
	rules, err := shippedRules()
	if err != nil {
		return m, false, problem(err)
	}
	p := &capture.Planner{Dictionary: rules.dictionary, Agreements: rules.agreements}
	return p.Recount(f, k.env(st), r, sources), true, nil
}
