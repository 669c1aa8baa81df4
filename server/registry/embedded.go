package registry

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Embedded keeps the registry in the centre's own ledger. It is safe for
// several goroutines; all state lies in the ledger.
type Embedded struct {
	seals *seals

	followers []string // names of outside registries, see Follow
	clock     func() time.Time
}

var _ Port = (*Embedded)(nil)

// NewEmbedded opens the registry with its 32-byte data key; rand makes nonces
// and is crypto/rand's Reader outside tests.
func NewEmbedded(key [32]byte, rand io.Reader) (*Embedded, error) {
	s, err := newSeals(key, rand)
	return &Embedded{seals: s}, err
}

// Known reads persons with all that was said of them, in the order asked.
func (e *Embedded) Known(ctx context.Context, tx ledger.Tx, refs []Ref) ([]*Person, error) {
	by := make(map[civic.Area][]any)
	at := make(map[Ref]*Person, len(refs))
	var order []*Person
	for _, ref := range refs {
		if at[ref] == nil {
			p := &Person{Ref: ref}
			at[ref], order = p, append(order, p)
			by[ref.Home] = append(by[ref.Home], ref.Person[:])
		}
	}
	var group errgroup.Group
	for home, ids := range by {
		err := inChunks(ids, func(marks string, args []any) error {
			sealed := make(map[*Person][][]byte, len(args))
			err := ledger.All(ctx, tx, func(r ledger.Row) error { return scanKnown(r, home, at, sealed) },
				"SELECT p.person, p.state, p.created_at, s.registration, s.subject, s.office, s.said_at, s.said, s.withdrawn_at"+
					" FROM registry_person p LEFT JOIN registry_said s ON s.area = p.area AND s.person = p.person WHERE p.area = ?"+strconv.Itoa(len(args)+1)+
					" AND p.person IN ("+marks+") ORDER BY s.said_at, s.registration, s.subject", append(args, string(home))...)
			if err == nil {
				e.openAll(&group, sealed)
			}
			return err
		})
		if err != nil {
			return nil, errors.Join(err, group.Wait())
		}
	}
	out := order[:0]
	for _, p := range order {
		if p.State != 0 {
			out = append(out, p)
		}
	}
	return out, group.Wait()
}

// openAll opens what was said of persons and prepares it for matching, on every
// processor, while the engine looks for the next ones: that is most of the work
// of a search.
func (e *Embedded) openAll(group *errgroup.Group, sealed map[*Person][][]byte) {
	const least = 4 // fewer are not worth a goroutine
	persons := slices.Collect(maps.Keys(sealed))
	workers := max(1, min(runtime.GOMAXPROCS(0), len(persons)/least))
	if len(persons) >= chunk { // the engine has the next ones to find meanwhile
		workers = max(1, runtime.GOMAXPROCS(0)-1)
	}
	for w := range workers {
		group.Go(func() error {
			for _, p := range persons[len(persons)*w/workers : len(persons)*(w+1)/workers] {
				for i := range p.Said {
					if err := e.seals.openSaid(&p.Said[i], sealed[p][i]); err != nil {
						return err
					}
				}
				p.Records()
			}
			return nil
		})
	}
}

// scanKnown adds a row to its person: one of what was said, or the person alone
// when nothing is left of it.
func scanKnown(r ledger.Row, home civic.Area, at map[Ref]*Person, all map[*Person][][]byte) error {
	var person, registration, sealed []byte
	var state State
	var created int64
	var subject, office sql.NullString
	var said, withdrawn sql.NullInt64
	if err := r.Scan(&person, &state, &created, &registration, &subject, &office, &said, &sealed, &withdrawn); err != nil {
		return err
	}
	p := at[Ref{home, civic.PersonID(person)}]
	if p == nil {
		return nil
	}
	p.State, p.Created = state, created
	if registration == nil {
		return nil
	}
	p.Said = append(p.Said, Said{
		Registration: civic.RegistrationID(registration), Subject: subject.String, Office: civic.Area(office.String),
		At: said.Int64, Withdrawn: withdrawn.Int64,
	})
	all[p] = append(all[p], sealed)
	return nil
}

// Linked tells who the subjects of registrations are.
func (e *Embedded) Linked(ctx context.Context, tx ledger.Tx, area civic.Area, registrations []civic.RegistrationID) (map[civic.RegistrationID][]Link, error) {
	ids := make([]any, len(registrations))
	for i := range registrations {
		ids[i] = registrations[i][:]
	}
	out := make(map[civic.RegistrationID][]Link, len(ids))
	err := inChunks(ids, func(marks string, args []any) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var registration, person []byte
			var l Link
			if err := r.Scan(&registration, &l.Subject, &l.To.Home, &person); err != nil {
				return err
			}
			l.To.Person = civic.PersonID(person)
			id := civic.RegistrationID(registration)
			out[id] = append(out[id], l)
			return nil
		}, "SELECT registration, subject, home, person FROM registry_link WHERE area = ?"+strconv.Itoa(len(args)+1)+
			" AND registration IN ("+marks+") ORDER BY registration, subject", append(args, string(area))...)
	})
	return out, err
}

// chunk is how many values one statement asks for; few sizes keep the number
// of different statements small.
const chunk = 256

// inChunks calls do with placeholders and values, at most chunk at a time. The
// last values are repeated to fill the size up.
func inChunks(values []any, do func(marks string, args []any) error) error {
	for len(values) > 0 {
		size := chunk
		switch {
		case len(values) <= 16:
			size = 16
		case len(values) <= 64:
			size = 64
		}
		n := min(size, len(values))
		args := make([]any, size, size+1)
		copy(args, values[:n])
		for i := n; i < size; i++ {
			args[i] = values[n-1]
		}
		var b strings.Builder
		for i := range args {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteByte('?')
			b.WriteString(strconv.Itoa(i + 1))
		}
		if err := do(b.String(), args); err != nil {
			return err
		}
		values = values[n:]
	}
	return nil
}
