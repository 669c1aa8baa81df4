package registrytest

import (
	"context"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// Embedded puts the embedded registry of another ledger behind the port of
// outside ones, so that one suite holds all three to the same contract.
type Embedded struct {
	DB       ledger.DB
	Registry *registry.Embedded
}

var _ registry.Outside = (*Embedded)(nil)

// Home is where persons put into it are at home.
const Home = civic.Area("outside")

// Can is what it can do.
func (e *Embedded) Can(context.Context) (registry.Capability, error) {
	return registry.CanSearch | registry.CanCreate | registry.CanUpdate, nil
}

// Find finds by match keys and leaves out whom the model thinks a stranger.
func (e *Embedded) Find(ctx context.Context, claims []civic.Claim) ([]registry.Foreign, error) {
	asked := match.Prepare(match.FromClaims(claims))
	model := match.DefaultModel()
	var out []registry.Foreign
	err := e.DB.View(ctx, func(tx ledger.Tx) error {
		out = nil
		found, err := e.Registry.Candidates(ctx, tx, [][]uint64{asked.Keys()})
		if err != nil {
			return err
		}
		for _, p := range found[0].Persons {
			like := false
			for _, r := range p.Records() {
				like = like || model.Compare(asked, r, false).Relation != match.Stranger
			}
			if !like {
				continue
			}
			f := registry.Foreign{ID: p.Person.String(), Ours: p.Person}
			for _, a := range registry.Fold(p) {
				f.Claims = append(f.Claims, a.Holds)
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

// Put writes a state as one more visit under the state's key.
func (e *Embedded) Put(ctx context.Context, c registry.Copy) (registry.Kept, error) {
	kept := registry.Kept{ID: c.Person.String()}
	reg := civic.RegistrationID(c.Key)
	ref := registry.Ref{Home: Home, Person: c.Person}
	err := e.DB.Update(ctx, func(tx ledger.Tx) error {
		links, err := e.Registry.Linked(ctx, tx, Home, []civic.RegistrationID{reg})
		if err != nil || len(links[reg]) > 0 {
			return err
		}
		people, err := e.Registry.Known(ctx, tx, []registry.Ref{ref})
		if err != nil {
			return err
		}
		if !c.Active {
			_, err := tx.Exec(ctx, "UPDATE registry_person SET state = ?3 WHERE area = ?1 AND person = ?2", string(Home), c.Person[:], int64(registry.Emptied))
			return err
		}
		said := registry.Said{Registration: reg, Office: Home, At: 1_780_000_000 + int64(c.Key[0])}
		for _, a := range c.Attributes {
			claim := a.Holds
			claim.At.Wall = said.At
			said.Claims = append(said.Claims, claim)
		}
		return e.Registry.Apply(ctx, tx, []registry.Change{{
			Said: said, To: ref, State: registry.Standing, Fresh: len(people) == 0, Keys: match.Keys(match.FromClaims(said.Claims)), Actor: "test",
		}})
	})
	return kept, err
}
