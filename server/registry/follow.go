package registry

import (
	"context"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Follow has outside registries of these names follow: each change of a person
// leaves a row in the outbox, in the transaction of the change itself, whoever
// makes it. A [Courier] tells them. Call it before anything else.
func (e *Embedded) Follow(clock func() time.Time, names ...string) {
	e.followers, e.clock = names, clock
}

// applied notes what Apply changed.
func (e *Embedded) applied(ctx context.Context, tx ledger.Tx, changes []Change) error {
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
	return e.note(ctx, tx, refs)
}

// note asks for one more telling of each person.
func (e *Embedded) note(ctx context.Context, tx ledger.Tx, refs []Ref) error {
	if len(e.followers) == 0 || len(refs) == 0 {
		return nil
	}
	slices.SortFunc(refs, compareRefs)
	refs = slices.Compact(refs)
	rows := make([][]any, 0, len(refs)*len(e.followers))
	at := e.clock().Unix()
	for _, name := range e.followers {
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
