package registry

import (
	"bytes"
	"cmp"
	"context"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	asked   [][]int64 // blinded keys, by record
	keys    []any     // all of them, each once
	holders map[int64][]Ref
	crowded map[int64]bool // keys with too many holders
}

// Candidates finds persons by keys, see [Port].
func (e *Embedded) Candidates(ctx context.Context, tx ledger.Tx, asked [][]uint64) ([]Found, error) {
	s := &search{asked: make([][]int64, len(asked)), holders: map[int64][]Ref{}, crowded: map[int64]bool{}}
	plain := map[int64]uint64{} // each key as it was asked
	for i, ks := range asked {
		s.asked[i] = make([]int64, len(ks))
		for j, k := range ks {
			b := e.seals.key(k)
			s.asked[i][j] = b
			if _, ok := plain[b]; !ok {
				plain[b] = k
				s.keys = append(s.keys, b)
			}
		}
	}
	if err := s.read(ctx, tx); err != nil {
		return nil, err
	}
	var order []Ref
	chosen := make([][]Ref, len(asked))
	out := make([]Found, len(asked))
	wanted := map[Ref]*Person{}
	inParts(len(asked), func(i int) { chosen[i], out[i].Capped = s.choose(i) })
	for i := range asked {
		for j, k := range s.asked[i] {
			if s.crowded[k] {
				out[i].Cut = append(out[i].Cut, asked[i][j])
			}
		}
		for _, ref := range chosen[i] {
			if _, ok := wanted[ref]; !ok {
				wanted[ref] = nil
				order = append(order, ref)
			}
		}
	}
	known, err := e.Known(ctx, tx, order)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if p.State != Emptied {
			wanted[p.Ref] = p
		}
	}
	for i := range out {
		for _, ref := range chosen[i] {
			if p := wanted[ref]; p != nil {
				out[i].Persons = append(out[i].Persons, p)
			}
		}
	}
	for b, key := range plain {
		for _, ref := range s.holders[b] {
			if p := wanted[ref]; p != nil {
				p.under = append(p.under, key)
			}
		}
	}
	return out, nil
}

// maxRows is how many rows one question for keys takes before the keys with too
// many holders are looked for. Few questions have as many.
const maxRows = 8192

// inParts does n steps on every processor.
func inParts(n int, do func(i int)) {
	const least = 16 // fewer are not worth a goroutine
	workers := max(1, min(runtime.GOMAXPROCS(0), n/least))
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := n * w / workers; i < n*(w+1)/workers; i++ {
				do(i)
			}
		})
	}
	group.Wait()
}

// read finds who stands under each key. One more than are compared tells that
// there are more; of those keys more are read, one by one.
func (s *search) read(ctx context.Context, tx ledger.Tx) error {
	const (
		all = "SELECT key, home, person FROM registry_key WHERE key IN (%) LIMIT "
		few = `SELECT key, home, person FROM (
 SELECT key, home, person, row_number() OVER (PARTITION BY key ORDER BY person) AS n FROM registry_key WHERE key IN (%)
) AS held WHERE n <= `
	)
	var got []holding
	hold := func(r ledger.Row) error {
		var h holding
		var person []byte
		if err := r.Scan(&h.key, (*string)(&h.ref.Home), &person); err != nil {
			return err
		}
		h.ref.Person = civic.PersonID(person)
		got = append(got, h)
		return nil
	}
	err := inChunks(s.keys, func(marks string, args []any) error {
		got = got[:0]
		err := ledger.All(ctx, tx, hold, strings.Replace(all, "%", marks, 1)+strconv.Itoa(maxRows), args...)
		if err == nil && len(got) == maxRows {
			got = got[:0]
			err = ledger.All(ctx, tx, hold, strings.Replace(few, "%", marks, 1)+strconv.Itoa(MaxNamesakes+1), args...)
		}
		for _, h := range got {
			s.holders[h.key] = append(s.holders[h.key], h.ref)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, k := range s.keys {
		key, _ := k.(int64)
		if len(s.holders[key]) <= MaxNamesakes {
			continue
		}
		got = got[:0]
		err := ledger.All(ctx, tx, hold, "SELECT key, home, person FROM registry_key WHERE key = ?1 ORDER BY person LIMIT ?2", key, maxHolders)
		if err != nil {
			return err
		}
		s.crowded[key], s.holders[key] = true, nil
		for _, h := range got {
			s.holders[key] = append(s.holders[key], h.ref)
		}
	}
	return nil
}

// holding is a person under a key.
type holding struct {
	key int64
	ref Ref
}

// byOne is how many persons are compared that share one key and no second, when
// the person found who shares most shares so many. They grow with the registry,
// and one and the same person shares nine keys on average: see decision 86.
// Where somebody shares a few they tell namesakes and relatives from him.
func byOne(most int) int {
	switch {
	case most >= 6:
		return 0
	case most >= 2:
		return 16
	}
	return 8
}

// sharing is how a person was found for a record.
type sharing struct {
	ref     Ref
	keys    int // how many it shares
	crowded int // how many of those are crowded
	fewest  int // holders of the rarest key it shares
}

// choose lists whom a record is compared with: everybody who shares two keys or
// more; of those who share one, those with the rarest; and of those who share
// crowded ones only, those who share most. It tells how many keys are crowded.
func (s *search) choose(i int) (chosen []Ref, crowded int) {
	at := make(map[Ref]int, 64)
	var found []sharing
	for _, key := range s.asked[i] {
		holders := s.holders[key]
		if s.crowded[key] {
			crowded++
		}
		for _, ref := range holders {
			n, ok := at[ref]
			if !ok {
				n = len(found)
				at[ref] = n
				found = append(found, sharing{ref: ref, fewest: len(holders)})
			}
			found[n].keys++
			if s.crowded[key] {
				found[n].crowded++
			}
			found[n].fewest = min(found[n].fewest, len(holders))
		}
	}
	slices.SortFunc(found, func(a, b sharing) int {
		return cmp.Or(cmp.Compare(b.keys, a.keys), cmp.Compare(a.fewest, b.fewest), bytes.Compare(a.ref.Person[:], b.ref.Person[:]))
	})
	ones, crowd := 0, 0
	for _, f := range found {
		switch {
		case f.keys == f.crowded && crowd < MaxNamesakes:
			crowd++
		case f.keys == 1 && f.crowded == 0 && ones < byOne(found[0].keys):
			ones++
		case f.keys >= 2 && f.keys > f.crowded:
		default:
			continue
		}
		chosen = append(chosen, f.ref)
	}
	return chosen, crowded
}
