package district

import (
	"context"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
)

// fewest are worth a piece of their own while a pack is filled up.
const fewest = 8

// task is a person to be told of.
type task struct {
	someone
	number uint32
	known  bool // kits were told before
	gone   bool
	sealed []byte // what they were told
}

// refresh tells what changed since the last look.
func (d *District) refresh(ctx context.Context, s Settings, m *making, who []someone) (Report, error) {
	r := Report{Area: s.Area, Number: m.number}
	have := map[registry.Ref]task{}
	err := d.DB.View(ctx, func(tx ledger.Tx) error {
		clear(have)
		return ledger.All(ctx, tx, func(row ledger.Row) error {
			var home string
			var person []byte
			t := task{known: true}
			if err := row.Scan(&t.number, &home, &person, &t.mark, &t.sealed); err != nil {
				return err
			}
			t.ref = registry.Ref{Home: civic.Area(home), Person: civic.PersonID(person)}
			have[t.ref] = t
			return nil
		}, "SELECT number, home, person, mark, told FROM pack_person WHERE area = ?1 AND pack = ?2", string(s.Area), m.id[:])
	})
	if err != nil {
		return r, err
	}
	var work, fresh []task
	for _, w := range who {
		t, known := have[w.ref]
		delete(have, w.ref)
		switch {
		case !known:
			fresh = append(fresh, task{someone: w})
		case !slices.Equal(t.mark, w.mark):
			t.someone = w
			work = append(work, t)
		}
	}
	for _, t := range have {
		t.gone = true
		work = append(work, t)
	}
	slices.SortFunc(work, func(a, b task) int { return int(a.number) - int(b.number) })
	m.people -= len(have)
	n := min(len(fresh), room(s, m)+len(have))
	m.left = len(fresh) - n
	for i := range fresh[:n] {
		m.person++
		fresh[i].number = m.person
		work = append(work, fresh[i])
	}
	r.People, r.Left, r.Total = m.people, m.left, m.bytes
	m.people += len(have)
	for len(work) > 0 {
		n := min(atOnce, len(work))
		if err := d.tell(ctx, s.Area, m, work[:n], &r, stateOpen); err != nil {
			return r, err
		}
		work = work[n:]
	}
	return r, nil
}

// tell writes pieces about some people, in the order of their numbers, and what
// was told, in one transaction.
func (d *District) tell(ctx context.Context, area civic.Area, m *making, work []task, r *Report, state int) error {
	var refs []registry.Ref
	for _, t := range work {
		if !t.gone {
			refs = append(refs, t.ref)
		}
	}
	var portraits map[registry.Ref]portrait
	err := d.DB.View(ctx, func(tx ledger.Tx) (err error) {
		portraits, err = d.portray(ctx, tx, refs)
		return err
	})
	if err != nil {
		return err
	}
	list := make([]portrait, 0, len(portraits))
	for _, p := range portraits {
		list = append(list, p)
	}
	w := pack.NewWriter(m.id, m.keys.Key, m.last, m.keys.Told, d.Rand)
	if len(list) > atOnce/10 { // few people show nothing of what is common
		w.Share(values(list))
	}
	var changes []pack.Change
	var rows [][]any
	var gone []uint32
	people := m.people
	for _, t := range work {
		p, ok := portraits[t.ref]
		if t.gone || !ok { // or emptied since they were listed
			if t.known {
				changes = append(changes, pack.Change{Number: t.number, Gone: true})
				gone = append(gone, t.number)
				people--
			}
			continue
		}
		var before *told
		if t.known {
			before = &told{}
			if err := d.open("told", append(slices.Clone(m.id[:]), t.ref.Person[:]...), t.sealed, before); err != nil {
				return err
			}
		} else {
			people++
		}
		c, now, err := p.change(t.number, m.id, m.keys.Master, before)
		if err != nil {
			return err
		}
		if c != nil {
			changes = append(changes, *c)
		}
		sealed, err := d.seal("told", append(slices.Clone(m.id[:]), t.ref.Person[:]...), now)
		if err != nil {
			return err
		}
		rows = append(rows, []any{string(area), m.id[:], int64(t.number), string(t.ref.Home), slices.Clone(t.ref.Person[:]), t.mark, sealed})
	}
	pieces, err := w.Write(changes)
	if err != nil {
		return err
	}
	next := *m
	next.people, next.keys.Told = people, w.Tables()
	var body [][]any
	for _, p := range pieces {
		next.last = p.Seq
		next.bytes += int64(len(p.Bytes))
		body = append(body, []any{string(area), m.id[:], int64(p.Seq), p.Bytes})
	}
	if len(pieces) > 0 {
		next.version++
	}
	sealed, err := d.seal("pack", m.id[:], next.keys)
	if err != nil {
		return err
	}
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE pack SET keys = ?3, last = ?4, people = ?5, left_out = ?6, person = ?7, bytes = ?8, version = ?9,
			changed_at = CASE WHEN version < ?9 THEN ?10 ELSE changed_at END WHERE area = ?1 AND pack = ?2 AND last = ?11 AND state = ?12`,
			string(area), m.id[:], sealed, int64(next.last), next.people, next.left, int64(next.person), next.bytes, next.version, d.Clock().Unix(), int64(m.last), state)
		if err == nil && n == 0 {
			err = civic.NewProblem(civic.MovedOn, nil) // another process was quicker
		}
		if err != nil {
			return err
		}
		if _, err := tx.Insert(ctx, "pack_piece", []string{"area", "pack", "seq", "body"}, body, ""); err != nil {
			return err
		}
		for _, n := range gone {
			if _, err := tx.Exec(ctx, "DELETE FROM pack_person WHERE area = ?1 AND pack = ?2 AND number = ?3", string(area), m.id[:], int64(n)); err != nil {
				return err
			}
		}
		_, err = tx.Insert(ctx, "pack_person", []string{"area", "pack", "number", "home", "person", "mark", "told"}, rows,
			"ON CONFLICT (area, pack, number) DO UPDATE SET mark = excluded.mark, told = excluded.told")
		return err
	})
	if err != nil {
		return err
	}
	r.Pieces += len(pieces)
	r.Bytes += next.bytes - m.bytes
	r.Changed += len(changes) - len(gone)
	r.Gone += len(gone)
	*m = next
	r.People, r.Left, r.Total = m.people, m.left, m.bytes
	return nil
}
