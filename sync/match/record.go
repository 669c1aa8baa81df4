package match

import (
	"github.com/askonce/fieldkit/sync/civic"
)

// Record is what matching sees of one person at one time, as it was stated.
// Every part may be empty: an empty part speaks neither for nor against.
type Record struct {
	Given    []string // given names; an entry may hold several names
	Surnames []string // first and second surname, at most two are used
	Full     string   // the whole name where its parts are not told apart
	Birth    civic.Date
	// BirthStated holds what was written when the calendar has no such day; its
	// digits are still compared.
	BirthStated string
	Sex         string // M, F or any other word; compared by its first letter
	// Places, Identifiers and Others are compared position by position: the
	// same position is the same kind of thing in every record of a model.
	Places      []string
	Phones      []string
	Identifiers []string
	Others      []string
}

// Person is what is known of one resolved person: every record linked to it.
type Person struct {
	ID      civic.PersonID
	Records []*Prepared
	// Aside keeps the person out of the choice; it still counts as a namesake.
	Aside bool
}

// Relation says what two people seem to be to each other.
type Relation uint8

// What two people can be to each other.
const (
	Unknown   Relation = iota
	Same               // one human being
	Sibling            // twin or sibling
	Parent             // parent and child
	Namesake           // strangers who share a name
	Stranger           // nothing to do with each other
	relations = iota
)

var relationNames = [relations]string{"unknown", "same", "sibling", "parent_child", "namesake", "stranger"}

func (r Relation) String() string {
	if int(r) < len(relationNames) {
		return relationNames[r]
	}
	return relationNames[Unknown]
}

// Verdict is what to do with a record.
type Verdict uint8

// What to do with a record.
const (
	New    Verdict = iota // no known person is likely
	Review                // a human must look
	Auto                  // link without asking
)

var verdictNames = [...]string{"new", "review", "auto"}

func (v Verdict) String() string { return verdictNames[min(int(v), len(verdictNames)-1)] }

// Evidence is one reason for or against, in bits: +10 means a thousand times
// more often seen among records of one person than among strangers.
type Evidence struct {
	Field  string // "given", "birth", "place.2"
	Level  string // how well it agrees: "equal", "alike", "other"
	Weight float64
}

// Comparison is how alike two records are.
type Comparison struct {
	Weight      float64 // bits, evidence only
	Probability float64 // that they are the same person, 0 to 1
	Relation    Relation
	// Ambiguous marks pairs that no data can tell apart, such as a twin and the
	// same child with one given name dropped: only a human may merge them.
	Ambiguous bool
	Evidence  []Evidence

	namesake bool // the names agree and the birth dates do not
	another  bool // a given name agrees, and the dates or the families' names are others
	thin     bool // nothing personal but names and a date that is off or missing
	levels   pattern
}

// Decision is what to do with a record and why.
type Decision struct {
	Verdict Verdict
	// Person is the index of the best candidate, -1 if there is none; Runner
	// that of the second best.
	Person, Runner int
	Comparison     Comparison
	// Margin is how many bits the best is ahead of the runner-up.
	Margin float64
	// Reasons are codes an officer's language has words for, see the Reason
	// constants; they never hold an answer.
	Reasons []civic.Code
	// Model is the version of the model that decided.
	Model string
}

// Reasons a decision can give.
const (
	ReasonSamePerson    civic.Code = "match_same_person"     // auto: known already
	ReasonLikely        civic.Code = "match_likely"          // review: likely, not sure
	ReasonTwin          civic.Code = "match_twin"            // review: twin or sibling cannot be ruled out
	ReasonParent        civic.Code = "match_parent"          // review: parent or child of the same name
	ReasonNamesake      civic.Code = "match_namesake"        // review: perhaps only a namesake
	ReasonTwoCandidates civic.Code = "match_two_candidates"  // review: two persons fit equally well
	ReasonFamilyOnly    civic.Code = "match_family_only"     // review: only family evidence speaks for it
	ReasonNoneAlike     civic.Code = "match_none_alike"      // new: nobody alike is known
	ReasonTooCommon     civic.Code = "match_name_too_common" // more namesakes than are compared
)
