package registry

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Withdraw marks what registrations of an office said as taken back: it stays
// written and counts no longer. A person of whom nothing else was said is
// emptied. It tells how many were marked; those marked before are left alone.
func (e *Embedded) Withdraw(ctx context.Context, tx ledger.Tx, area civic.Area, registrations []civic.RegistrationID, at int64) (int, error) {
	linked, err := e.Linked(ctx, tx, area, registrations)
	if err != nil {
		return 0, err
	}
	wanted := make(map[civic.RegistrationID]bool, len(registrations))
	seen := map[Ref]bool{}
	var refs []Ref
	for _, id := range registrations {
		wanted[id] = true
		for _, l := range linked[id] {
			if !seen[l.To] {
				seen[l.To] = true
				refs = append(refs, l.To)
			}
		}
	}
	people, err := e.Known(ctx, tx, refs)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range people {
		marked, err := e.withdraw(ctx, tx, p, area, wanted, at)
		if err != nil {
			return n, err
		}
		n += marked
	}
	return n, nil
}

func (e *Embedded) withdraw(ctx context.Context, tx ledger.Tx, p *Person, area civic.Area, wanted map[civic.RegistrationID]bool, at int64) (n int, err error) {
	keep := map[uint64]bool{}
	gone := map[uint64]bool{}
	standing := 0
	for i := range p.Said {
		s := &p.Said[i]
		if s.Withdrawn != 0 {
			continue
		}
		into := keep
		if s.Office == area && wanted[s.Registration] {
			into = gone
			n++
			if _, err := tx.Exec(ctx, "UPDATE registry_said SET withdrawn_at = ?5 WHERE area = ?1 AND person = ?2 AND registration = ?3 AND subject = ?4",
				string(p.Home), p.Person[:], s.Registration[:], s.Subject, at); err != nil {
				return n, err
			}
		} else {
			standing++
		}
		for _, k := range match.Keys(match.FromClaims(s.Claims)) {
			into[k] = true
		}
	}
	for k := range gone {
		if keep[k] {
			continue
		}
		if _, err := tx.Exec(ctx, "DELETE FROM registry_key WHERE key = ?1 AND person = ?2", e.seals.key(k), p.Person[:]); err != nil {
			return n, err
		}
	}
	if n > 0 && standing == 0 {
		if err := setState(ctx, tx, p.Ref, Emptied); err != nil {
			return n, err
		}
	}
	return n, e.note(ctx, tx, []Ref{p.Ref})
}
