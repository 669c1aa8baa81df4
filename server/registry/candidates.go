package registry

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// MaxNamesakes is how many persons are compared for one key. A key with more
	// holders says too little by itself; those that share several such keys with
	// a record are taken first, at most as many again.
	MaxNamesakes = 200
	// maxHolders bounds how many holders of such a key are looked through.
	maxHolders = 5000
)

// search is the work of one call of Candidates.
type search struct {
	blind  map[int64][]int // which records asked for a key
	keys   []any
	found  map[Ref][]int // which records a person was found for
	order  []Ref
	capped map[int64]bool
}

// Candidates finds persons by keys, see [Port].
func (e *Embedded) Candidates(ctx context.Context, tx ledger.Tx, asked [][]uint64) ([]Found, error) {
	s := &search{blind: map[int64][]int{}, found: map[Ref][]int{}, capped: map[int64]bool{}}
	for i, ks := range asked {
		for _, k := range ks {
			b := e.seals.key(k)
			if _, ok := s.blind[b]; !ok {
				s.keys = append(s.keys, b)
			}
			s.blind[b] = append(s.blind[b], i)
		}
	}
	if err := s.holders(ctx, tx); err != nil {
		return nil, err
	}
	out := make([]Found, len(asked))
	if err := s.crowds(ctx, tx, out); err != nil {
		return nil, err
	}
	known, err := e.Known(ctx, tx, s.order)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if p.State == Emptied {
			continue
		}
		for _, i := range s.found[p.Ref] {
			out[i].Persons = append(out[i].Persons, p)
		}
	}
	return out, nil
}

// add notes that a person was found for a record.
func (s *search) add(ref Ref, i int) {
	by := s.found[ref]
	if by == nil {
		s.order = append(s.order, ref)
	}
	if !slices.Contains(by, i) {
		s.found[ref] = append(by, i)
	}
}

// holders reads who stands under each key. One more than are compared tells
// that there are more.
func (s *search) holders(ctx context.Context, tx ledger.Tx) error {
	const query = `SELECT key, home, person FROM (
 SELECT key, home, person, row_number() OVER (PARTITION BY key ORDER BY person) AS n FROM registry_key WHERE key IN (%)
) AS held WHERE n <= `
	by := map[int64][]Ref{}
	err := inChunks(s.keys, func(marks string, args []any) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			key, ref, err := scanHolder(r)
			by[key] = append(by[key], ref)
			return err
		}, strings.Replace(query, "%", marks, 1)+strconv.Itoa(MaxNamesakes+1), args...)
	})
	if err != nil {
		return err
	}
	for _, k := range s.keys { // in their order, so that answers repeat
		key, _ := k.(int64)
		if len(by[key]) > MaxNamesakes {
			s.capped[key] = true
			continue
		}
		for _, ref := range by[key] {
			for _, i := range s.blind[key] {
				s.add(ref, i)
			}
		}
	}
	return nil
}

func scanHolder(r ledger.Row) (key int64, ref Ref, err error) {
	var person []byte
	if err := r.Scan(&key, &ref.Home, &person); err != nil {
		return 0, ref, err
	}
	ref.Person = civic.PersonID(person)
	return key, ref, nil
}

// crowds looks through the keys with too many holders: for each record those
// persons count that share most of its crowded keys.
func (s *search) crowds(ctx context.Context, tx ledger.Tx, out []Found) error {
	if len(s.capped) == 0 {
		return nil
	}
	shared := map[int]map[Ref]int{} // by record
	for _, k := range s.keys {
		key, _ := k.(int64)
		if !s.capped[key] {
			continue
		}
		var crowd []Ref
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			_, ref, err := scanHolder(r)
			crowd = append(crowd, ref)
			return err
		}, "SELECT key, home, person FROM registry_key WHERE key = ?1 ORDER BY person LIMIT ?2", key, maxHolders)
		if err != nil {
			return err
		}
		for _, i := range s.blind[key] {
			out[i].Capped++
			if shared[i] == nil {
				shared[i] = make(map[Ref]int, len(crowd))
			}
			for _, ref := range crowd {
				shared[i][ref]++
			}
		}
	}
	for i := range out {
		for _, ref := range most(shared[i]) {
			s.add(ref, i)
		}
	}
	return nil
}

// most gives the persons that share most keys, in a fixed order.
func most(shared map[Ref]int) []Ref {
	refs := make([]Ref, 0, len(shared))
	for ref := range shared {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), bytes.Compare(a.Person[:], b.Person[:]))
	})
	return refs[:min(MaxNamesakes, len(refs))]
}
