package civic

import "slices"

// Status is where a registration stands.
type Status uint8

// The states in the order a registration meets them. Registered and Merged
// together are what people call settled.
const (
	Draft       Status = iota // being asked, on this kit only
	Sealed                    // closed by the officer, waits to be sent
	Approved                  // a supervisor said yes where the office wants that
	Sent                      // handed to a link or a medium, not yet confirmed
	Received                  // on the centre's disk, signed for
	Registered                // settled: a new person in the registry
	Merged                    // settled: a person the registry knew already
	Held                      // a reviewer must look
	Returned                  // the office must ask again; the reasons say what
	Quarantined               // set aside whole at the centre, with a reason; nothing is lost
)

var statusNames = [...]string{"draft", "sealed", "approved", "sent", "received", "registered", "merged", "held", "returned", "quarantined"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "unknown"
}

// ParseStatus reads what String writes.
func ParseStatus(name string) (Status, bool) {
	i := slices.Index(statusNames[:], name)
	return Status(max(i, 0)), i >= 0
}

// Settled tells whether the centre has decided for good.
func (s Status) Settled() bool { return s == Registered || s == Merged }

// moves is the one table of status moves; kit and centre both use it. A state
// may be left out when a message was lost: what arrives is the later state.
var moves = map[Status][]Status{
	Draft:       {Sealed},
	Sealed:      {Approved, Sent, Received, Registered, Merged, Held, Returned, Quarantined},
	Approved:    {Sent, Received, Registered, Merged, Held, Returned, Quarantined},
	Sent:        {Received, Registered, Merged, Held, Returned, Quarantined},
	Received:    {Registered, Merged, Held, Returned, Quarantined},
	Held:        {Registered, Merged, Returned},
	Quarantined: {Received, Registered, Merged, Held, Returned},
	// A reviewer can undo: a link becomes a person of its own and back.
	Registered: {Merged, Held},
	Merged:     {Registered, Held},
}

// CanMove tells whether a registration may go from one state to another. To
// stay is always allowed: messages repeat.
func CanMove(from, to Status) bool { return from == to || slices.Contains(moves[from], to) }

// Moves lists the states that may follow.
func Moves(from Status) []Status { return slices.Clone(moves[from]) }
