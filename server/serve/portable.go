package serve

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/portable"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxReason bounds a reason, in bytes.
const maxReason = translog.MaxText

// TakeAlong writes a person's own data for the person to take along, whatever
// office the person belongs to. It needs a reason; that it was done stands in the
// log the person can read, in the transaction that reads the data. actor is who
// does it.
func (c *Centre) TakeAlong(ctx context.Context, id civic.PersonID, format, reason, actor string, kind translog.Kind) (out []byte, err error) {
	find := func(tx ledger.Tx) (*registry.Person, error) { return c.personByID(ctx, tx, id) }
	return c.takeAlong(ctx, find, format, reason, actor, kind)
}

func (c *Centre) takeAlong(ctx context.Context, find func(ledger.Tx) (*registry.Person, error), format, reason, actor string, kind translog.Kind) (out []byte, err error) {
	if c.Registry == nil {
		return nil, civic.NewProblem(civic.NeedsOpener, nil)
	}
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return nil, civic.NewProblem(civic.ReasonRequired, nil)
	}
	dictionary, err := attributes.Read(assets.Attributes)
	if err != nil {
		return nil, err
	}
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		p, err := find(tx)
		if err != nil {
			return err
		}
		s := portable.Subject{Person: p, Dictionary: dictionary, Registry: c.Access.Keys().Root.Subject.CommonName, Now: c.Clock(), Services: map[civic.RegistrationID]civic.ServiceID{}}
		if s.Agreements, err = c.inForce(ctx, tx); err != nil {
			return err
		}
		e := translog.Entry{Area: p.Home, Person: p.Person, Kind: kind, Actor: actor, Action: translog.Portability, Reason: reason, Explicit: true, Count: 1, Procedure: format}
		for _, said := range p.Said {
			if s.Services[said.Registration], err = c.serviceOf(ctx, tx, said); err != nil {
				return err
			}
		}
		if s.Choices, err = choicesOf(ctx, tx, p); err != nil {
			return err
		}
		for _, a := range registry.Fold(p) {
			e.Fields = append(e.Fields, a.Name)
		}
		if out, err = portable.Write(format, s); err != nil {
			return err
		}
		return translog.Append(ctx, tx, c.Clock(), []translog.Entry{e})
	})
	return out, err
}

// choicesOf reads what a person chose with the registrations that are about them.
func choicesOf(ctx context.Context, tx ledger.Tx, p *registry.Person) ([]portable.Choice, error) {
	own := map[civic.Area][]civic.RegistrationID{}
	for i := range p.Said {
		if p.Said[i].Subject == "" {
			own[p.Said[i].Office] = append(own[p.Said[i].Office], p.Said[i].Registration)
		}
	}
	var out []portable.Choice
	for area, ids := range own {
		list, err := share.Choices(ctx, tx, area, ids)
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			out = append(out, portable.Choice{
				Record: c.Record, State: string(c.State), Source: c.Scope.Source, Target: c.Scope.Target, Agency: string(c.Scope.Agency), Purpose: c.Scope.Purpose,
				Language: c.Language, ReadAloud: c.ReadAloud, Notice: c.Notice, By: c.By, Channel: c.Channel,
				Office: c.Area, Registration: c.Registration, Said: c.Said, Counts: c.Counts, Until: c.Until,
			})
		}
	}
	slices.SortStableFunc(out, func(a, b portable.Choice) int {
		return cmp.Or(a.Counts.Compare(b.Counts), strings.Compare(a.Record, b.Record))
	})
	return out, nil
}

// personByID finds a person whose home is not known.
func (c *Centre) personByID(ctx context.Context, tx ledger.Tx, id civic.PersonID) (*registry.Person, error) {
	ref := registry.Ref{Person: id}
	err := tx.QueryRow(ctx, "SELECT area FROM registry_person WHERE person = ?1 AND state <> ?2", id[:], int64(registry.Emptied)).Scan(&ref.Home)
	if errors.Is(err, ledger.ErrNoRows) {
		return nil, civic.NewProblem(civic.PersonAbsent, err)
	}
	if err != nil {
		return nil, err
	}
	return c.personAt(ctx, tx, ref)
}

// personAt reads a person of an office; civic.PersonAbsent when it has none such.
func (c *Centre) personAt(ctx context.Context, tx ledger.Tx, ref registry.Ref) (*registry.Person, error) {
	people, err := c.Registry.Known(ctx, tx, []registry.Ref{ref})
	if err != nil {
		return nil, err
	}
	if len(people) != 1 || people[0].State == registry.Emptied {
		return nil, civic.NewProblem(civic.PersonAbsent, nil)
	}
	return people[0], nil
}

func (c *Centre) serviceOf(ctx context.Context, tx ledger.Tx, said registry.Said) (civic.ServiceID, error) {
	var form string
	err := tx.QueryRow(ctx, "SELECT form FROM outcome WHERE area = ?1 AND registration = ?2", string(said.Office), said.Registration[:]).Scan(&form)
	if errors.Is(err, ledger.ErrNoRows) {
		return "", nil
	}
	name, version, _ := strings.Cut(form, "@")
	return c.Meter.Service(civic.FormRef{ID: civic.FormID(name), Version: version}), err
}

// takeAlongAt is TakeAlong for the console: of a person of the office that the
// visitor was found to see, and of no other.
func (c *Centre) takeAlongAt(ctx context.Context, ref registry.Ref, as, reason, staff string) ([]byte, error) {
	find := func(tx ledger.Tx) (*registry.Person, error) { return c.personAt(ctx, tx, ref) }
	return c.takeAlong(ctx, find, as, reason, staff, translog.Staff)
}
