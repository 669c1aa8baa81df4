package kit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/store/people"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
)

// neighbours are the people of the district in the memory of an unlocked kit,
// and whoever of them was opened since. Locking drops it all.
type neighbours struct {
	loading sync.Mutex // one reading of the pack at a time

	mu     sync.Mutex // guards what follows
	number uint64     // of the pack that state is of
	head   pack.Head
	state  *pack.State
	index  *people.Index
	keys   []uint64            // match key and number of a person, in rising order
	recent map[uint32][]uint32 // the same of people who came since keys was made
	opened map[civic.PersonID]*openedPerson
	stop   context.CancelFunc // of the reading in the background
}

func (n *neighbours) forget() {
	n.mu.Lock()
	if n.stop != nil {
		n.stop() // locking does not wait for a long reading
	}
	n.mu.Unlock()
	n.loading.Lock()
	defer n.loading.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.number, n.head, n.state, n.index, n.keys, n.recent, n.opened = 0, pack.Head{}, nil, nil, nil, nil, nil
}

// district gives use the people of the district as far as they came. While more
// of them are read, what was read before is used. A pack that cannot be read is
// let go of and fetched anew with the next sync.
func (k *Kit) district(ctx context.Context, st *store.Store, use func(*neighbours) error) error {
	return k.readAnd(ctx, st, k.neighbours.loading.TryLock(), use)
}

// districtNow is district for what needs the pieces of the pack too: it waits
// until the pack that is here has been read, and looks again when another one
// took its place meanwhile.
func (k *Kit) districtNow(ctx context.Context, st *store.Store, use func(*neighbours) error) (err error) {
	for range 3 {
		k.neighbours.loading.Lock()
		if err = k.readAnd(ctx, st, true, use); civic.CodeOf(err) != civic.PackDamaged {
			break
		}
	}
	return err
}

// readAnd reads what is new when free, which means that loading is held.
func (k *Kit) readAnd(ctx context.Context, st *store.Store, free bool, use func(*neighbours) error) error {
	n := &k.neighbours
	if !free {
		n.mu.Lock()
		before := n.state != nil
		n.mu.Unlock()
		if !before {
			n.loading.Lock()
			free = true
		}
	}
	if free {
		err := k.loadDistrict(ctx, st, n)
		if civic.CodeOf(err) == civic.PackDamaged { // or replaced by a sync while it was read
			err = k.loadDistrict(ctx, st, n)
		}
		if civic.CodeOf(err) == civic.PackDamaged || civic.CodeOf(err) == civic.StatementForged {
			k.log.Warn("the district pack cannot be read and is fetched anew", "code", civic.CodeOf(err))
			n.put(0, pack.Head{}, nil, nil, nil)
			err = errors.Join(err, st.DropPacks(ctx))
		}
		n.loading.Unlock()
		if err != nil {
			return problem(err)
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return use(n)
}

func (n *neighbours) put(number uint64, head pack.Head, state *pack.State, index *people.Index, keys []uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.number, n.head, n.state, n.index, n.keys, n.recent = number, head, state, index, keys, map[uint32][]uint32{}
}

// more makes people who came or changed findable.
func (n *neighbours) more(numbers []uint32) {
	for _, number := range numbers {
		k, ok := n.state.Person(number)
		if !ok {
			continue
		}
		n.index.Add(people.Person{Ref: k.Number, Name: k.Name(), Year: k.Year, Place: k.Place()})
		for _, key := range keysOf(k) {
			n.recent[key] = append(n.recent[key], number)
		}
	}
	n.index.Settle()
}

// of finds who stands under a match key.
func (n *neighbours) of(key uint32) []uint32 {
	from, _ := slices.BinarySearchFunc(n.keys, uint64(key), func(have, want uint64) int { return cmp.Compare(have>>32, want) })
	var out []uint32
	for ; from < len(n.keys) && n.keys[from]>>32 == uint64(key) && len(out) < mostCompared; from++ {
		out = append(out, uint32(n.keys[from]))
	}
	return append(out, n.recent[key]...)
}

// readDistrict reads the people of the district in the background, so that the
// first search finds them in memory.
func (k *Kit) readDistrict(ctx context.Context, st *store.Store) {
	if current, coming, err := st.Packs(ctx); err != nil || current == nil && coming == nil {
		return
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	k.neighbours.mu.Lock()
	if k.neighbours.stop != nil {
		k.neighbours.stop()
	}
	k.neighbours.stop = stop
	k.neighbours.mu.Unlock()
	go func() {
		defer stop()
		if err := k.district(ctx, st, func(*neighbours) error { return nil }); err != nil {
			k.log.Debug("the people of the district were not read", "code", civic.CodeOf(err))
		}
	}()
}

// District is the state of the district pack on this kit.
type District struct {
	Present  bool
	Area     civic.Area
	Others   []civic.Area
	People   int       // findable now
	Belong   int       // that the pack holds at the centre
	LeftOut  int       // belong to the district and found no room in the pack
	Made     time.Time // last change at the centre
	Next     time.Time // when the centre looks again
	Coming   bool      // a part is still on its way
	Left     int64     // bytes of it
	Opened   int       // people whose answers were opened since the kit was unlocked
	Unsent   int       // openings the centre has not been told of
	Applied  bool      // the officer at work asked to be a supervisor
	IsLeader bool      // the officer at work is a supervisor of this kit
}

// District tells how the district pack stands. Locked, it tells only whether
// there is one and what is still to come.
func (k *Kit) District(ctx context.Context) (District, error) {
	st, err := k.store()
	if err != nil {
		return District{}, err
	}
	current, coming, err := st.Packs(ctx)
	if err != nil {
		return District{}, problem(err)
	}
	openings, err := st.Openings(ctx)
	if err != nil {
		return District{}, problem(err)
	}
	d := District{Present: current != nil || coming != nil, Unsent: len(openings)}
	for _, p := range []*store.Pack{current, coming} {
		if p != nil && p.Cursor < p.Last {
			d.Coming, d.Left = true, p.Left
		}
	}
	if !d.Present || !st.Unlocked() {
		return d, nil
	}
	return d, k.district(ctx, st, func(n *neighbours) error {
		if n.state == nil {
			return nil
		}
		d.Area, d.Others, d.People, d.Belong, d.LeftOut = n.head.Area, n.head.Others, n.state.Len(), int(n.head.People), int(n.head.Left)
		d.Made, d.Next, d.Opened = time.Unix(n.head.Made, 0).UTC(), time.Unix(n.head.Next, 0).UTC(), len(n.opened)
		for _, s := range n.head.Supervisors {
			d.IsLeader = d.IsLeader || s.Officer == st.Officer().ID
		}
		return nil
	})
}
