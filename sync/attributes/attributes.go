package attributes

import (
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

// Reuse says what may happen with an answer that is known already.
type Reuse uint8

// What may happen with a known answer.
const (
	Never   Reuse = iota // always asked
	Confirm              // shown with "is this still so?", taken after a yes
	Shown                // filled in and shown
)

var reuseNames = []string{"never", "confirm", "shown"}

func (r Reuse) String() string { return reuseNames[r] }

// About says whose an attribute is.
type About string

// Whose an attribute is.
const (
	Person    About = "person"
	Household About = "household" // what a family shares under one roof
	Place     About = "place"
)

// Sensitivity says how much harm a leak does.
type Sensitivity string

// From least to most harm.
const (
	Basic     Sensitivity = "basic"
	Personal  Sensitivity = "personal"
	Sensitive Sensitivity = "sensitive"
	Special   Sensitivity = "special"
)

// Attribute is one line of the dictionary.
type Attribute struct {
	Name        civic.Attribute
	Type        string
	About       About
	Sensitivity Sensitivity
	Reuse       Reuse
	// FreshDays is how many days an answer may be reused; 0 without Lasting
	// means not at all.
	FreshDays int
	Lasting   bool
	Evidence  []civic.Evidence // strongest first
	// Where the attribute stands in other vocabularies, empty if nowhere.
	SPDCI, FHIR, SEMIC, Claim169 string
	Meaning                      string
}

// ahead is how far after now an answer may be dated and count as given now: two
// clocks are never quite alike. Of one dated further ahead, by a clock that was
// wrong, nobody knows the age.
const ahead = 24 * time.Hour

// Fresh tells whether an answer given at a moment may still be reused now.
func (a Attribute) Fresh(at, now time.Time) bool {
	switch {
	case a.Reuse == Never:
		return false
	case a.Lasting:
		return true
	}
	return at.Sub(now) <= ahead && Age(at, now) <= a.FreshDays
}

// Age is how many whole days lie between two moments, at least 0.
func Age(at, now time.Time) int {
	return max(0, int(now.Sub(at)/(24*time.Hour)))
}

// Better tells which of two claims holds for this attribute: a value before
// none; of what lasts the evidence that counts most, then the fresher; of what
// changes the fresher, then the evidence; then the registration's id so that the
// answer never hangs on the order.
func (a Attribute) Better(x, y civic.Claim) bool {
	if (x.Absent == civic.Present) != (y.Absent == civic.Present) {
		return x.Absent == civic.Present
	}
	if !a.Lasting && x.At.Wall != y.At.Wall {
		return x.At.Wall > y.At.Wall
	}
	if rx, ry := a.rank(x.Evidence), a.rank(y.Evidence); rx != ry {
		return rx < ry
	}
	x.Evidence, y.Evidence = 0, 0
	return civic.Better(x, y)
}

func (a Attribute) rank(e civic.Evidence) int {
	if i := slices.Index(a.Evidence, e); i >= 0 {
		return i
	}
	return len(a.Evidence)
}

// Dictionary is the whole list.
type Dictionary struct {
	byName map[civic.Attribute]Attribute
	order  []civic.Attribute
}

// Get finds an attribute by name.
func (d *Dictionary) Get(name civic.Attribute) (Attribute, bool) {
	a, ok := d.byName[name]
	return a, ok
}

// All lists the attributes in the order of the file.
func (d *Dictionary) All() []Attribute {
	out := make([]Attribute, len(d.order))
	for i, name := range d.order {
		out[i] = d.byName[name]
	}
	return out
}
