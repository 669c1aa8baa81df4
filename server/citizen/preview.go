package citizen

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Crossing is what one agency would be handed under one agreement if it asked
// now, and what would stay back.
type Crossing struct {
	Agency    string // its name
	Agreement agreement.Agreement
	Values    []registry.Attribute
	Withheld  []Withheld
}

// Withheld is a field that stays back, and why.
type Withheld struct {
	Name    civic.Attribute
	Reasons []policy.Reason
}

// Preview shows the person what would cross before it crosses: for each agreement
// in force the values that the policies would let through at this moment, if the
// agency named the person's own request and the person had seen them, as this
// person now has. Nothing crosses by it, and it leaves a row as any reading does.
func (c *Citizens) Preview(ctx context.Context, v Visit) (all []Crossing, err error) {
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		all = nil
		who, err := c.person(ctx, tx, v)
		if err != nil {
			return err
		}
		persons, err := c.Registry.Known(ctx, tx, []registry.Ref{who})
		if err != nil {
			return err
		}
		if len(persons) != 1 {
			return civic.NewProblem(civic.PersonAbsent, nil)
		}
		list, err := c.Share.InForce(ctx, tx)
		if err != nil {
			return err
		}
		shown := map[civic.Attribute]bool{}
		for i := range list {
			if list[i].Agreement.Agency == "" { // followed by kits, read by nobody outside
				continue
			}
			one, err := c.crossing(ctx, tx, &list[i].Agreement, persons[0])
			if civic.CodeOf(err) == civic.AgencyAbsent { // it has not joined: nobody is there who could ask
				continue
			}
			if err != nil {
				return err
			}
			for _, a := range one.Values {
				shown[a.Name] = true
			}
			all = append(all, one)
		}
		e := translog.Entry{
			Area: who.Home, Person: who.Person, Kind: translog.Citizen, Action: translog.Look, Procedure: "preview " + v.Factor,
			Records: []civic.RegistrationID{v.Registration}, Count: 1,
		}
		for _, a := range registry.Fold(persons[0]) {
			if shown[a.Name] {
				e.Fields = append(e.Fields, a.Name)
			}
		}
		return translog.Append(ctx, tx, c.Clock(), []translog.Entry{e})
	})
	return all, err
}

func (c *Citizens) crossing(ctx context.Context, tx ledger.Tx, a *agreement.Agreement, p *registry.Person) (Crossing, error) {
	out := Crossing{Agreement: *a}
	agency, err := c.Share.Agency(ctx, tx, a.Agency)
	if err != nil {
		return out, err
	}
	out.Agency = agency.Name
	r, err := c.Share.Open(ctx, tx, share.Ask{Agency: agency, Purpose: a.Purpose.Code, Explicit: "preview", Previewed: true})
	if err != nil {
		return out, err
	}
	looks, err := r.Look(ctx, []*registry.Person{p})
	if err != nil {
		return out, err
	}
	out.Values = looks[0].Values
	for _, covered := range a.Attributes { // in the agreement's order
		if d, asked := looks[0].Seen.Fields[covered.Name]; asked && !d.Allowed {
			out.Withheld = append(out.Withheld, Withheld{covered.Name, d.Reasons})
		}
	}
	return out, nil
}
