package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// courierEvery is how often the outbox is looked into.
	courierEvery = time.Second
	// courierRound is how many persons are taken up at once, courierHands how
	// many of them are told side by side.
	courierRound = 64
	courierHands = 4
	// putTime is what one telling may take; a worker has its persons in hand for
	// longer than a whole round can take, so that none is told twice at a time.
	putTime  = 30 * time.Second
	handTime = courierRound/courierHands*putTime + time.Minute
	// restFirst is how long a registry that does not answer rests the first
	// time; it doubles up to restMost.
	restFirst = 2 * time.Second
	restMost  = 10 * time.Minute
	// postpone is how long a person waits that hangs on another one.
	postpone = 5 * time.Second
)

// CourierConfig is what a Courier takes from its surroundings.
type CourierConfig struct {
	DB       ledger.DB
	Registry *Embedded
	// Name is the outside registry's in the outbox.
	Name    string
	Outside Outside
	Clock   func() time.Time
	Logger  *slog.Logger
	// Note writes what was told of whom, in the transaction that notes that it
	// was; it may be nil.
	Note func(ctx context.Context, tx ledger.Tx, at time.Time, t Telling) error
}

// Telling is what an outside registry was told.
type Telling struct {
	Registry string
	Ref
	Fields  []civic.Attribute
	Refused string // the registry's word when it said no
}

// Courier tells one outside registry what waits in the outbox. Any number of
// processes may run one for the same registry.
type Courier struct {
	CourierConfig

	mu    sync.Mutex
	fails int       // rounds in a row in which nobody answered
	rests time.Time // nobody is asked before
}

// NewCourier makes a Courier.
func NewCourier(c CourierConfig) *Courier { return &Courier{CourierConfig: c} }

// Run works until the context ends.
func (c *Courier) Run(ctx context.Context) {
	tick := time.NewTicker(courierEvery)
	defer tick.Stop()
	for {
		n, err := c.Work(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && civic.CodeOf(err) != civic.RegistryDown {
			c.Logger.Error("the outbox cannot be worked on", "registry", c.Name, "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Work tells what waits now, at most a round of it, and gives how many persons
// the registry took in. civic.RegistryDown says that it did not answer; it
// rests then for a while, and Work does nothing until that is over.
func (c *Courier) Work(ctx context.Context) (int, error) {
	now := c.Clock()
	if c.resting(now) {
		return 0, nil
	}
	var round []parcel
	err := c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		round, err = waiting(ctx, tx, c.Name, now, courierRound)
		return err
	})
	if err == nil && len(round) > 0 {
		found := round
		err = c.DB.Update(ctx, func(tx ledger.Tx) (err error) {
			round, err = take(ctx, tx, c.Name, now, now.Add(handTime), found)
			return err
		}, ledger.Registry())
	}
	if err != nil || len(round) == 0 {
		return 0, err
	}
	can, err := c.Outside.Can(ctx)
	if err == nil && !can.Has(CanNotify) && !can.Has(CanCreate|CanUpdate) {
		err = civic.NewProblem(civic.RegistryRefused, nil, c.Name, "read-only")
	}
	if err != nil {
		return 0, errors.Join(c.all(ctx, round, err), err)
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	done, down := 0, error(nil)
	hands := make(chan struct{}, courierHands)
	for i := range round {
		hands <- struct{}{}
		wait.Add(1)
		go func() {
			defer func() { <-hands; wait.Done() }()
			mu.Lock()
			stop := down
			mu.Unlock()
			var err error
			told := false
			if stop == nil {
				told, err = c.tell(ctx, &round[i])
			} else {
				// Nobody answered another hand: this one was not tried.
				err = c.release(ctx, &round[i], false)
			}
			mu.Lock()
			defer mu.Unlock()
			if told {
				done++
			}
			if err != nil && down == nil {
				down = err
			}
		}()
	}
	wait.Wait()
	c.count(now, civic.CodeOf(down) == civic.RegistryDown || civic.CodeOf(down) == civic.RegistryBroken)
	return done, down
}

// all puts back a whole round that could not be begun.
func (c *Courier) all(ctx context.Context, round []parcel, why error) error {
	code := ""
	if civic.CodeOf(why) == civic.RegistryRefused {
		code = refusal(why)
	}
	c.count(c.Clock(), code == "")
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		for i := range round {
			if err := postponed(ctx, tx, c.Name, &round[i], c.next(round[i].tries), true, code); err != nil {
				return err
			}
		}
		return nil
	}, ledger.Registry())
}

// release puts one person back, to be told later.
func (c *Courier) release(ctx context.Context, p *parcel, tried bool) error {
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		next := c.Clock()
		if tried {
			next = c.next(p.tries)
		}
		return postponed(ctx, tx, c.Name, p, next, tried, "")
	}, ledger.Office(p.Home))
}

// next is when something that failed so many times before is tried again.
func (c *Courier) next(tries int) time.Time { return c.Clock().Add(backOff(tries)) }

func backOff(tries int) time.Duration {
	return min(restMost, restFirst<<min(tries, 16))
}

func (c *Courier) resting(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Before(c.rests)
}

// count lets a registry that does not answer rest, longer each time.
func (c *Courier) count(now time.Time, down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !down {
		c.fails, c.rests = 0, time.Time{}
		return
	}
	c.rests = now.Add(backOff(c.fails))
	c.fails++
}

func (c *Courier) note(ctx context.Context, tx ledger.Tx, t Telling) error {
	if c.Note == nil {
		return nil
	}
	return c.Note(ctx, tx, c.Clock(), t)
}
