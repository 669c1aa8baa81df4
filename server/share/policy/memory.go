package policy

import (
	"slices"
	"sync"

	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// memory keeps decisions by everything they follow from: the policies, which
// never change within it, the request, and the field with what was chosen. So
// none is ever stale; a choice, an objection or an agreement that changes asks
// another question.
type memory struct {
	mu  sync.Mutex
	all map[frame]*decisions
}

// frame is all of a request that decides.
type frame struct {
	agency                                agreement.AgencyID
	purpose                               civic.Purpose
	digest                                civic.Digest // of the agreement
	day                                   int64
	active, approved, explicit, previewed bool
}

// Bounds of what is remembered; beyond them it begins anew.
const (
	maxFrames    = 512
	maxDecisions = 2048
)

// of gives the decisions of requests like r; a fresh table for one whose
// agreement has no digest.
func (m *memory) of(r Request) *decisions {
	if r.Agreement == nil || r.Digest == (civic.Digest{}) {
		return &decisions{all: map[memoryKey]Decision{}}
	}
	f := frame{r.Agency, r.Purpose, r.Digest, today(r.Now), r.Active, r.Approved, r.Explicit, r.Previewed}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.all[f]
	if d == nil {
		if m.all == nil || len(m.all) >= maxFrames {
			m.all = map[frame]*decisions{}
		}
		d = &decisions{all: map[memoryKey]Decision{}}
		m.all[f] = d
	}
	return d
}

// decisions are those of one frame, for any number of goroutines.
type decisions struct {
	mu  sync.Mutex
	all map[memoryKey]Decision
}

type memoryKey struct {
	attribute          civic.Attribute
	area               civic.Area
	sources            string
	consent            State
	objected, doubtful bool
}

func (d *decisions) get(key memoryKey) (Decision, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.all[key]
	v.Reasons = slices.Clone(v.Reasons)
	return v, ok
}

func (d *decisions) put(key memoryKey, v Decision) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) >= maxDecisions {
		clear(d.all)
	}
	v.Reasons = slices.Clone(v.Reasons)
	d.all[key] = v
}
