package serve

import (
	"context"
	"errors"
	"time"
)

const (
	// sweepEvery is how often uploads that nobody goes on with, and rows past
	// their time, are looked for.
	sweepEvery = time.Hour
	// attendEvery is how often the opener looks what intakes ask of the root, and
	// what kits are to be told.
	attendEvery = time.Second
	// tellRounds bounds what one such round tells kits of who looked, so that it
	// keeps up with agencies and still leaves the ledger to others.
	tellRounds = 64
)

// retryForms takes up what waited for a form that is here now.
func (c *Centre) retryForms(ctx context.Context) {
	if n, err := c.Ingest.RetryForms(ctx); err != nil {
		c.Logger.Error("batches that waited for a form cannot be taken up", "error", err)
	} else if n > 0 {
		c.Logger.Info("taken up: their form has arrived", "files", n)
	}
}

// Work runs the workers until the context ends: an intake sweeps, whoever has
// the registry's keys settles too, and signs what intakes ask for.
func (c *Centre) Work(ctx context.Context) error {
	settled := make(chan error, 1)
	if c.Access.Keys().Opens() {
		c.retryForms(ctx)
		looking := make(chan struct{})
		go func() { c.Published.Run(ctx, true, c.retryForms); close(looking) }()
		defer func() { <-looking }()
		sending := make(chan struct{})
		go func() { _ = c.SPDCI.Run(ctx); close(sending) }() // it ends only with the context
		defer func() { <-sending }()
		growing := make(chan struct{})
		go func() { c.Log.Run(ctx); close(growing) }()
		defer func() { <-growing }()
		telling := make(chan struct{})
		go func() { c.runCouriers(ctx); close(telling) }()
		defer func() { <-telling }()
		go func() { settled <- c.Ingest.Run(ctx) }()
	} else {
		go func() { <-ctx.Done(); settled <- ctx.Err() }()
	}
	sweep, attend := time.NewTicker(sweepEvery), time.NewTicker(attendEvery)
	defer sweep.Stop()
	defer attend.Stop()
	if c.Access.Keys().Opens() {
		c.attend(ctx)
	}
	for {
		select {
		case err := <-settled:
			return err
		case <-sweep.C:
			if err := c.Ingest.Sweep(); err != nil {
				c.Logger.Error("old uploads cannot be removed", "error", err)
			}
			if c.Access.Keys().Opens() {
				if err := errors.Join(c.SPDCI.Sweep(ctx), c.District.Sweep(ctx)); err != nil && ctx.Err() == nil {
					c.Logger.Error("what is over cannot be forgotten", "error", err)
				}
			}
		case <-attend.C:
			if c.Access.Keys().Opens() {
				c.attend(ctx)
			}
		}
	}
}

// attend does what is to be done every second, in one process where there are
// several on one database.
func (c *Centre) attend(ctx context.Context) {
	mine, release, err := c.DB.Turns(ctx, []string{"attend"}, 1)
	if err != nil && ctx.Err() == nil {
		c.Logger.Error("the ledger gives no turns", "error", err)
	}
	if err != nil || len(mine) == 0 {
		return
	}
	defer release()
	if err := c.District.Tend(ctx); err != nil && ctx.Err() == nil {
		c.Logger.Error("the district packs cannot be kept up to date", "error", err)
	}
	if _, err := c.Places.Deliver(ctx); err != nil && ctx.Err() == nil {
		c.Logger.Error("kits cannot be told of places", "error", err)
	}
	if _, err := c.Share.Tell(ctx, c.DB); err != nil && ctx.Err() == nil {
		c.Logger.Error("kits cannot be told of agreements", "error", err)
	}
	for range tellRounds {
		looked, err := c.Citizens.Tell(ctx)
		if err != nil && ctx.Err() == nil {
			c.Logger.Error("kits cannot be told who looked", "error", err)
		}
		if looked == 0 || err != nil {
			break
		}
	}
	if err := c.Access.Attend(ctx); err != nil && ctx.Err() == nil {
		c.Logger.Error("an intake cannot be attended to", "error", err)
	}
}
