package district

import (
	"context"
	"io"
	"slices"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

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
