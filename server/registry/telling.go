package registry

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// tell brings one person to the registry and notes what came of it.
func (c *Courier) tell(ctx context.Context, p *parcel) (bool, error) {
	var cp Copy
	var skip, hold bool
	err := c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		cp, skip, hold, err = c.copy(ctx, tx, p)
		return err
	})
	if err != nil {
		return false, err
	}
	if hold {
		return false, c.DB.Update(ctx, func(tx ledger.Tx) error {
			return postponed(ctx, tx, c.Name, p, c.Clock().Add(postpone), false, "")
		}, ledger.Office(p.Home))
	}
	kept := Kept{ID: p.outside, Version: p.version}
	if !skip {
		limited, cancel := context.WithTimeout(ctx, putTime)
		kept, err = c.Outside.Put(limited, cp)
		cancel()
	}
	switch {
	case err == nil:
		if kept.ID == "" {
			kept.ID = p.outside
		}
		return !skip, c.DB.Update(ctx, func(tx ledger.Tx) error {
			if err := told(ctx, tx, c.Name, p, kept); err != nil || skip {
				return err
			}
			if kept.Duplicates > 0 {
				c.Logger.Warn("an outside registry holds a person more than once", "registry", c.Name, "person", p.Person.String(), "more", kept.Duplicates)
			}
			return c.note(ctx, tx, Telling{Registry: c.Name, Ref: p.Ref, Fields: fields(cp.Attributes)})
		}, ledger.Office(p.Home))
	case ctx.Err() != nil:
		return false, errors.Join(ctx.Err(), c.release(context.WithoutCancel(ctx), p, true))
	case civic.CodeOf(err) == civic.RegistryRefused:
		word := refusal(err)
		c.Logger.Warn("an outside registry refused a person", "registry", c.Name, "person", p.Person.String(), "said", word)
		return false, c.DB.Update(ctx, func(tx ledger.Tx) error {
			if err := postponed(ctx, tx, c.Name, p, c.Clock(), true, word); err != nil {
				return err
			}
			return c.note(ctx, tx, Telling{Registry: c.Name, Ref: p.Ref, Refused: word})
		}, ledger.Office(p.Home))
	default:
		// Down or broken: nobody can say what was done.
		return false, errors.Join(err, c.release(ctx, p, true))
	}
}

// copy reads a person as it is now. skip says that the registry need not be
// told, hold that somebody else has to be told first.
func (c *Courier) copy(ctx context.Context, tx ledger.Tx, p *parcel) (cp Copy, skip, hold bool, err error) {
	people, err := c.Registry.Known(ctx, tx, []Ref{p.Ref})
	if err != nil {
		return cp, false, false, err
	}
	if len(people) == 0 {
		return cp, false, false, civic.NewProblem(civic.LedgerDamaged, errors.New("an outbox row of nobody"))
	}
	person := people[0]
	if person.State == Waiting {
		return cp, true, false, nil // it is told when a reviewer has decided
	}
	cp = Copy{
		Person: p.Person, Key: putKey(c.Name, p.Ref, p.n), Active: person.State == Standing, Attributes: Fold(person),
		ID: p.outside, Version: p.version, Adopted: p.adopted, Doubt: p.doubt,
	}
	if cp.Active {
		return cp, false, false, nil
	}
	if p.sent == 0 && !p.adopted && !p.doubt {
		return cp, true, false, nil // over there it never was
	}
	to, err := c.Registry.wentTo(ctx, tx, p.Ref)
	if err != nil {
		return cp, false, false, err
	}
	if to.Person.IsZero() {
		return cp, false, false, nil
	}
	cp.Into = to.Person
	var waits bool
	cp.ReplacedBy, waits, err = outsideOf(ctx, tx, c.Name, to)
	return cp, false, cp.ReplacedBy == "" && waits, err
}

// wentTo tells to whom the last of what a person was made of went.
func (e *Embedded) wentTo(ctx context.Context, tx ledger.Tx, ref Ref) (to Ref, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var person []byte
		err := r.Scan(&to.Home, &person)
		if err == nil {
			to.Person = civic.PersonID(person)
		}
		return err
	}, "SELECT home, person FROM registry_event WHERE was_home = ?1 AND was_person = ?2 ORDER BY at, n", string(ref.Home), ref.Person[:])
	return to, err
}

func fields(attributes []Attribute) []civic.Attribute {
	out := make([]civic.Attribute, len(attributes))
	for i := range attributes {
		out[i] = attributes[i].Name
	}
	return out
}

// refusal is the word a registry refused with, for lists: the second of the
// problem's words.
func refusal(err error) string {
	var p *civic.Problem
	if errors.As(err, &p) && len(p.Words) > 1 && p.Words[1] != "" {
		return p.Words[1]
	}
	return "refused"
}
