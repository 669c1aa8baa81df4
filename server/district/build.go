package district

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/pack"
)

// The states of a pack.
const (
	stateMaking = 1
	stateOpen   = 2
	stateClosed = 3
)

// atOnce is how many people are opened at a time: a transaction that writes
// stays short.
const atOnce = 1000

// Report says what a build did.
type Report struct {
	Area    civic.Area
	Number  int64
	New     bool // another pack than before
	People  int  // in it now
	Left    int  // belong to it, and there is no room
	Changed int  // told anew or again
	Gone    int  // moved, merged or withdrawn
	Pieces  int  // made now
	Bytes   int64
	Total   int64 // of all pieces
}

// making is a pack at work.
type making struct {
	id      pack.ID
	number  int64
	last    uint64
	person  uint32
	bytes   int64
	people  int
	left    int
	made    time.Time
	version int64
	stale   bool
	keys    keys
}

// keys are the secrets of a pack, as they lie sealed in its row.
type keys struct {
	Key    pack.Key    `cbor:"1,keyasint"`
	Master pack.Master `cbor:"2,keyasint"`
	Told   pack.Tables `cbor:"3,keyasint"`
}

// Build makes or refreshes the pack of an office that Set was called for. With
// anew, or when the pack has grown old, another one replaces it.
func (d *District) Build(ctx context.Context, area civic.Area, anew bool) (r Report, err error) {
	d.making.Lock()
	defer d.making.Unlock()
	// Another process may be at it; whoever loses looks again at what is left.
	for range 3 {
		if r, err = d.build(ctx, area, anew); civic.CodeOf(err) != civic.MovedOn {
			break
		}
	}
	return r, err
}

func (d *District) build(ctx context.Context, area civic.Area, anew bool) (Report, error) {
	all, err := d.Settings(ctx, area)
	if err != nil {
		return Report{}, err
	}
	if area == "" || len(all) == 0 {
		return Report{}, civic.NewProblem(civic.PackAbsent, nil)
	}
	s := all[0]
	var m *making
	var who []someone
	err = d.DB.View(ctx, func(tx ledger.Tx) (err error) {
		if m, err = d.current(ctx, tx, area); err != nil {
			return err
		}
		who, err = members(ctx, tx, s)
		return err
	})
	if err != nil {
		return Report{}, err
	}
	now := d.Clock()
	var r Report
	if m == nil || anew || m.stale || now.Sub(m.made) >= s.Keep || m.bytes > 2*max(s.MaxBytes, 1<<20) {
		r, err = d.full(ctx, s, m, who)
	} else {
		r, err = d.refresh(ctx, s, m, who)
	}
	if err != nil {
		return r, err
	}
	return r, d.DB.Update(ctx, func(tx ledger.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE pack_district SET next_at = ?2 WHERE area = ?1", string(area), now.Add(s.Every).Unix())
		return err
	})
}

// current reads the open pack of an office, nil when there is none.
func (d *District) current(ctx context.Context, tx ledger.Tx, area civic.Area) (*making, error) {
	var id, sealed []byte
	var made, stale, person int64
	m := &making{}
	err := tx.QueryRow(ctx, `SELECT pack, number, keys, last, people, left_out, person, bytes, version, made_at, stale FROM pack
		WHERE area = ?1 AND state = ?2`, string(area), stateOpen).Scan(&id, &m.number, &sealed, &m.last, &m.people, &m.left, &person, &m.bytes, &m.version, &made, &stale)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m.id, m.person, m.made, m.stale = pack.ID(id), uint32(person), time.Unix(made, 0), stale != 0
	return m, d.open("pack", id, sealed, &m.keys)
}

// full makes another pack of everybody and closes the one before.
func (d *District) full(ctx context.Context, s Settings, old *making, who []someone) (Report, error) {
	m := &making{made: d.Clock(), number: 1, version: 1}
	for _, secret := range [][]byte{m.id[:], m.keys.Key[:], m.keys.Master[:]} {
		if _, err := io.ReadFull(d.Rand, secret); err != nil {
			return Report{}, err
		}
	}
	sealed, err := d.seal("pack", m.id[:], m.keys)
	if err != nil {
		return Report{}, err
	}
	err = d.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT coalesce(max(number), 0) + 1 FROM pack WHERE area = ?1", string(s.Area)).Scan(&m.number); err != nil {
			return err
		}
		if err := d.clear(ctx, tx, s.Area, stateMaking); err != nil { // of a build that was cut
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO pack (area, pack, number, state, keys, version, made_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
			string(s.Area), m.id[:], m.number, stateMaking, sealed, m.version, m.made.Unix())
		return err
	})
	if err != nil {
		return Report{}, err
	}
	r := Report{Area: s.Area, Number: m.number, New: true}
	for len(who) > 0 {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		n := min(atOnce, len(who), room(s, m))
		if n == 0 || n < fewest && n < len(who) {
			m.left, r.Left = len(who), len(who)
			break
		}
		part := make([]task, n)
		for i, w := range who[:n] {
			m.person++
			part[i] = task{someone: w, number: m.person}
		}
		who = who[n:]
		m.left = len(who)
		if err := d.tell(ctx, s.Area, m, part, &r, stateMaking); err != nil {
			return r, err
		}
	}
	return r, d.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := d.clear(ctx, tx, s.Area, stateOpen); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE pack SET state = ?3, left_out = ?4 WHERE area = ?1 AND pack = ?2", string(s.Area), m.id[:], stateOpen, int64(r.Left)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, d.Clock(), []audit.Row{{Area: s.Area, Actor: "district", Action: "make_pack", Object: slices.Clone(m.id[:])}})
	})
}

// firstEach is what a person may cost before the pack itself tells, in bytes.
const firstEach = 320

// room is how many further people a pack may take, going by those it has: a
// tenth is kept back, so that the next look fills what is left.
func room(s Settings, m *making) int {
	each := int64(firstEach)
	if m.people > 0 {
		each = max(m.bytes*11/10/int64(m.people), 1)
	}
	return int(max((s.MaxBytes-m.bytes)/each, 0))
}

// clear takes away packs of a state with their keys; a closed pack keeps only
// its number.
func (d *District) clear(ctx context.Context, tx ledger.Tx, area civic.Area, state int) error {
	var ids [][]byte
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var id []byte
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	}, "SELECT pack FROM pack WHERE area = ?1 AND state = ?2", string(area), state)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, statement := range []string{
			"DELETE FROM pack_piece WHERE area = ?1 AND pack = ?2",
			"DELETE FROM pack_person WHERE area = ?1 AND pack = ?2",
			"UPDATE pack SET state = 3, keys = NULL WHERE area = ?1 AND pack = ?2",
		} {
			if _, err := tx.Exec(ctx, statement, string(area), id); err != nil {
				return err
			}
		}
	}
	return nil
}

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
