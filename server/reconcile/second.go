package reconcile

import (
	"context"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// SecondPair says which merges a second reviewer has to confirm. The zero one
// asks for none.
type SecondPair struct {
	// Risk asks for it where a wrong merge is at least so likely, 1 to 1000.
	Risk int `json:"risk"`
	// Registered asks for it where both persons rest on more than one visit, or
	// on a paper.
	Registered bool `json:"registered"`
}

// applies tells whether a second reviewer has to confirm a merge.
func (p SecondPair) applies(o Open, waiting, known *registry.Person) bool {
	return p.Risk > 0 && o.Risk >= p.Risk || p.Registered && established(waiting) && established(known)
}

func established(p *registry.Person) bool {
	visits := 0
	for _, s := range p.Said {
		if s.Withdrawn != 0 {
			continue
		}
		visits++
		for _, c := range s.Claims {
			if c.Evidence == civic.Document && c.Absent == civic.Present {
				return true
			}
		}
	}
	return visits > 1
}

// Opinion is what one reviewer said of a question that needs two.
type Opinion struct {
	Reviewer string
	Answer   Answer
	Same     registry.Ref
	Note     string
	At       time.Time
}

// Notes seals what reviewers give as reason; registry.Embedded does.
type Notes interface {
	SealNote(registration civic.RegistrationID, note string) ([]byte, error)
	OpenNote(registration civic.RegistrationID, sealed []byte) (string, error)
}

// Opinions lists what reviewers said of an open question so far, the first
// first.
func (r *Reconciler) Opinions(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string) ([]Opinion, error) {
	var out []Opinion
	err := ledger.All(ctx, tx, func(row ledger.Row) error {
		var o Opinion
		var person, note []byte
		var at int64
		if err := row.Scan(&o.Reviewer, &o.Answer, &o.Same.Home, &person, &note, &at); err != nil {
			return err
		}
		if len(person) == len(o.Same.Person) {
			o.Same.Person = civic.PersonID(person)
		}
		var err error
		o.Note, err = r.notes.OpenNote(id, note)
		o.At = time.Unix(at, 0).UTC()
		out = append(out, o)
		return err
	}, "SELECT reviewer, answer, home, person, note, at FROM review_opinion WHERE area = ?1 AND registration = ?2 AND subject = ?3 ORDER BY at, reviewer", string(area), id[:], subject)
	return out, err
}

// confirmed keeps a reviewer's answer where another one has to confirm it, and
// tells whether the matter is settled: two different reviewers said the same.
// Then the reasons of both are in the answer's note.
func (r *Reconciler) confirmed(ctx context.Context, tx ledger.Tx, o Open, s *Said, waiting *registry.Person, at time.Time) (settled bool, err error) {
	if s.Answer == AnswerUnsure {
		return true, nil
	}
	opinions, err := r.Opinions(ctx, tx, s.Area, s.Registration, s.Subject)
	if err != nil {
		return false, err
	}
	needed := len(opinions) > 0 // once somebody wanted to merge, two have to agree on whatever it becomes
	if s.Answer == AnswerSame && !needed && r.policy != nil {
		policy, err := r.policy(ctx, tx)
		if err != nil {
			return false, err
		}
		known, err := r.registry.Known(ctx, tx, []registry.Ref{s.Same})
		if err != nil {
			return false, err
		}
		needed = len(known) == 1 && policy.applies(o, waiting, known[0])
	}
	if !needed {
		return true, nil
	}
	reasons := []string{}
	for _, p := range opinions {
		if p.Reviewer == s.Reviewer {
			return false, civic.NewProblem(civic.SecondPair, nil)
		}
		if p.Answer == s.Answer && p.Same == s.Same {
			settled = true
			reasons = append(reasons, p.Reviewer+": "+p.Note)
		}
	}
	sealed, err := r.notes.SealNote(s.Registration, s.Note)
	if err != nil {
		return false, err
	}
	var person any
	if s.Answer == AnswerSame {
		person = s.Same.Person[:]
	}
	_, err = tx.Insert(ctx, "review_opinion", []string{"area", "registration", "subject", "reviewer", "answer", "home", "person", "note", "at"},
		[][]any{{string(s.Area), s.Registration[:], s.Subject, s.Reviewer, string(s.Answer), string(s.Same.Home), person, sealed, at.Unix()}}, "")
	if settled {
		s.Note = strings.Join(append(reasons, s.Reviewer+": "+s.Note), "\n")
	}
	return settled, err
}
