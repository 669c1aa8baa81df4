package reconcile

import (
	"context"
	"slices"
	"sync"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// Lookup is an outside registry that is asked who somebody may be.
type Lookup struct {
	Name    string
	Outside registry.Outside
	// Wait holds registrations back while the registry does not answer; without
	// it they are decided on what is known here.
	Wait bool
}

// lookHands is how many questions are asked side by side.
const lookHands = 8

// Ahead asks outside registries about the subjects of registrations and keeps
// the answers with them. It runs before the transaction that settles them, so
// that nobody's slowness holds up the ledger. civic.RegistryDown and
// civic.RegistryBroken say that they have to wait.
func (r *Reconciler) Ahead(ctx context.Context, regs []Incoming) error {
	if len(r.outside) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var wait sync.WaitGroup
	var first error
	hands := make(chan struct{}, lookHands)
	for i := range regs {
		in := &regs[i]
		if refused(in.Findings) {
			continue
		}
		in.Foreign = map[string][]registry.Foreign{}
		for _, sub := range subjectsOf(in) {
			for _, l := range r.outside {
				hands <- struct{}{}
				if ctx.Err() != nil {
					<-hands
					continue
				}
				wait.Add(1)
				go func() {
					defer func() { <-hands; wait.Done() }()
					found, err := l.Outside.Find(ctx, sub.said.Claims)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						for _, f := range found {
							f.Registry = l.Name
							in.Foreign[sub.said.Subject] = append(in.Foreign[sub.said.Subject], f)
						}
					case civic.CodeOf(err) == civic.RegistryRefused:
						// It will say no tomorrow as well: waiting for it would hold up everybody.
						// The outcome says that it was not asked.
						if !slices.Contains(in.Unasked, l.Name) {
							in.Unasked = append(in.Unasked, l.Name)
						}
					case l.Wait && first == nil:
						first = err
						cancel()
					}
				}()
			}
		}
	}
	wait.Wait()
	return first
}

// foreign makes persons of the people found outside: the one here that they
// are, or one that is known over there only. One number is one person in the
// whole call.
func (s *settling) foreign(ctx context.Context, tx ledger.Tx, regs []Incoming, fresh []int) (map[foreignID]*registry.Person, error) {
	s.adopted = map[registry.Ref]bool{}
	out := map[foreignID]*registry.Person{}
	ids := map[string][]string{}
	found := map[foreignID]*registry.Foreign{}
	for _, i := range fresh {
		for _, list := range regs[i].Foreign {
			for n := range list {
				id := foreignID{list[n].Registry, list[n].ID}
				// Ours came from here and is found here.
				if !list[n].Ours.IsZero() || found[id] != nil {
					continue
				}
				found[id] = &list[n]
				ids[id.registry] = append(ids[id.registry], id.id)
			}
		}
	}
	for name, list := range ids {
		bound, err := s.r.registry.Bound(ctx, tx, name, list)
		if err != nil {
			return nil, err
		}
		var refs []registry.Ref
		for _, ref := range bound {
			refs = append(refs, ref)
		}
		known, err := s.r.registry.Known(ctx, tx, refs)
		if err != nil {
			return nil, err
		}
		by := map[registry.Ref]*registry.Person{}
		for _, p := range known {
			by[p.Ref] = p
		}
		for _, id := range list {
			key := foreignID{name, id}
			if ref, ok := bound[id]; !ok {
				out[key] = found[key].AsPerson(s.area, s.at.Unix())
			} else if p := by[ref]; p != nil && p.State != registry.Emptied {
				out[key] = p
			}
		}
	}
	return out, nil
}

type foreignID struct{ registry, id string }

// with adds people found outside to those found here.
func with(here []*registry.Person, found []registry.Foreign, people map[foreignID]*registry.Person) []*registry.Person {
	known := make(map[registry.Ref]bool, len(here))
	for _, p := range here {
		known[p.Ref] = true
	}
	for i := range found {
		if p := people[foreignID{found[i].Registry, found[i].ID}]; p != nil && !known[p.Ref] {
			known[p.Ref] = true
			here = append(here, p)
		}
	}
	return here
}

// here tells whether a person is in the registry, or will be.
func (s *settling) here(p *registry.Person) bool { return p.Foreign == nil || s.adopted[p.Ref] }

// adopt takes a person found outside into the registry: a registration is
// about him, or a reviewer must see him.
func (s *settling) adopt(p *registry.Person) {
	if s.here(p) {
		return
	}
	s.adopted[p.Ref] = true
	c := p.Adoption(s.at.Unix())
	s.changes = append(s.changes, c)
	s.touched[p.Ref] = p
	for _, k := range c.Keys {
		if held := s.overlay[k]; len(held) < registry.MaxNamesakes && !holds(held, p) {
			s.overlay[k] = append(held, p)
		}
	}
}
