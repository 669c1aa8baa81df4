package serve

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// registriesSetting is where the outside registries are kept.
const registriesSetting = "registries"

// Registries lists the outside registries of this centre.
func (c *Centre) Registries(ctx context.Context) (list []Joined, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		list, err = readJoined(ctx, tx)
		return err
	})
	return list, err
}

// Join has an outside registry asked and told, from the next start of each
// process on; joined again under the same name, its settings change. It is told
// of everybody who is known already, whose number it gives.
func (c *Centre) Join(ctx context.Context, j Joined) (waiting int64, err error) {
	if _, err := j.open(c.Clock); err != nil {
		return 0, err
	}
	err = c.DB.Update(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(o Joined) bool { return o.Name == j.Name })
		if list = append(list, j); len(list) > maxJoined {
			return civic.NewProblem(civic.WrongUse, nil, "A centre joins at most eight outside registries.")
		}
		if err := writeJoined(ctx, tx, list); err != nil {
			return err
		}
		if waiting, err = registry.Begin(ctx, tx, j.Name, c.Clock()); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "join_registry", Detail: j.Name}})
	})
	return waiting, err
}

// Leave ends asking and telling an outside registry, from the next start of
// each process on. What it was told stays noted.
func (c *Centre) Leave(ctx context.Context, name string) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		n := len(list)
		if list = slices.DeleteFunc(list, func(o Joined) bool { return o.Name == name }); len(list) == n {
			return civic.NewProblem(civic.WrongUse, nil, "There is no outside registry of this name: see fieldkit-server registry list.")
		}
		if err := writeJoined(ctx, tx, list); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "leave_registry", Detail: name}})
	})
}

// openRegistries makes the ways to outside registries and has this one followed
// by them.
func (c *Centre) openRegistries(ctx context.Context) (lookups []reconcile.Lookup, err error) {
	list, err := c.Registries(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, j := range list {
		names = append(names, j.Name)
		outside, err := j.open(c.Clock)
		if err != nil {
			// The centre goes on, and can be told to leave it: what is meant for it waits.
			c.Logger.Error("an outside registry cannot be reached as it is joined", "registry", j.Name, "error", err)
			outside = away{j.Name, err}
		}
		if j.Ask != AskNo {
			lookups = append(lookups, reconcile.Lookup{Name: j.Name, Outside: outside, Wait: j.Ask == AskWait})
		}
		c.couriers = append(c.couriers, registry.NewCourier(registry.CourierConfig{
			DB: c.DB, Registry: c.Registry, Name: j.Name, Outside: outside, Clock: c.Clock, Logger: c.Logger, Note: noteTelling,
		}))
	}
	c.Registry.Follow(c.Clock, names...)
	return lookups, nil
}

// noteTelling leaves the row that the citizen sees: what an outside registry
// was told of him.
func noteTelling(ctx context.Context, tx ledger.Tx, at time.Time, t registry.Telling) error {
	if t.Refused != "" {
		return audit.Write(ctx, tx, at, []audit.Row{{Area: t.Home, Actor: "registry", Action: "registry_refused", Object: bytes.Clone(t.Person[:]), Detail: t.Registry + " " + t.Refused}})
	}
	return translog.Append(ctx, tx, at, []translog.Entry{{
		Area: t.Home, Person: t.Person, Kind: translog.Agency, Actor: t.Registry, Action: translog.Disclosure, Basis: "public_task", Procedure: "registry",
		Fields: t.Fields, Count: 1,
	}})
}

// runCouriers tells outside registries until the context ends.
func (c *Centre) runCouriers(ctx context.Context) {
	var wait sync.WaitGroup
	for _, courier := range c.couriers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			courier.Run(ctx)
		}()
	}
	wait.Wait()
}

// Outbox tells what waits for outside registries, those with nothing to be told
// included.
func (c *Centre) Outbox(ctx context.Context) (out []registry.Waits, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		list, err := readJoined(ctx, tx)
		if err != nil {
			return err
		}
		if out, err = registry.Outbox(ctx, tx); err != nil {
			return err
		}
		out = slices.DeleteFunc(out, func(w registry.Waits) bool {
			return !slices.ContainsFunc(list, func(j Joined) bool { return j.Name == w.Registry })
		})
		for _, j := range list {
			if !slices.ContainsFunc(out, func(w registry.Waits) bool { return w.Registry == j.Name }) {
				out = append(out, registry.Waits{Registry: j.Name})
			}
		}
		return nil
	})
	return out, err
}
