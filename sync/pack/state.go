package pack

import (
	"errors"
	"slices"
)

// State is a pack as an unlocked kit holds it in memory: the index layer, and
// where each person's layer lies. It is not safe for several goroutines while
// Apply runs.
type State struct {
	pack   ID
	key    Key
	last   uint64
	tables Tables
	people map[uint32]*Known
	wraps  map[Locator][]receiptOf

	touched []uint32
}

// Known is one person in memory.
type Known struct {
	Person
	layers []place
	wraps  []Wrap
}

// place is where a sealed layer lies.
type place struct {
	seq      uint64
	off, len uint32
}

type receiptOf struct {
	number uint32
	wrap   Wrap
}

// NewState begins with an empty pack.
func NewState(pack ID, key Key) *State {
	return &State{pack: pack, key: key, people: map[uint32]*Known{}, wraps: map[Locator][]receiptOf{}}
}

// Last is the number of the last piece applied.
func (s *State) Last() uint64 { return s.last }

// Touched gives the people who came or are found otherwise since it was asked
// last.
func (s *State) Touched() []uint32 {
	out := s.touched
	s.touched = nil
	return out
}

// Len is how many people there are.
func (s *State) Len() int { return len(s.people) }

// Each visits everyone, in no order, until visit says no.
func (s *State) Each(visit func(*Known) bool) {
	for _, k := range s.people {
		if !visit(k) {
			return
		}
	}
}

// Person finds one by the pack's number.
func (s *State) Person(number uint32) (*Known, bool) {
	k, ok := s.people[number]
	return k, ok
}

// Apply takes in the next piece. A piece that cannot be read changes nothing
// and is pack_damaged.
func (s *State) Apply(seq uint64, sealed []byte) error {
	if seq != s.last+1 {
		return malformed(errors.New("a piece out of order"))
	}
	plain, err := openPiece(sealed, s.key, s.pack, seq)
	if err != nil {
		return err
	}
	p, err := readPiece(plain, &s.tables)
	if err != nil {
		return malformed(err)
	}
	s.tables = p.tables
	for i := range p.changes {
		s.take(seq, &p.changes[i])
	}
	s.last = seq
	return nil
}

func (s *State) take(seq uint64, c *readChange) {
	have := s.people[c.number]
	if c.gone {
		if have != nil {
			s.drop(have)
			delete(s.people, c.number)
		}
		return
	}
	if c.person != nil {
		if have == nil {
			if len(s.people) >= MaxPeople {
				return
			}
			have = &Known{}
			s.people[c.number] = have
		}
		have.Person = *c.person
		have.Number = c.number
	}
	if have == nil {
		return // of somebody the kit was never told of
	}
	if len(c.keys) > 0 {
		have.Keys = append(have.Keys, c.keys...)
		have.Keys = have.Keys[max(len(have.Keys)-maxKeys, 0):] // the latest count
	}
	if c.person != nil || len(c.keys) > 0 {
		s.touched = append(s.touched, c.number)
	}
	if c.layer.len > 0 {
		have.layers = append(have.layers, place{seq, c.layer.off, c.layer.len})
	}
	for _, w := range c.wraps {
		have.wraps = append(have.wraps, w)
		s.wraps[w.At] = append(s.wraps[w.At], receiptOf{c.number, w})
	}
}

func (s *State) drop(k *Known) {
	for _, w := range k.wraps {
		left := slices.DeleteFunc(s.wraps[w.At], func(r receiptOf) bool { return r.number == k.Number })
		if len(left) == 0 {
			delete(s.wraps, w.At)
			continue
		}
		s.wraps[w.At] = left
	}
}
