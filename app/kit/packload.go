package kit

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/store/people"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

// fewPieces are taken in beside those that are there; more of them are read
// anew, which costs as much as unlocking.
const fewPieces = 64

func (k *Kit) loadDistrict(ctx context.Context, st *store.Store, n *neighbours) error {
	p, coming, err := st.Packs(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		p = coming // the first one is of use as it comes
	}
	if p == nil || len(p.Head) == 0 {
		n.put(0, pack.Head{}, nil, nil, nil)
		return nil
	}
	// Only this function, under loading, changes these.
	state, head := n.state, n.head
	if state != nil && n.number == p.Number && head.Version == p.Version && state.Last() == p.Cursor {
		return nil
	}
	if state == nil || n.number != p.Number || head.Version != p.Version {
		if head, err = openHead(st, p); err != nil {
			return err
		}
	}
	read := func(s *pack.State) error {
		for seq := s.Last() + 1; seq <= p.Cursor; seq++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			piece, err := st.PackPiece(ctx, p.Number, seq)
			if err != nil {
				return err
			}
			if err := s.Apply(seq, piece); err != nil {
				return err
			}
		}
		return nil
	}
	if state != nil && n.number == p.Number && p.Cursor-state.Last() <= fewPieces {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.head = head
		if err := read(state); err != nil {
			return err
		}
		n.more(state.Touched())
		return nil
	}
	fresh := pack.NewState(head.Pack, head.Key)
	if err := read(fresh); err != nil {
		return err
	}
	fresh.Touched()
	index, keys := indexed(fresh)
	n.put(p.Number, head, fresh, index, keys)
	return nil
}

func openHead(st *store.Store, p *store.Pack) (pack.Head, error) {
	_, secret, err := st.Keys()
	if err != nil {
		return pack.Head{}, err
	}
	plain, err := protocol.OpenDown(secret[:], p.Version, protocol.DownPack, p.Head)
	if err != nil {
		return pack.Head{}, err
	}
	return pack.ReadHead(plain)
}

// indexed makes the search and the table of match keys, on all processors.
func indexed(s *pack.State) (*people.Index, []uint64) {
	index := people.New()
	all := make([]*pack.Known, 0, s.Len())
	s.Each(func(k *pack.Known) bool {
		all = append(all, k)
		index.Add(people.Person{Ref: k.Number, Name: k.Name(), Year: k.Year, Place: k.Place()})
		return true
	})
	var parts errgroup.Group
	const shares = 8
	found := make([][]uint64, shares)
	for i := range found {
		parts.Go(func() error {
			for j := i; j < len(all); j += shares {
				for _, key := range keysOf(all[j]) {
					found[i] = append(found[i], uint64(key)<<32|uint64(all[j].Number))
				}
			}
			return nil
		})
	}
	index.Settle()
	_ = parts.Wait() // none of them fails
	keys := slices.Concat(found...)
	slices.Sort(keys)
	return index, keys
}

func keysOf(k *pack.Known) []uint32 {
	open := match.Keys(k.Record())
	out := make([]uint32, 0, len(open)+len(k.Keys))
	for _, key := range open {
		out = append(out, pack.ShortKey(key))
	}
	return append(out, k.Keys...)
}
