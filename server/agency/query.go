package agency

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Operator compares an attribute with a value.
type Operator string

// The operators.
const (
	Equal     Operator = "eq"
	Less      Operator = "lt"
	LessEq    Operator = "le"
	Greater   Operator = "gt"
	GreaterEq Operator = "ge"
	In        Operator = "in"
)

// Query is a question about persons: a comparison, or several joined. It is
// built from what an agency sent, attribute by attribute; nothing of the text
// goes on to the ledger.
type Query struct {
	Join      string // and, or, not; empty for a comparison
	Parts     []Query
	Attribute civic.Attribute
	Op        Operator
	Values    []string
}

// Limits of one query.
const (
	MaxParts  = 32
	maxDepth  = 4
	maxValue  = 256 // bytes
	maxValues = 32
	maxSets   = 16 // of keys it is looked up by
)

// ErrTooWide says that a query does not name enough to look anybody up by.
var ErrTooWide = errors.New("the query does not narrow the search to few people")

// Check refuses a query that is too large or odd.
func (q *Query) Check() error {
	n := 0
	return q.check(1, &n)
}

func (q *Query) check(depth int, n *int) error {
	if *n++; *n > MaxParts || depth > maxDepth {
		return errors.New("the query is too large")
	}
	switch q.Join {
	case "":
		if q.Attribute == "" || len(q.Values) == 0 || len(q.Values) > maxValues || q.Op != In && len(q.Values) != 1 {
			return errors.New("a comparison needs an attribute and a value")
		}
		if !slices.Contains([]Operator{Equal, Less, LessEq, Greater, GreaterEq, In}, q.Op) {
			return errors.New("the operator is not known")
		}
		for _, v := range q.Values {
			if v == "" || len(v) > maxValue {
				return errors.New("a value is empty or too long")
			}
		}
		return nil
	case "and", "or":
		if len(q.Parts) == 0 {
			return errors.New("nothing is joined")
		}
	case "not":
		if len(q.Parts) != 1 {
			return errors.New("not takes one part")
		}
	default:
		return errors.New("the condition is not known")
	}
	for i := range q.Parts {
		if err := q.Parts[i].check(depth+1, n); err != nil {
			return err
		}
	}
	return nil
}

// Attributes lists what a query asks about.
func (q *Query) Attributes() (out []civic.Attribute) {
	if q.Join == "" {
		return []civic.Attribute{q.Attribute}
	}
	for i := range q.Parts {
		out = append(out, q.Parts[i].Attributes()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Keys are the lists of match keys to look persons up by; every person the
// query fits stands under at least one. ErrTooWide when there is no such list.
func (q *Query) Keys() ([][]uint64, error) {
	sets, err := q.claims()
	if err != nil {
		return nil, err
	}
	var out [][]uint64
	for _, claims := range sets {
		keys := match.Keys(match.FromClaims(claims))
		if len(keys) == 0 {
			return nil, ErrTooWide
		}
		out = append(out, keys)
	}
	return out, nil
}

// claims are what must be true in each way the query can fit.
func (q *Query) claims() ([][]civic.Claim, error) {
	switch {
	case q.Join == "" && q.Op == Equal, q.Join == "" && q.Op == In:
		var sets [][]civic.Claim
		for _, v := range q.Values {
			sets = append(sets, []civic.Claim{{Attribute: q.Attribute, Value: v}})
		}
		return bounded(sets)
	case q.Join == "and":
		sets := [][]civic.Claim{nil}
		for i := range q.Parts {
			part, err := q.Parts[i].claims()
			if err != nil {
				return nil, err
			}
			var joined [][]civic.Claim
			for _, a := range sets {
				for _, b := range part {
					joined = append(joined, slices.Concat(a, b))
				}
			}
			if sets, err = bounded(joined); err != nil {
				return nil, err
			}
		}
		return sets, nil
	case q.Join == "or":
		var sets [][]civic.Claim
		for i := range q.Parts {
			part, err := q.Parts[i].claims()
			if err != nil {
				return nil, err
			}
			sets = append(sets, part...)
		}
		return bounded(sets)
	}
	return [][]civic.Claim{nil}, nil // a range or a not narrows nothing
}

func bounded(sets [][]civic.Claim) ([][]civic.Claim, error) {
	if len(sets) > maxSets {
		return nil, ErrTooWide
	}
	return sets, nil
}

// Fits tells whether what may be seen of a person answers the query. What may
// not be seen fits nothing, so that a refused value is not told by an answer.
func (q *Query) Fits(l *share.Look) bool {
	return q.fits(func(name civic.Attribute) (string, bool) {
		c, ok := l.Value(name)
		return c.Value, ok
	})
}

func (q *Query) fits(value func(civic.Attribute) (string, bool)) bool {
	switch q.Join {
	case "and":
		for i := range q.Parts {
			if !q.Parts[i].fits(value) {
				return false
			}
		}
		return true
	case "or":
		for i := range q.Parts {
			if q.Parts[i].fits(value) {
				return true
			}
		}
		return false
	case "not":
		for _, name := range q.Parts[0].Attributes() {
			if _, seen := value(name); !seen {
				return false
			}
		}
		return !q.Parts[0].fits(value)
	}
	have, ok := value(q.Attribute)
	if !ok {
		return false
	}
	for _, want := range q.Values {
		c := compare(have, want)
		switch q.Op {
		case Equal, In:
			ok = c == 0
		case Less:
			ok = c < 0
		case LessEq:
			ok = c <= 0
		case Greater:
			ok = c > 0
		case GreaterEq:
			ok = c >= 0
		}
		if ok {
			return true
		}
	}
	return false
}

// compare orders numbers by size and words by their letters, without regard to
// capitals; dates in ISO's writing order themselves.
func compare(a, b string) int {
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return cmp.Compare(x, y)
		}
	}
	return strings.Compare(plain(a), plain(b))
}

func number(s string) (n int64, ok bool) {
	if s == "" || len(s) > 15 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func plain(s string) string {
	return cases.Fold().String(norm.NFC.String(strings.Join(strings.Fields(s), " ")))
}
