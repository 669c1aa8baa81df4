package meter

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// round is how many visits one call looks up.
const round = 200

// waiting is a visit whose held answers were not looked up.
type waiting struct {
	area civic.Area
	id   civic.RegistrationID
	form string
}

// Look works out for visits that were decided what the registry held when they
// were made, at most a round of them; it tells how many.
func (m *Meter) Look(ctx context.Context) (int, error) {
	if m.Registry == nil {
		return 0, nil
	}
	agreements, err := m.Agreements(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	err = m.DB.Update(ctx, func(tx ledger.Tx) error {
		n = 0
		var list []waiting
		err := ledger.All(ctx, tx, func(r ledger.Row) error {
			var w waiting
			var id []byte
			if err := r.Scan(&w.area, &id, &w.form); err != nil {
				return err
			}
			if len(id) != len(w.id) {
				return civic.NewProblem(civic.LedgerDamaged, nil)
			}
			w.id = civic.RegistrationID(id)
			list = append(list, w)
			return nil
		}, `SELECT m.area, m.registration, o.form FROM meter m JOIN outcome o ON o.area = m.area AND o.registration = m.registration
 WHERE m.held = -1 ORDER BY m.area, m.registration LIMIT ?1`, int64(round))
		if err != nil {
			return err
		}
		for _, w := range list {
			held, err := m.held(ctx, tx, agreements, w)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "UPDATE meter SET held = ?3 WHERE area = ?1 AND registration = ?2", string(w.area), w.id[:], int64(held)); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, err
}

// held counts the answers of a visit for which the registry held an earlier one
// that was fresh and that an agreement let this service reuse. Where an
// agreement rests on consent it does not count: the centre does not hold it
// against an office that it respected a choice.
func (m *Meter) held(ctx context.Context, tx ledger.Tx, set *agreement.Set, w waiting) (int, error) {
	linked, err := m.Registry.Linked(ctx, tx, w.area, []civic.RegistrationID{w.id})
	if err != nil {
		return 0, err
	}
	var refs []registry.Ref
	for _, l := range linked[w.id] {
		refs = append(refs, l.To)
	}
	people, err := m.Registry.Known(ctx, tx, refs)
	if err != nil {
		return 0, err
	}
	service := m.serviceOf(w.form)
	forms := map[civic.RegistrationID]string{}
	n := 0
	for _, p := range people {
		for _, s := range p.Said {
			if s.Registration != w.id {
				continue
			}
			for _, c := range s.Claims {
				ok, err := m.reusable(ctx, tx, set, service, p, &s, c, forms)
				if err != nil {
					return 0, err
				}
				if ok {
					n++
				}
			}
		}
	}
	return n, nil
}

func (m *Meter) reusable(ctx context.Context, tx ledger.Tx, set *agreement.Set, service civic.ServiceID, p *registry.Person, now *registry.Said, c civic.Claim, forms map[civic.RegistrationID]string) (bool, error) {
	a, listed := m.Dictionary.Get(c.Attribute)
	if !listed || a.Reuse == attributes.Never {
		return false, nil
	}
	at := time.Unix(now.At, 0)
	for _, s := range p.Said {
		if s.Registration == now.Registration || s.At >= now.At || s.Withdrawn != 0 {
			continue
		}
		for _, old := range s.Claims {
			if old.Attribute != c.Attribute || old.Absent != civic.Present && old.Absent != civic.None || !a.Fresh(old.At.Time(), at) {
				continue
			}
			form, known := forms[s.Registration]
			if !known {
				if err := tx.QueryRow(ctx, "SELECT form FROM outcome WHERE area = ?1 AND registration = ?2", string(s.Office), s.Registration[:]).Scan(&form); err != nil {
					return false, err
				}
				forms[s.Registration] = form
			}
			source := m.serviceOf(form)
			if source == service {
				return true, nil
			}
			if answer := set.Allows(service, source, c.Attribute, at); answer.Allowed && answer.Agreement.Basis != agreement.ByConsent {
				return true, nil
			}
		}
	}
	return false, nil
}
