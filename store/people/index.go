package people

import (
	"encoding/binary"
	"math"
	"sort"
	"strings"
)

// Person is what the index holds of one citizen.
type Person struct {
	Ref     uint32 // the caller's number
	Subject string // "" or "mother" …; at most 255 different ones
	Name    string
	Year    int // of birth, 0 when not known
	Place   string
}

// Index is not safe for writing from several goroutines; reading is.
type Index struct {
	base, tail *shelf
	fresh      []Person // what tail was built from, and what was added since
	settled    int      // how many of fresh are in tail
}

// New makes an empty index.
func New() *Index { return &Index{base: build(nil), tail: build(nil)} }

// Add notes a person; Settle makes it findable.
func (x *Index) Add(p Person) { x.fresh = append(x.fresh, p) }

// Len is the number of people that Search looks through.
func (x *Index) Len() int { return x.base.len() + x.tail.len() }

// Settle makes what was added findable. A few additions cost little: they are
// kept on a shelf of their own until they are many.
func (x *Index) Settle() {
	if x.settled == len(x.fresh) {
		return
	}
	if len(x.fresh) < 1000+x.base.len()/8 {
		x.tail, x.settled = build(x.fresh), len(x.fresh)
		return
	}
	all := make([]Person, 0, x.base.len()+len(x.fresh))
	for i := range x.base.len() {
		all = append(all, x.base.person(i))
	}
	x.base, x.tail = build(append(all, x.fresh...)), build(nil)
	x.fresh, x.settled = nil, 0
}

// shelf is a settled part of the index, laid out flat: no pointers, a few bytes
// a person.
type shelf struct {
	words  texts    // different words as they are written, García-López is one
	foldOf blobs    // word -> numbers of its folded words
	folds  texts    // different words in lower case without accents
	masks  []uint32 // folded word -> which letters it has
	posts  blobs    // folded word -> numbers of the people who bear it, as differences

	places   texts
	subjects []string

	names   blobs // person -> numbers of his words
	years   []uint16
	place   []uint16 // 0 is none
	subject []uint8
	refs    []uint32
}

func (s *shelf) len() int { return len(s.refs) }

// texts and blobs are many short pieces in one slice of bytes.
type blobs struct {
	bytes []byte
	ends  []uint32
}

type texts struct{ blobs }

func (b *blobs) add(piece []byte) {
	b.bytes = append(b.bytes, piece...)
	b.ends = append(b.ends, uint32(len(b.bytes)))
}

func (b *blobs) at(i int) []byte {
	var from uint32
	if i > 0 {
		from = b.ends[i-1]
	}
	return b.bytes[from:b.ends[i]]
}

func (t *texts) text(i int) string { return string(t.at(i)) }

// names of numbers while a shelf is built
type register struct {
	numbers map[string]uint32
	texts   *texts
}

func (r register) number(s string) (n uint32, known bool) {
	if n, ok := r.numbers[s]; ok {
		return n, true
	}
	n = uint32(len(r.texts.ends))
	r.numbers[s] = n
	r.texts.add([]byte(s))
	return n, false
}

func build(people []Person) *shelf {
	s := &shelf{subjects: []string{""}}
	words := register{map[string]uint32{}, &s.words}
	folds := register{map[string]uint32{}, &s.folds}
	places := register{map[string]uint32{}, &s.places}
	places.number("") // number 0: no place
	var bearers [][]uint32
	var room, piece []byte
	for i, p := range people {
		room = room[:0]
		for _, w := range strings.Fields(p.Name) {
			n, known := words.number(w)
			if !known {
				piece = piece[:0]
				for _, w := range split(w) {
					f, known := folds.number(fold(w))
					if !known {
						s.masks = append(s.masks, mask(s.folds.text(int(f))))
						bearers = append(bearers, nil)
					}
					piece = binary.AppendUvarint(piece, uint64(f))
				}
				s.foldOf.add(piece)
			}
			room = binary.AppendUvarint(room, uint64(n))
			for b := s.foldOf.at(int(n)); len(b) > 0; {
				f, used := binary.Uvarint(b)
				b = b[used:]
				if have := bearers[f]; len(have) == 0 || have[len(have)-1] != uint32(i) {
					bearers[f] = append(have, uint32(i))
				}
			}
		}
		s.names.add(room)
		s.years = append(s.years, uint16(min(max(p.Year, 0), math.MaxUint16)))
		at, _ := places.number(p.Place)
		if at > math.MaxUint16 {
			at = 0
		}
		s.place = append(s.place, uint16(at))
		s.subject = append(s.subject, s.subjectNumber(p.Subject))
		s.refs = append(s.refs, p.Ref)
	}
	for _, b := range bearers {
		room = room[:0]
		var last uint32
		for _, n := range b {
			room = binary.AppendUvarint(room, uint64(n-last))
			last = n
		}
		s.posts.add(room)
	}
	s.trim()
	return s
}

// trim gives back the room that growing left over.
func (s *shelf) trim() {
	for _, b := range []*blobs{&s.words.blobs, &s.foldOf, &s.folds.blobs, &s.places.blobs, &s.posts, &s.names} {
		b.bytes = append([]byte(nil), b.bytes...)
		b.ends = append([]uint32(nil), b.ends...)
	}
	s.masks = append([]uint32(nil), s.masks...)
	s.years = append([]uint16(nil), s.years...)
	s.place = append([]uint16(nil), s.place...)
	s.subject = append([]uint8(nil), s.subject...)
	s.refs = append([]uint32(nil), s.refs...)
}

func (s *shelf) subjectNumber(subject string) uint8 {
	for i, have := range s.subjects {
		if have == subject {
			return uint8(i)
		}
	}
	if len(s.subjects) > math.MaxUint8 {
		return 0
	}
	s.subjects = append(s.subjects, subject)
	return uint8(len(s.subjects) - 1)
}

func (s *shelf) person(i int) Person {
	p := Person{Ref: s.refs[i], Subject: s.subjects[s.subject[i]], Year: int(s.years[i]), Place: s.places.text(int(s.place[i]))}
	b := s.names.at(i)
	var name []byte
	for len(b) > 0 {
		n, used := binary.Uvarint(b)
		b = b[used:]
		if len(name) > 0 {
			name = append(name, ' ')
		}
		name = append(name, s.words.at(int(n))...)
	}
	p.Name = string(name)
	return p
}

// Search finds the people who fit what was typed best, best first.
func (x *Index) Search(query string, limit int) []Person {
	q := parse(query)
	if len(q.words) == 0 && q.year == 0 {
		return nil
	}
	type found struct {
		s *shelf
		hit
	}
	var all []found
	for _, s := range []*shelf{x.base, x.tail} {
		for _, h := range s.search(q, limit) {
			all = append(all, found{s, h})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].score > all[j].score })
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	out := make([]Person, len(all))
	for i, f := range all {
		out[i] = f.s.person(f.n)
	}
	return out
}
