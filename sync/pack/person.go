package pack

import (
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Person is the index layer of one person: enough to be found, not enough to
// be known.
type Person struct {
	Number       uint32         `cbor:"1,keyasint,omitempty"` // the pack's number of the person, from 1
	ID           civic.PersonID `cbor:"2,keyasint"`
	Given        string         `cbor:"3,keyasint,omitempty"`
	Surname      string         `cbor:"4,keyasint,omitempty"`
	Second       string         `cbor:"5,keyasint,omitempty"` // second surname
	Full         string         `cbor:"6,keyasint,omitempty"` // where the parts are not told apart
	Year         int            `cbor:"7,keyasint,omitempty"` // of birth, 0 when not known
	Sex          string         `cbor:"8,keyasint,omitempty"`
	Locality     string         `cbor:"9,keyasint,omitempty"`
	Municipality string         `cbor:"10,keyasint,omitempty"`
	State        string         `cbor:"11,keyasint,omitempty"`
	// Keys are match keys that day of birth, phone and numbers go into, 24 bits
	// of each: they show that two agree, and do not tell what they are.
	Keys []uint32 `cbor:"12,keyasint,omitempty"`
	Seen int32    `cbor:"13,keyasint,omitempty"` // day of the last visit, since 1970
}

// Name is the name as it is spoken.
func (p *Person) Name() string {
	if p.Full != "" {
		return p.Full
	}
	var parts []string
	for _, s := range []string{p.Given, p.Surname, p.Second} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// Place is the narrowest place known.
func (p *Person) Place() string {
	for _, s := range []string{p.Locality, p.Municipality, p.State} {
		if s != "" {
			return s
		}
	}
	return ""
}

// Record is what matching may see of the index layer.
func (p *Person) Record() match.Record {
	r := match.Record{Full: p.Full, Sex: p.Sex, Places: []string{p.Locality, p.Municipality, p.State}}
	if p.Given != "" {
		r.Given = []string{p.Given}
	}
	if p.Surname != "" || p.Second != "" {
		r.Surnames = []string{p.Surname, p.Second}
	}
	if p.Year != 0 {
		r.Birth = civic.Date{Year: p.Year}
	}
	return r
}

// Layer is the person layer, or a change to it: what the state holds of one
// person, each claim with where and when it was said.
type Layer struct {
	Whole   bool     `cbor:"1,keyasint,omitempty"` // replaces what came before; otherwise adds to it
	Sources []Source `cbor:"2,keyasint,omitempty"`
	Claims  []Claim  `cbor:"3,keyasint,omitempty"`
}

// Source is a visit that claims come from.
type Source struct {
	Service civic.ServiceID `cbor:"1,keyasint,omitempty"`
	Office  civic.Area      `cbor:"2,keyasint,omitempty"`
	Day     int32           `cbor:"3,keyasint,omitempty"` // since 1970
	// Asked tells that the citizen was asked whether others may reuse what was
	// said, Given what the answer was.
	Asked bool `cbor:"4,keyasint,omitempty"`
	Given bool `cbor:"5,keyasint,omitempty"`
}

// Claim is what is held of one attribute. Gone takes an earlier one away.
type Claim struct {
	Attribute civic.Attribute `cbor:"1,keyasint"`
	Value     string          `cbor:"2,keyasint,omitempty"`
	Stated    string          `cbor:"3,keyasint,omitempty"`
	Absent    civic.Absence   `cbor:"4,keyasint,omitempty"`
	Precision civic.Precision `cbor:"5,keyasint,omitempty"`
	Evidence  civic.Evidence  `cbor:"6,keyasint,omitempty"`
	Source    int             `cbor:"7,keyasint,omitempty"` // index into Sources
	Gone      bool            `cbor:"8,keyasint,omitempty"`
}

// Add puts a later layer over this one.
func (l *Layer) Add(later Layer) {
	if later.Whole {
		*l = Layer{Whole: true}
	}
	first := len(l.Sources)
	l.Sources = append(l.Sources, later.Sources...)
	for _, c := range later.Claims {
		kept := l.Claims[:0:0]
		for _, have := range l.Claims {
			if have.Attribute != c.Attribute {
				kept = append(kept, have)
			}
		}
		l.Claims = kept
		if !c.Gone {
			c.Source += first
			l.Claims = append(l.Claims, c)
		}
	}
}

// keyBits is how much of a match key travels.
const keyBits = 24

// ShortKey is a match key as a pack holds it.
func ShortKey(k uint64) uint32 { return uint32(k >> (64 - keyBits)) }

// HiddenKeys are the match keys of a record that its index layer does not give:
// those with the day of birth, a phone or a number in them.
func HiddenKeys(r match.Record) []uint32 {
	shown := r
	shown.Birth, shown.BirthStated = yearOnly(r.Birth), ""
	shown.Phones, shown.Identifiers = nil, nil
	open := map[uint64]bool{}
	for _, k := range match.Keys(shown) {
		open[k] = true
	}
	var out []uint32
	for _, k := range match.Keys(r) {
		if !open[k] {
			out = append(out, ShortKey(k))
		}
	}
	return out
}

func yearOnly(d civic.Date) civic.Date { return civic.Date{Year: d.Year, Estimated: d.Estimated} }
