package pack

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
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

// Sealed gives a piece as it was applied.
type Sealed func(seq uint64) ([]byte, error)

// Open opens a person's layer with the person's key; a wrong key is person_shut.
func (s *State) Open(number uint32, key PersonKey, sealed Sealed) (Layer, error) {
	k, ok := s.people[number]
	if !ok {
		return Layer{}, civic.NewProblem(civic.PersonLeft, nil)
	}
	var out Layer
	for _, at := range k.layers {
		b, err := sealed(at.seq)
		if err != nil {
			return Layer{}, err
		}
		plain, err := openPiece(b, s.key, s.pack, at.seq)
		if err != nil {
			return Layer{}, err
		}
		if len(plain) < 1+saltSize || uint64(at.off)+uint64(at.len) > uint64(len(plain)) {
			return Layer{}, malformed(errShort)
		}
		written, err := openLayer(plain[at.off:at.off+at.len], key, plain[1:1+saltSize], s.pack, k.ID)
		if err != nil {
			return Layer{}, err
		}
		l, err := s.tables.readLayer(written)
		if err != nil {
			return Layer{}, err
		}
		out.Add(l)
	}
	return out, nil
}

// OpenByReceipt finds whom a receipt belongs to and opens that person's layer.
// A receipt of nobody here is receipt_other, one with a wrong secret person_shut.
func (s *State) OpenByReceipt(registration civic.RegistrationID, secret protocol.ClaimSecret, sealed Sealed) (*Known, Layer, error) {
	for _, r := range s.wraps[LocatorOf(s.pack, registration, secret)] {
		k := s.people[r.number]
		l, err := s.Open(r.number, r.wrap.Unwrap(s.pack, k.ID, registration, secret), sealed)
		if civic.CodeOf(err) == civic.PersonShut {
			continue // another receipt of the same locator
		}
		return k, l, err
	}
	return nil, Layer{}, civic.NewProblem(civic.ReceiptOther, nil)
}

// OpenByMaster opens a person's layer for a supervisor.
func (s *State) OpenByMaster(number uint32, m Master, sealed Sealed) (Layer, error) {
	k, ok := s.people[number]
	if !ok {
		return Layer{}, civic.NewProblem(civic.PersonLeft, nil)
	}
	return s.Open(number, m.PersonKey(s.pack, k.ID), sealed)
}

type span struct{ off, len uint32 }

type readChange struct {
	number uint32
	gone   bool
	person *Person
	keys   []uint32
	layer  span
	wraps  []Wrap
}

type readOut struct {
	tables  Tables
	changes []readChange
}

// readPiece reads an opened piece in the light of the words told before. told
// is not changed.
func readPiece(plain []byte, told *Tables) (readOut, error) {
	outer := &reader{b: plain}
	if outer.byte() != format {
		return readOut{}, errors.New("written in a way this program does not know")
	}
	outer.bytes(saltSize)
	packed := outer.bytes(int(outer.uint(MaxPiece)))
	raw := &reader{b: outer.bytes(int(outer.uint(MaxPiece)))}
	if outer.err != nil {
		return readOut{}, outer.err
	}
	layers := uint32(len(plain) - len(outer.b))
	z, err := expander()
	if err != nil {
		return readOut{}, err
	}
	head, err := z.DecodeAll(packed, nil)
	if err != nil {
		return readOut{}, err
	}
	if len(head) > maxInflated {
		return readOut{}, errors.New("inflates beyond the limit")
	}
	r := &reader{b: head}
	out := readOut{tables: *told}
	out.tables.read(r)
	count := int(r.uint(MaxPeople))
	var c [10]*reader
	for i := range c {
		c[i] = &reader{b: r.bytes(int(r.uint(maxInflated)))}
	}
	if r.err != nil || len(r.b) > 0 || count > len(head) {
		return readOut{}, errors.Join(r.err, errShort)
	}
	number := uint32(0)
	for i := range count {
		step := uint32(c[0].uint(1 << 31))
		if i > 0 && step == 0 || number+step < number {
			return readOut{}, errors.New("people out of order")
		}
		number += step
		ch := readChange{number: number}
		flags := c[1].byte()
		ch.gone = flags&hasGone != 0
		if flags&hasPerson != 0 {
			ch.person = out.tables.person(&c, raw)
		} else if flags&hasKeys != 0 {
			ch.keys = readKeys(c[7], raw)
		}
		if flags&hasLayer != 0 {
			n := uint32(c[8].uint(MaxPiece))
			if n == 0 || uint64(layers)+uint64(n) > uint64(len(plain)) {
				return readOut{}, errShort
			}
			ch.layer = span{layers, n}
			layers += n
		}
		if flags&hasWraps != 0 {
			for range c[9].byte() {
				b := raw.bytes(wrapSize)
				if raw.err != nil {
					break
				}
				ch.wraps = append(ch.wraps, Wrap{Locator(b[:locatorSize]), PersonKey(b[locatorSize:])})
			}
		}
		for _, part := range append(c[:], raw) {
			if part.err != nil {
				return readOut{}, part.err
			}
		}
		out.changes = append(out.changes, ch)
	}
	for _, part := range append(c[:], raw) {
		if len(part.b) > 0 {
			return readOut{}, errors.New("more than was told")
		}
	}
	if int(layers) != len(plain) {
		return readOut{}, errors.New("more layers than were told")
	}
	return out, nil
}

// read appends what a piece tells anew. What was told before stays as it is.
func (t *Tables) read(r *reader) {
	for range r.uint(maxStrings) {
		s := r.text(maxString)
		if r.err != nil || len(t.Words) >= maxStrings || !utf8.ValidString(s) {
			r.fail(errors.New("a word that is none"))
			return
		}
		t.Words = append(t.Words, s)
	}
	for range r.uint(maxStrings) {
		k := sourceKind{Service: r.text(maxString), Office: r.text(maxString), Flags: r.byte()}
		if r.err != nil {
			return
		}
		t.Sources = append(t.Sources, k)
	}
	for range r.uint(maxStrings) {
		k := claimKind{Attribute: r.text(maxString), Absent: r.byte(), Precision: r.byte(), Evidence: r.byte(), Flags: r.byte()}
		if r.err == nil && (k.Absent > uint8(civic.None) || k.Precision > uint8(civic.Circa) || k.Evidence > uint8(civic.Document) || k.Flags > flagStated|flagGone) {
			r.fail(errors.New("a claim of an unknown kind"))
		}
		if r.err != nil {
			return
		}
		t.Claims = append(t.Claims, k)
	}
}

func (t *Tables) person(c *[10]*reader, raw *reader) *Person {
	p := &Person{}
	word := func(r *reader) string {
		n := r.uint(uint64(max(len(t.Words), 1)))
		if r.err != nil || len(t.Words) == 0 {
			r.fail(errShort)
			return ""
		}
		return t.Words[n]
	}
	for _, into := range []*string{&p.Given, &p.Surname, &p.Second, &p.Full} {
		n := int(c[2].byte())
		if n > maxWords {
			c[2].fail(errors.New("a name of too many words"))
		}
		var parts []string
		for i := 0; i < n && c[2].err == nil; i++ {
			parts = append(parts, word(c[2]))
		}
		*into = strings.Join(parts, " ")
	}
	p.Year = int(c[3].uint(1 << 14))
	p.Sex = word(c[4])
	for _, into := range []*string{&p.Locality, &p.Municipality, &p.State} {
		*into = word(c[5])
	}
	p.Seen = int32(unzigzag(c[6].uint(1<<24)) + firstDay)
	copy(p.ID[:], raw.bytes(len(p.ID)))
	p.Keys = readKeys(c[7], raw)
	return p
}

func readKeys(counts, raw *reader) (keys []uint32) {
	n := int(counts.byte())
	if n > maxKeys {
		counts.fail(errors.New("too many match keys"))
		return nil
	}
	for i := 0; i < n && raw.err == nil; i++ {
		b := raw.bytes(3)
		if raw.err == nil {
			keys = append(keys, uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]))
		}
	}
	return keys
}
