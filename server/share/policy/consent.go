package policy

import (
	"cmp"
	"slices"

	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// State is where a choice of a citizen stands, in the words of ISO/IEC TS 27560.
type State string

// The states of a choice.
const (
	NoChoice  State = "none"
	Requested State = "requested"
	Given     State = "given"
	Refused   State = "refused"
	Withdrawn State = "withdrawn"
	Expired   State = "expired"
)

// Purposes under which kits ask before an agreement names a finer one.
const (
	ReusePurpose civic.Purpose = "reuse" // may others use what this service was told?
	HeldPurpose  civic.Purpose = "held"  // may this service use what others were told?
)

// Scope is what a choice is about; an empty part means all.
type Scope struct {
	Source  civic.ServiceID    // the service the answers were given to
	Target  civic.ServiceID    // the service that would use them
	Agency  agreement.AgencyID // the agency that would read them
	Purpose civic.Purpose      // the purpose of an agreement
}

// ScopeOf turns a kit's words into a scope.
func ScopeOf(service civic.ServiceID, agency agreement.AgencyID, purpose civic.Purpose) Scope {
	switch purpose {
	case ReusePurpose, "":
		return Scope{Source: service, Agency: agency}
	case HeldPurpose:
		return Scope{Target: service, Agency: agency}
	}
	return Scope{Source: service, Agency: agency, Purpose: purpose}
}

// Event is one thing a citizen chose. Events are only ever added.
type Event struct {
	// Registration is the one it came with or, for a withdrawal by receipt, the
	// receipt's. Own tells that the person asked about is the one it is about,
	// and not somebody else it speaks of.
	Registration civic.RegistrationID
	Own          bool
	Scope        Scope
	State        State
	At           int64 // the server's clock, seconds; equal ones keep their order
	Until        int64 // the moment it runs out, 0 for never
	Record       string
}

// For is what a choice is looked up for.
type For struct {
	Registration civic.RegistrationID // whose claim it is
	Sources      []civic.ServiceID    // the services that registration was for
	Target       civic.ServiceID
	Agency       agreement.AgencyID
	Purpose      civic.Purpose
	Now          int64
}

// StateOf folds events to the state that holds for one claim.
//
// A choice counts for the whole person when it was made for the person itself;
// made in somebody else's registration, it counts for what was said there. The
// last word in a scope holds. Among scopes the narrower holds, the agency before
// the purpose before the services; of equally narrow ones a no holds before a
// yes. A withdrawal ends every earlier yes within its scope.
// Where answers were given to several services, the strictest holds.
func StateOf(events []Event, f For) State {
	if len(events) == 0 {
		return NoChoice
	}
	ordered := slices.Clone(events)
	slices.SortStableFunc(ordered, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	if len(f.Sources) == 0 {
		return stateFor(ordered, f, "")
	}
	worst := Given
	for i, source := range f.Sources {
		s := stateFor(ordered, f, source)
		if i == 0 || strictness(s) > strictness(worst) {
			worst = s
		}
	}
	return worst
}

// RestsOn finds the record of the newest yes that speaks about a claim.
func RestsOn(events []Event, f For) (record string) {
	at := int64(-1 << 62)
	for _, e := range events {
		if e.State != Given || !e.Own && e.Registration != f.Registration || e.At < at {
			continue
		}
		for _, source := range f.Sources {
			if e.Scope.touches(f, source) {
				record, at = e.Record, e.At
			}
		}
	}
	return record
}

func stateFor(events []Event, f For, source civic.ServiceID) State {
	held := map[Scope]State{}
	requested := false
	for _, e := range events {
		if !e.Own && e.Registration != f.Registration || !e.Scope.touches(f, source) {
			continue
		}
		if e.State == Requested || e.State == NoChoice { // a question is no answer
			requested = true
			continue
		}
		state := e.State
		if state == Given && e.Until != 0 && f.Now >= e.Until {
			state = Expired
		}
		if state == Withdrawn {
			for s, was := range held {
				if was != Refused && e.Scope.holds(s) {
					held[s] = Withdrawn
				}
			}
		}
		held[e.Scope] = state
	}
	best, width := NoChoice, -1
	if requested {
		best = Requested
	}
	for s, state := range held {
		w := s.narrowness()
		if w > width || w == width && strictness(state) > strictness(best) {
			best, width = state, w
		}
	}
	return best
}

// touches tells whether a scope speaks about a claim given to one service.
func (s Scope) touches(f For, source civic.ServiceID) bool {
	return (s.Source == "" || s.Source == source) && (s.Target == "" || s.Target == f.Target) &&
		(s.Agency == "" || s.Agency == f.Agency) && (s.Purpose == "" || s.Purpose == f.Purpose)
}

// holds tells whether a scope is another one or wider.
func (s Scope) holds(o Scope) bool {
	return (s.Source == "" || s.Source == o.Source) && (s.Target == "" || s.Target == o.Target) &&
		(s.Agency == "" || s.Agency == o.Agency) && (s.Purpose == "" || s.Purpose == o.Purpose)
}

func (s Scope) narrowness() (n int) {
	for i, filled := range []bool{s.Source != "", s.Target != "", s.Purpose != "", s.Agency != ""} {
		if filled {
			n += 1 << i
		}
	}
	return n
}

// strictness ranks states: the higher, the less is let through.
func strictness(s State) int {
	return slices.Index([]State{Given, NoChoice, Requested, Expired, Refused, Withdrawn}, s)
}
