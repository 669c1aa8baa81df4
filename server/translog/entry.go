package translog

import (
	"fmt"
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
)

// Kind says what sort of actor looked.
type Kind string

// The kinds of actors.
const (
	Agency  Kind = "agency"  // Actor is the agency's id
	Staff   Kind = "staff"   // Actor is the name of a member of staff
	Officer Kind = "officer" // Actor is the kit and its officer, in hexadecimal: kit/officer
	Citizen Kind = "citizen" // the person itself, by receipt, slip or at the counter
	Program Kind = "program" // a command run by who administers the machine
)

// Action says what was done.
type Action string

// The actions.
const (
	Disclosure  Action = "disclosure"   // values were given out
	Denial      Action = "denial"       // asked and refused; Code says why
	Empty       Action = "empty"        // asked, allowed, and nobody was found
	Look        Action = "look"         // staff looked at a person, a registration or a list
	LogReading  Action = "log_reading"  // rows of this log were read
	PackOpening Action = "pack_opening" // a kit opened somebody in its district pack
	BreakGlass  Action = "break_glass"  // a look without the usual permission, to be reviewed
	Objection   Action = "objection"    // a person objected to a row
	Answer      Action = "answer"       // an objection was answered
	Consented   Action = "consented"    // a consent was given
	Withdrew    Action = "withdrew"     // a consent was withdrawn or refused
	Export      Action = "export"       // many persons at once; set Everyone
	Portability Action = "portability"  // a person took its own data along
)

var (
	kinds   = []Kind{Agency, Staff, Officer, Citizen, Program}
	actions = []Action{Disclosure, Denial, Empty, Look, LogReading, PackOpening, BreakGlass, Objection, Answer, Consented, Withdrew, Export, Portability}
)

// Limits of one entry, in bytes or pieces.
const (
	MaxText    = 200
	MaxFields  = 256
	MaxObject  = 64
	MaxRecords = 256
	MaxEntries = 100_000 // of one Append
)

// Entry is one act. It holds words of the standards, ids and counts, never an
// answer.
type Entry struct {
	// Area is the home of the person, which is where the person's own log is
	// read; without a person, the office concerned; empty when no single one is.
	Area   civic.Area
	Person civic.PersonID // zero when the act concerns no known person
	// Everyone says that the act concerned every person of Area, of all areas
	// when it is empty; Person is zero then.
	Everyone bool

	Kind   Kind
	Actor  string
	Action Action

	Purpose   civic.Purpose // a DPV term
	Basis     string        // the lawful basis, as agreements word it
	Agreement string        // id
	Revision  int64         // of the agreement
	Consent   string        // id of the consent record that permitted it
	Fields    []civic.Attribute
	Code      civic.Code // why it was refused, or why staff looked
	Reason    string     // what staff gave as reason, in their words
	Request   string     // the asker's id of the request
	OnBehalf  string     // for whom the actor asked: a unit, a user, a represented party
	Issue     string     // the asker's case number
	Procedure string     // the procedure it was asked for
	Explicit  bool       // the person asked for it expressly
	Preview   bool       // the person saw the values before they were given
	Policy    string     // version of the policy that decided
	// Object is what was looked at where that is no person: a file, a kit, a
	// row of this log; Records are registrations.
	Object  []byte
	Records []civic.RegistrationID
	Count   int64 // how many persons or rows were shown
	// HiddenUntil keeps the row from the person until then, in seconds since
	// 1970 UTC; 0 shows it at once.
	HiddenUntil int64
}

// check refuses what a row may not hold.
func (e Entry) check() error {
	fault := func(what string) error { return fmt.Errorf("translog: an entry has %s", what) }
	switch {
	case !slices.Contains(kinds, e.Kind):
		return fault("no such kind of actor")
	case !slices.Contains(actions, e.Action):
		return fault("no such action")
	case e.Actor == "" && e.Kind != Citizen:
		return fault("no actor")
	case e.Everyone && !e.Person.IsZero():
		return fault("one person and everyone")
	case len(e.Fields) > MaxFields || len(e.Records) > MaxRecords || len(e.Object) > MaxObject:
		return fault("too many fields or records")
	case e.HiddenUntil < 0 || e.Count < 0 || e.Revision < 0:
		return fault("a number below zero")
	}
	for _, s := range []string{string(e.Area), e.Actor, string(e.Purpose), e.Basis, e.Agreement, e.Consent, string(e.Code), e.Request, e.OnBehalf, e.Issue, e.Procedure, e.Policy} {
		if len(s) > MaxText {
			return fault("a word that is too long")
		}
	}
	if len(e.Reason) > 5*MaxText {
		return fault("a reason that is too long")
	}
	for _, f := range e.Fields {
		if len(f) > MaxText {
			return fault("a field whose name is too long")
		}
	}
	return nil
}

// Actions lists every action there is.
func Actions() []Action { return slices.Clone(actions) }
