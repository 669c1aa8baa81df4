package registry

import (
	"bytes"
	"cmp"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/sync/civic"
)

// rows are what changes write, table by table.
type rows struct {
	persons, said, links, events [][]any

	held  []held
	fresh map[civic.PersonID]bool
}

// held is a person under a blinded key.
type held struct {
	key int64
	to  *Ref
}

// rowsOf seals and blinds what changes write, on every processor: it is most of
// the work of a batch outside of the engine.
func (e *Embedded) rowsOf(changes []Change) (*rows, error) {
	const least = 32 // fewer are not worth a goroutine
	workers := max(1, min(runtime.GOMAXPROCS(0), len(changes)/least))
	r := &rows{said: make([][]any, len(changes)), links: make([][]any, len(changes)), events: make([][]any, len(changes)), fresh: map[civic.PersonID]bool{}}
	parts := make([][]held, workers)
	var group errgroup.Group
	for w := range workers {
		group.Go(func() (err error) {
			for i := len(changes) * w / workers; i < len(changes)*(w+1)/workers; i++ {
				c := &changes[i]
				s := &c.Said
				sealed, err := e.seals.said(s)
				if err != nil {
					return err
				}
				r.said[i] = []any{string(c.To.Home), c.To.Person[:], s.Registration[:], s.Subject, string(s.Office), s.At, sealed}
				r.links[i] = []any{string(s.Office), s.Registration[:], s.Subject, string(c.To.Home), c.To.Person[:]}
				if r.events[i], err = e.event(1, eventLink, s, c.To, Ref{}, 0, c.Actor, c.Detail, c.At); err != nil {
					return err
				}
				for _, k := range c.Keys {
					parts[w] = append(parts[w], held{e.seals.key(k), &c.To})
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i := range changes {
		if c := &changes[i]; c.Fresh {
			r.fresh[c.To.Person] = true
			r.persons = append(r.persons, []any{string(c.To.Home), c.To.Person[:], int64(c.State), c.At})
		}
	}
	r.held = slices.Concat(parts...)
	return r, nil
}

// keys are the rows of keys in the order of the index: neighbours go into one
// page, which is what writing them costs. Under the keys of a new person nobody
// of its name can stand yet; of others some may be there.
func (r *rows) keys() (fresh, more [][]any) {
	slices.SortFunc(r.held, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.to.Person[:], b.to.Person[:]))
	})
	r.held = slices.CompactFunc(r.held, func(a, b held) bool { return a.key == b.key && a.to.Person == b.to.Person })
	for _, h := range r.held {
		row := []any{h.key, h.to.Person[:], string(h.to.Home)}
		if r.fresh[h.to.Person] {
			fresh = append(fresh, row)
		} else {
			more = append(more, row)
		}
	}
	return fresh, more
}
