package kit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/store/people"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
	"github.com/askonce/fieldkit/sync/pack"
	"github.com/askonce/fieldkit/sync/protocol"
)

// neighbours are the people of the district in the memory of an unlocked kit,
// and whoever of them was opened since. Locking drops it all.
type neighbours struct {
	mu     sync.Mutex
	number uint64 // of the pack that state is of
	head   pack.Head
	state  *pack.State
	index  *people.Index
	keys   []uint64 // match key and number of a person, in rising order
	built  uint64   // the piece up to which index and keys were made
	opened map[civic.PersonID]*openedPerson
}

// openedPerson is somebody whose answers were opened on this kit.
type openedPerson struct {
	person pack.Person
	layer  pack.Layer
}

func (n *neighbours) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.number, n.head, n.state, n.index, n.keys, n.built, n.opened = 0, pack.Head{}, nil, nil, nil, 0, nil
}

// district gives the people of the district as far as they came, with the lock
// held by the caller's function. A pack that cannot be read is let go of and
// fetched anew with the next sync.
func (k *Kit) district(ctx context.Context, st *store.Store, use func(*neighbours) error) error {
	n := &k.neighbours
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := k.loadDistrict(ctx, st, n); err != nil {
		if civic.CodeOf(err) == civic.PackDamaged || civic.CodeOf(err) == civic.StatementForged {
			k.log.Warn("the district pack cannot be read and is fetched anew", "code", civic.CodeOf(err))
			n.state, n.index, n.keys, n.number = nil, nil, nil, 0
			if drop := st.DropPacks(ctx); drop != nil {
				return problem(drop)
			}
		}
		return problem(err)
	}
	return use(n)
}

func (k *Kit) loadDistrict(ctx context.Context, st *store.Store, n *neighbours) error {
	p, coming, err := st.Packs(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		p = coming // the first one is of use as it comes
	}
	if p == nil || len(p.Head) == 0 {
		n.state = nil
		return nil
	}
	if n.state == nil || n.number != p.Number || n.head.Version != p.Version {
		head, err := openHead(st, p)
		if err != nil {
			return err
		}
		if n.state == nil || n.number != p.Number {
			n.state, n.number, n.index, n.keys, n.built = pack.NewState(head.Pack, head.Key), p.Number, nil, nil, 0
		}
		n.head = head
	}
	for seq := n.state.Last() + 1; seq <= p.Cursor; seq++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		piece, err := st.PackPiece(ctx, p.Number, seq)
		if err != nil {
			return err
		}
		if err := n.state.Apply(seq, piece); err != nil {
			return err
		}
	}
	if n.index == nil || n.built != n.state.Last() {
		n.build()
	}
	return nil
}

// readDistrict reads the people of the district in the background, so that the
// first search finds them in memory.
func (k *Kit) readDistrict(ctx context.Context, st *store.Store) {
	if current, coming, err := st.Packs(ctx); err != nil || current == nil && coming == nil {
		return
	}
	go func() {
		if err := k.district(context.WithoutCancel(ctx), st, func(*neighbours) error { return nil }); err != nil {
			k.log.Debug("the people of the district were not read", "code", civic.CodeOf(err))
		}
	}()
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

// build makes the search and the table of match keys.
func (n *neighbours) build() {
	n.index, n.keys = people.New(), n.keys[:0]
	n.state.Each(func(k *pack.Known) bool {
		n.index.Add(people.Person{Ref: k.Number, Name: k.Name(), Year: k.Year, Place: k.Place()})
		for _, key := range match.Keys(k.Record()) {
			n.keys = append(n.keys, uint64(pack.ShortKey(key))<<32|uint64(k.Number))
		}
		for _, key := range k.Keys {
			n.keys = append(n.keys, uint64(key)<<32|uint64(k.Number))
		}
		return true
	})
	n.index.Settle()
	slices.Sort(n.keys)
	n.built = n.state.Last()
}

// of finds who stands under a match key.
func (n *neighbours) of(key uint32) []uint64 {
	from, _ := slices.BinarySearchFunc(n.keys, uint64(key), func(have, want uint64) int { return cmp.Compare(have>>32, want) })
	to := from
	for to < len(n.keys) && n.keys[to]>>32 == uint64(key) {
		to++
	}
	return n.keys[from:to]
}

// packRef is how the planner names somebody of the pack: a registration that
// nobody made. i counts the visits that are held of the person.
func packRef(person civic.PersonID, i int) capture.Ref {
	h := sha256.New()
	h.Write([]byte("askonce/pack/ref/v0\x00"))
	h.Write(person[:])
	h.Write([]byte(strconv.Itoa(i)))
	return capture.Ref{Registration: civic.RegistrationID(h.Sum(nil)[:16])}
}

// sources tell the planner what is held of an opened person, one for each visit
// that claims come from.
func (o *openedPerson) sources() []capture.Source {
	var out []capture.Source
	for i, s := range o.layer.Sources {
		ref := packRef(o.person.ID, len(out))
		v := capture.Source{Registration: ref.Registration, Service: s.Service, Persons: []civic.PersonOf{{Person: o.person.ID}}}
		if s.Asked {
			v.Consents = []civic.Consent{{Service: s.Service, Purpose: capture.ReusePurpose, Given: s.Given}}
		}
		for _, c := range o.layer.Claims {
			if c.Source != i {
				continue
			}
			v.Claims = append(v.Claims, civic.Claim{
				Attribute: c.Attribute, Value: c.Value, Stated: c.Stated, Absent: c.Absent, Precision: c.Precision, Evidence: c.Evidence,
				Registration: ref.Registration, Area: s.Office, At: civic.Stamp{Wall: int64(s.Day) * secondsADay},
			})
		}
		if len(v.Claims) > 0 {
			out = append(out, v)
		}
	}
	return out
}

const secondsADay = 86400

// packSources adds what was opened of the people asked about, and of the people
// that own registrations speak of.
func (k *Kit) packSources(practice bool, of []capture.Ref, own []capture.Source) []capture.Source {
	if practice {
		return own
	}
	n := &k.neighbours
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.opened) == 0 {
		return own
	}
	wanted := map[civic.PersonID]bool{}
	for id := range n.opened {
		wanted[id] = slices.Contains(of, packRef(id, 0))
	}
	for _, s := range own {
		for _, p := range s.Persons {
			if _, ok := n.opened[p.Person]; ok {
				wanted[p.Person] = true
			}
		}
	}
	out := own
	for id, o := range n.opened {
		if wanted[id] {
			out = append(out, o.sources()...)
		}
	}
	return out
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
