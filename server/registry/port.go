package registry

import (
	"context"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Port is a registry as reconciliation sees it. Both calls run inside the
// caller's transaction: what they write is kept or lost with the outcome.
type Port interface {
	// Candidates gives, for each list of match keys, the persons found under
	// any of them, each person once, in no promised order.
	Candidates(ctx context.Context, tx ledger.Tx, asked [][]uint64) ([]Found, error)
	// Linked tells which persons the subjects of registrations are.
	Linked(ctx context.Context, tx ledger.Tx, area civic.Area, registrations []civic.RegistrationID) (map[civic.RegistrationID][]Link, error)
	// Bound tells which of an outside registry's numbers are persons here.
	Bound(ctx context.Context, tx ledger.Tx, registry string, ids []string) (map[string]Ref, error)
	// Known reads persons by their reference; unknown ones are left out.
	Known(ctx context.Context, tx ledger.Tx, refs []Ref) ([]*Person, error)
	// Apply writes changes in their order.
	Apply(ctx context.Context, tx ledger.Tx, changes []Change) error
	// Move sends a registration's subject to another person, to one of its own
	// when to is zero, and gives the number of the event.
	Move(ctx context.Context, tx ledger.Tx, m Moving) (int64, error)
	// Undo takes back the n-th event of a registration's subject.
	Undo(ctx context.Context, tx ledger.Tx, m Moving, n int64) (int64, error)
	// Events lists what happened to a person, oldest first.
	Events(ctx context.Context, tx ledger.Tx, p *Person) ([]Event, error)
	// Hold marks a person as waiting for a reviewer.
	Hold(ctx context.Context, tx ledger.Tx, ref Ref) error
	// Stand marks a person that waited for a reviewer as one of its own.
	Stand(ctx context.Context, tx ledger.Tx, ref Ref) error
}

// Moving names a registration's subject and who moves it where, and why.
type Moving struct {
	Area         civic.Area // the office of the registration
	Registration civic.RegistrationID
	Subject      string
	To           Ref
	Actor        string
	Detail       Detail
	At           int64 // the server's clock, seconds
}

// Ref names a person with its home, the office that met it first.
type Ref struct {
	Home   civic.Area
	Person civic.PersonID
}

// Link says which person a subject of a registration is.
type Link struct {
	Subject string
	To      Ref
}

// Said is what one registration said of one of its subjects.
type Said struct {
	Registration civic.RegistrationID
	Subject      string
	Office       civic.Area
	At           int64 // the kit's clock, seconds
	SourceRow    string
	Claims       []civic.Claim
	// Withdrawn is when its source took it back, seconds, 0 while it stands. What
	// was taken back is kept and counts no longer.
	Withdrawn int64
}

// State of a person.
type State uint8

// States of a person.
const (
	Standing State = 1 // known
	Waiting  State = 2 // a reviewer must say whether it is somebody known already
	Emptied  State = 3 // all it was made of belongs to others now, or was taken back
)

// Person is one person with everything that was said of it.
type Person struct {
	Ref
	State   State
	Created int64
	Said    []Said
	// Foreign is set while the person is known to an outside registry only; see
	// [Person.Adoption].
	Foreign *Foreign

	records []*match.Prepared
	under   []uint64 // keys under which it was found
}

// Lacking leaves of match keys those under which the person was not found. What
// a search in the same transaction found need not be written again.
func (p *Person) Lacking(keys []uint64) []uint64 {
	if len(p.under) == 0 {
		return keys
	}
	out := make([]uint64, 0, len(keys))
	for _, k := range keys {
		if !slices.Contains(p.under, k) {
			out = append(out, k)
		}
	}
	return out
}

// Records gives what matching sees of the person, one record for each visit.
func (p *Person) Records() []*match.Prepared {
	for len(p.records) < len(p.Said) {
		s := &p.Said[len(p.records)]
		claims := s.Claims
		if s.Withdrawn != 0 {
			claims = nil
		}
		p.records = append(p.records, match.Prepare(match.FromClaims(claims)))
	}
	return p.records
}

// Add counts one more visit to the person in memory.
func (p *Person) Add(s Said, record *match.Prepared) {
	p.Records()
	p.Said = append(p.Said, s)
	p.records = append(p.records, record)
}

// Found is the answer to one list of keys.
type Found struct {
	Persons []*Person
	// Capped counts the keys under which more persons stand than are compared;
	// those that share most of them with the record were taken.
	Capped int
	// Cut are those keys: whoever shares no other key may not be among Persons.
	Cut []uint64
}

// Change is one registration's subject coming to a person.
type Change struct {
	Said  Said
	To    Ref
	State State // the person's state afterwards
	Fresh bool  // the person is new
	Keys  []uint64
	Actor string // "match" or the name of a member of staff
	// Detail is kept with the event: why, as evidence and model version.
	Detail Detail
	At     int64 // the server's clock, seconds
	// Foreign is set when the person is taken over from an outside registry.
	Foreign *Foreign
}

// Detail says why a change was made. It is sealed like what was said.
type Detail struct {
	Model    string           `cbor:"1,keyasint,omitempty"`
	Verdict  string           `cbor:"2,keyasint,omitempty"`
	Relation string           `cbor:"3,keyasint,omitempty"`
	Weight   float64          `cbor:"4,keyasint,omitempty"`
	Chance   float64          `cbor:"5,keyasint,omitempty"`
	Margin   float64          `cbor:"6,keyasint,omitempty"`
	Evidence []match.Evidence `cbor:"7,keyasint,omitempty"`
	Reasons  []civic.Code     `cbor:"8,keyasint,omitempty"`
	// Other is the person it was compared with, when it is not the one it was
	// linked to.
	Other []Ref `cbor:"9,keyasint,omitempty"`
	// Note is what a reviewer gave as reason.
	Note string `cbor:"10,keyasint,omitempty"`
}
