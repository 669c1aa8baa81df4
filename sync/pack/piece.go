package pack

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

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
	if outer.byte() > format {
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
