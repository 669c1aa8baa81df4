package registry

import (
	"context"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Followed is a registry that outside ones follow: each change of a person
// leaves a row in the outbox, in the transaction of the change itself. A
// [Courier] tells them.
type Followed struct {
	*Embedded
	names []string
	clock func() time.Time
}

var _ Port = (*Followed)(nil)

// Follow makes a registry that the outside ones of these names follow.
func Follow(e *Embedded, clock func() time.Time, names ...string) *Followed {
	return &Followed{e, names, clock}
}

// Apply writes changes, see [Port].
func (f *Followed) Apply(ctx context.Context, tx ledger.Tx, changes []Change) error {
	if err := f.Embedded.Apply(ctx, tx, changes); err != nil {
		return err
	}
	var refs []Ref
	for i := range changes {
		c := &changes[i]
		if c.Foreign != nil {
			if err := bind(ctx, tx, c.Foreign, c.To, c.At); err != nil {
				return err
			}
			continue // the registry knows what it said itself
		}
		if c.State != Waiting { // nobody is told of a person before a reviewer knows who it is
			refs = append(refs, c.To)
		}
	}
	return f.note(ctx, tx, refs)
}

// Move sends a subject to another person, see [Port].
func (f *Followed) Move(ctx context.Context, tx ledger.Tx, m Moving) (int64, error) {
	return f.moved(ctx, tx, m, func() (int64, error) { return f.Embedded.Move(ctx, tx, m) })
}

// Undo takes back an event, see [Port].
func (f *Followed) Undo(ctx context.Context, tx ledger.Tx, m Moving, n int64) (int64, error) {
	return f.moved(ctx, tx, m, func() (int64, error) { return f.Embedded.Undo(ctx, tx, m, n) })
}

func (f *Followed) moved(ctx context.Context, tx ledger.Tx, m Moving, do func() (int64, error)) (int64, error) {
	from, err := f.linked(ctx, tx, m.Area, m.Registration, m.Subject)
	if err != nil {
		return 0, err
	}
	n, err := do()
	if err != nil {
		return 0, err
	}
	to, err := f.linked(ctx, tx, m.Area, m.Registration, m.Subject)
	if err != nil {
		return 0, err
	}
	return n, f.note(ctx, tx, []Ref{from, to})
}

// Stand marks a person as one of its own, see [Port].
func (f *Followed) Stand(ctx context.Context, tx ledger.Tx, ref Ref) error {
	if err := f.Embedded.Stand(ctx, tx, ref); err != nil {
		return err
	}
	return f.note(ctx, tx, []Ref{ref})
}

// note asks for one more telling of each person.
func (f *Followed) note(ctx context.Context, tx ledger.Tx, refs []Ref) error {
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	rows := make([][]any, 0, len(refs)*len(f.names))
	at := f.clock().Unix()
	for _, name := range f.names {
		for _, ref := range refs {
			rows = append(rows, []any{string(ref.Home), name, ref.Person[:], int64(1), at})
		}
	}
	_, err := tx.Insert(ctx, "registry_outbox", []string{"area", "registry", "person", "n", "since"}, rows, again)
	return err
}

// again is one more telling of a person the outbox has already: a refused one
// is tried anew, since it is another telling now.
const again = `ON CONFLICT (area, registry, person) DO UPDATE SET n = registry_outbox.n + 1, code = '', next_at = 0,
 since = CASE WHEN registry_outbox.n > registry_outbox.sent THEN registry_outbox.since ELSE excluded.since END`

// bind notes which person somebody found outside is, and that we only add to
// what is said of him there.
func bind(ctx context.Context, tx ledger.Tx, f *Foreign, to Ref, at int64) error {
	_, err := tx.Exec(ctx, "INSERT INTO registry_outside (registry, outside, home, person) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
		f.Registry, f.ID, string(to.Home), to.Person[:])
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO registry_outbox (area, registry, person, n, sent, outside, version, adopted, since) VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, 1, ?6)
 ON CONFLICT (area, registry, person) DO UPDATE SET outside = excluded.outside, version = excluded.version, adopted = 1`,
		string(to.Home), f.Registry, to.Person[:], f.ID, f.Version, at)
	return err
}

// Bound tells which of an outside registry's numbers are persons here.
func (e *Embedded) Bound(ctx context.Context, tx ledger.Tx, registry string, ids []string) (map[string]Ref, error) {
	out := map[string]Ref{}
	values := make([]any, len(ids))
	for i := range ids {
		values[i] = ids[i]
	}
	err := inChunks(values, func(marks string, args []any) error {
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var id string
			var ref Ref
			var person []byte
			if err := r.Scan(&id, &ref.Home, &person); err != nil {
				return err
			}
			ref.Person = civic.PersonID(person)
			out[id] = ref
			return nil
		}, "SELECT outside, home, person FROM registry_outside WHERE registry = ?"+mark(len(args)+1)+" AND outside IN ("+marks+")", append(args, registry)...)
	})
	return out, err
}

func compareRefs(a, b Ref) int {
	if a.Home != b.Home {
		if a.Home < b.Home {
			return -1
		}
		return 1
	}
	return slices.Compare(a.Person[:], b.Person[:])
}
