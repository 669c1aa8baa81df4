package policy

import (
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// Said is what one registration said of the person.
type Said struct {
	Registration civic.RegistrationID
	Subject      string // empty when it is about the person
	Area         civic.Area
	Services     []civic.ServiceID
	Claims       []civic.Claim
}

// Person is one person with what was said and chosen.
type Person struct {
	Said     []Said
	Events   []Event
	Objected bool // an objection against this agency stands
	Doubtful bool
}

// Seen is what is left of a person for a request.
type Seen struct {
	Claims []civic.Claim // those that may be read, as they came
	// Fields says for each attribute asked for that the person has whether it is
	// read, and by what reasons not: of several claims of one attribute one that
	// may be read is enough.
	Fields map[civic.Attribute]Decision
	// Registrations are those something was read of.
	Registrations []civic.RegistrationID
	// Consent is the state read fields rest on, the strictest.
	Consent State
	Record  string // of the yes they rest on, if any
}

// Filter takes a person apart: what may be read is left. asked are the
// attributes the request names, nil for all the agreement covers.
func (r *Reader) Filter(p Person, asked []civic.Attribute) Seen {
	out := Seen{Fields: map[civic.Attribute]Decision{}, Consent: NoChoice}
	for _, s := range p.Said {
		state := NoChoice
		var f For
		if a := r.request.Agreement; a != nil {
			f = For{
				Registration: s.Registration, Sources: s.Services, Target: a.Service,
				Agency: r.request.Agency, Purpose: a.Purpose.Code, Now: r.request.Now.Unix(),
			}
			state = StateOf(p.Events, f)
		}
		read := false
		for _, c := range s.Claims {
			if !r.asks(asked, c.Attribute) {
				continue
			}
			d := r.Decide(Field{
				Attribute: c.Attribute, Area: s.Area, Sources: s.Services, Consent: state, Objected: p.Objected, Doubtful: p.Doubtful,
			})
			before, met := out.Fields[c.Attribute]
			if !met || d.Allowed && !before.Allowed {
				out.Fields[c.Attribute] = d
			} else if !before.Allowed && !d.Allowed {
				out.Fields[c.Attribute] = Decision{Reasons: union(before.Reasons, d.Reasons)}
			}
			if d.Allowed {
				out.Claims = append(out.Claims, c)
				read = true
			}
		}
		if read {
			out.Registrations = append(out.Registrations, s.Registration)
			if strictness(state) > strictness(out.Consent) || out.Consent == NoChoice {
				out.Consent = state
				out.Record = RestsOn(p.Events, f)
			}
		}
	}
	return out
}

func (r *Reader) asks(asked []civic.Attribute, name civic.Attribute) bool {
	if len(asked) > 0 {
		return slices.Contains(asked, name)
	}
	return r.request.Agreement == nil || r.request.Agreement.Covers(name)
}

func union(a, b []Reason) []Reason {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// Reasons gathers why anything was refused, sorted.
func (s Seen) Reasons() []Reason {
	var out []Reason
	for _, d := range s.Fields {
		out = append(out, d.Reasons...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
