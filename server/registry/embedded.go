package registry

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// MaxNamesakes is how many persons are compared for one key. A key with more
// holders says too little; the others of a record narrow the search.
const MaxNamesakes = 200

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

// Candidates finds persons by keys, see [Port].
func (e *Embedded) Candidates(ctx context.Context, tx ledger.Tx, asked [][]uint64) ([]Found, error) {
	out := make([]Found, len(asked))
	blind := map[int64][]int{} // which asked for it
	var keys []any
	for i, ks := range asked {
		for _, k := range ks {
			b := e.seals.key(k)
			if _, ok := blind[b]; !ok {
				keys = append(keys, b)
			}
			blind[b] = append(blind[b], i)
		}
	}
	holders := map[int64]int{}
	wanted := map[Ref]bool{}
	var refs []Ref
	seen := make([]map[Ref]bool, len(asked))
	// One more than are compared tells that there are more.
	const query = `SELECT key, home, person FROM (
 SELECT key, home, person, row_number() OVER (PARTITION BY key ORDER BY person) AS n FROM registry_key WHERE key IN (%)
) AS held WHERE n <= `
	err := inChunks(keys, func(marks string, args []any) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var key int64
			var ref Ref
			var person []byte
			if err := r.Scan(&key, &ref.Home, &person); err != nil {
				return err
			}
			ref.Person = civic.PersonID(person)
			holders[key]++
			for _, i := range blind[key] {
				if holders[key] > MaxNamesakes {
					out[i].Capped++
					continue
				}
				if seen[i] == nil {
					seen[i] = map[Ref]bool{}
				}
				seen[i][ref] = true
				if !wanted[ref] {
					wanted[ref] = true
					refs = append(refs, ref)
				}
			}
			return nil
		}, strings.Replace(query, "%", marks, 1)+strconv.Itoa(MaxNamesakes+1), args...)
	})
	if err != nil {
		return nil, err
	}
	known, err := e.Known(ctx, tx, refs)
	if err != nil {
		return nil, err
	}
	for _, p := range known {
		if p.State == Emptied {
			continue
		}
		for i := range out {
			if seen[i][p.Ref] {
				out[i].Persons = append(out[i].Persons, p)
			}
		}
	}
	return out, nil
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
	for home, ids := range by {
		err := inChunks(ids, func(marks string, args []any) error {
			err := ledger.All(ctx, tx, func(r ledger.Row) error {
				var person []byte
				var state State
				var created int64
				if err := r.Scan(&person, &state, &created); err != nil {
					return err
				}
				if p := at[Ref{home, civic.PersonID(person)}]; p != nil {
					p.State, p.Created = state, created
				}
				return nil
			}, "SELECT person, state, created_at FROM registry_person WHERE area = ?"+strconv.Itoa(len(args)+1)+" AND person IN ("+marks+")", append(args, string(home))...)
			if err != nil {
				return err
			}
			return ledger.All(ctx, tx, func(r ledger.Row) error {
				var person, registration, sealed []byte
				var s Said
				if err := r.Scan(&person, &registration, &s.Subject, &s.Office, &s.At, &sealed, &s.Withdrawn); err != nil {
					return err
				}
				s.Registration = civic.RegistrationID(registration)
				if err := e.seals.openSaid(&s, sealed); err != nil {
					return err
				}
				if p := at[Ref{home, civic.PersonID(person)}]; p != nil {
					p.Said = append(p.Said, s)
				}
				return nil
			}, "SELECT person, registration, subject, office, said_at, said, withdrawn_at FROM registry_said WHERE area = ?"+strconv.Itoa(len(args)+1)+
				" AND person IN ("+marks+") ORDER BY said_at, registration, subject", append(args, string(home))...)
		})
		if err != nil {
			return nil, err
		}
	}
	out := order[:0]
	for _, p := range order {
		if p.State != 0 {
			out = append(out, p)
		}
	}
	return out, nil
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

// chunk is how many values one statement asks for; one size keeps the number
// of different statements small.
const chunk = 256

// inChunks calls do with placeholders and values, at most chunk at a time. The
// last values are repeated to fill the size up.
func inChunks(values []any, do func(marks string, args []any) error) error {
	for len(values) > 0 {
		size := chunk
		if len(values) <= 16 {
			size = 16
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
