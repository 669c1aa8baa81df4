package places

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/askonce/fieldkit/sync/civic"
)

// Limits of a catalogue. What is larger is refused: a tablet of 2 GB keeps the
// whole list in memory.
const (
	MaxPlaces = 400_000
	MaxText   = 200 // bytes of a code, a name or another name
	MaxOther  = 8   // other names of one place
	MaxKinds  = 32
	maxDepth  = 8
)

// Place is one place.
type Place struct {
	Code string // unique in the catalogue
	Name string
	// Parent is the code of the place it lies in, empty at the top.
	Parent string
	// Kind is its level, such as state, municipality, locality.
	Kind string
	// Other are further names: in an indigenous language, an old one.
	Other []string
	// Lat and Lon are degrees; Located tells whether they are known.
	Lat, Lon float64
	Located  bool
}

// Catalogue is a checked list of places in the order of their codes. It never
// changes and may be used from several goroutines.
type Catalogue struct {
	kinds []string
	rows  []row
	other map[int32][]string
}

// row keeps a place small: the strings of all rows share a few large ones.
type row struct {
	code, name string
	parent     int32 // index, -1 at the top
	lat, lon   int32 // in 1/100,000 of a degree; nowhere when not known
	kind       uint8
}

const (
	nowhere = math.MinInt32
	perUnit = 100_000 // a metre and a bit
)

// New makes a catalogue. A fault is told by the code of the place and what is
// wrong with it, civic.PlacesRefused.
func New(list []Place) (*Catalogue, error) {
	if len(list) > MaxPlaces {
		return nil, refuse("", "there are more places than a kit can hold")
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.Code, b.Code) })
	c := &Catalogue{rows: make([]row, len(list)), other: map[int32][]string{}}
	kinds := map[string]uint8{}
	at := make(map[string]int32, len(list))
	for i, p := range list {
		if fault := p.fault(); fault != "" {
			return nil, refuse(p.Code, fault)
		}
		if _, twice := at[p.Code]; twice {
			return nil, refuse(p.Code, "the code stands there twice")
		}
		at[p.Code] = int32(i)
		k, known := kinds[p.Kind]
		if !known {
			if len(c.kinds) == MaxKinds {
				return nil, refuse(p.Code, "there are too many kinds of places")
			}
			k = uint8(len(c.kinds))
			kinds[p.Kind] = k
			c.kinds = append(c.kinds, p.Kind)
		}
		r := row{code: p.Code, name: p.Name, parent: -1, kind: k, lat: nowhere, lon: nowhere}
		if p.Located {
			r.lat, r.lon = int32(round(p.Lat)), int32(round(p.Lon))
		}
		c.rows[i] = r
		if len(p.Other) > 0 {
			c.other[int32(i)] = p.Other
		}
	}
	for i, p := range list {
		if p.Parent == "" {
			continue
		}
		parent, ok := at[p.Parent]
		if !ok {
			return nil, refuse(p.Code, "the place it lies in is not in the list: "+p.Parent)
		}
		c.rows[i].parent = parent
	}
	for i := range c.rows {
		depth := 0
		for at := c.rows[i].parent; at >= 0; at = c.rows[at].parent {
			if depth++; depth > maxDepth {
				return nil, refuse(c.rows[i].code, "it lies in itself, or too deep")
			}
		}
	}
	return c, nil
}

func refuse(code, fault string) error {
	return civic.NewProblem(civic.PlacesRefused, nil, code, fault)
}

func (p Place) fault() string {
	switch {
	case p.Code == "" || p.Name == "":
		return "a place needs a code and a name"
	case p.Parent == p.Code:
		return "it lies in itself"
	case len(p.Other) > MaxOther:
		return "it has too many other names"
	case p.Located && !(math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180):
		return "its position is not on the earth"
	}
	for _, s := range append([]string{p.Code, p.Name, p.Parent, p.Kind}, p.Other...) {
		if len(s) > MaxText || !utf8.ValidString(s) || strings.ContainsFunc(s, control) {
			return "a text is too long or holds what cannot be printed"
		}
	}
	return ""
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// Len counts the places.
func (c *Catalogue) Len() int { return len(c.rows) }

// Kinds lists the kinds in the order they first come.
func (c *Catalogue) Kinds() []string { return slices.Clone(c.kinds) }

// All lists the places in the order of their codes.
func (c *Catalogue) All() []Place {
	out := make([]Place, len(c.rows))
	for i := range c.rows {
		out[i] = c.place(int32(i))
	}
	return out
}

// Get finds a place by its code.
func (c *Catalogue) Get(code string) (Place, bool) {
	i, ok := c.index(code)
	if !ok {
		return Place{}, false
	}
	return c.place(i), true
}

func (c *Catalogue) index(code string) (int32, bool) {
	i, ok := slices.BinarySearchFunc(c.rows, code, func(r row, code string) int { return cmp.Compare(r.code, code) })
	return int32(i), ok
}

func (c *Catalogue) place(i int32) Place {
	r := &c.rows[i]
	p := Place{Code: r.code, Name: r.name, Kind: c.kinds[r.kind], Other: c.other[i]}
	if r.parent >= 0 {
		p.Parent = c.rows[r.parent].code
	}
	if r.lat != nowhere {
		p.Lat, p.Lon, p.Located = float64(r.lat)/perUnit, float64(r.lon)/perUnit, true
	}
	return p
}

func round(degrees float64) float64 { return math.Round(degrees * perUnit) }
