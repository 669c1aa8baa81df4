package registry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// knownQuery reads persons and what was said of them. Both tables are read by
// the same list and not joined: an engine that joins looks each person up by
// itself, which took longer, 25 instead of 19 µs a person at a million. Of the columns that a table does not have
// the values mean nothing.
const knownQuery = `SELECT 1, person, state, created_at, person, '', '', 0, person, 0 FROM registry_person WHERE area = ?0 AND person IN (%)
 UNION ALL
 SELECT 2, person, 0, 0, registration, subject, office, said_at, said, withdrawn_at FROM registry_said WHERE area = ?0 AND person IN (%)`

// Known reads persons with all that was said of them, in the order asked.
func (e *Embedded) Known(ctx context.Context, tx ledger.Tx, refs []Ref) ([]*Person, error) {
	by := make(map[civic.Area][]any)
	at := make(map[Ref]*opening, len(refs))
	var order []*opening
	for _, ref := range refs {
		if at[ref] == nil {
			p := &opening{Person: &Person{Ref: ref}}
			at[ref], order = p, append(order, p)
			by[ref.Home] = append(by[ref.Home], ref.Person[:])
		}
	}
	var group errgroup.Group
	for home, ids := range by {
		err := inChunks(ids, func(marks string, args []any) error {
			query := strings.ReplaceAll(strings.ReplaceAll(knownQuery, "?0", "?"+strconv.Itoa(len(args)+1)), "%", marks)
			var read []*opening
			err := ledger.All(ctx, tx, func(r ledger.Row) error {
				p, err := scanKnown(r, home, at)
				if p != nil && len(p.said) == 1 { // its first
					read = append(read, p)
				}
				return err
			}, query, append(args, string(home))...)
			if err == nil {
				e.openAll(&group, read)
			}
			return err
		})
		if err != nil {
			return nil, errors.Join(err, group.Wait())
		}
	}
	out := make([]*Person, 0, len(order))
	for _, p := range order {
		if p.State != 0 {
			out = append(out, p.Person)
		}
	}
	return out, group.Wait()
}

// opening is a person whose rows are being read and opened.
type opening struct {
	*Person
	said []sealedSaid
}

type sealedSaid struct {
	Said
	sealed []byte
}

// scanKnown adds a row to its person. The person is told when the row is one of
// what was said.
func scanKnown(r ledger.Row, home civic.Area, at map[Ref]*opening) (*opening, error) {
	const aPerson = 1
	var what, state, created int64
	var person, registration []byte
	var s sealedSaid
	if err := r.Scan(&what, &person, &state, &created, &registration, &s.Subject, (*string)(&s.Office), &s.At, &s.sealed, &s.Withdrawn); err != nil {
		return nil, err
	}
	p := at[Ref{home, civic.PersonID(person)}]
	if p == nil {
		return nil, nil
	}
	if what == aPerson {
		p.State, p.Created = State(state), created
		return nil, nil
	}
	s.Registration = civic.RegistrationID(registration)
	p.said = append(p.said, s)
	return p, nil
}

// openAll opens what was said of persons and prepares it for matching, on every
// processor, while the engine looks for the next ones: that is most of the work
// of a search.
func (e *Embedded) openAll(group *errgroup.Group, persons []*opening) {
	const least = 4 // fewer are not worth a goroutine
	workers := max(1, min(runtime.GOMAXPROCS(0), len(persons)/least))
	if len(persons) >= chunk { // the engine has the next ones to find meanwhile
		workers = max(1, runtime.GOMAXPROCS(0)-1)
	}
	for w := range workers {
		group.Go(func() error {
			for _, p := range persons[len(persons)*w/workers : len(persons)*(w+1)/workers] {
				if err := e.open(p); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// open opens what was said of a person, in the order it was said.
func (e *Embedded) open(p *opening) error {
	slices.SortFunc(p.said, func(a, b sealedSaid) int {
		return cmp.Or(cmp.Compare(a.At, b.At), bytes.Compare(a.Registration[:], b.Registration[:]), cmp.Compare(a.Subject, b.Subject))
	})
	p.Said = make([]Said, len(p.said))
	for i := range p.said {
		p.Said[i] = p.said[i].Said
		if err := e.seals.openSaid(&p.Said[i], p.said[i].sealed); err != nil {
			return err
		}
	}
	p.Records()
	return nil
}
