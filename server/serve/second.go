package serve

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
)

// secondSetting is where it is kept which merges need a second reviewer.
const secondSetting = "second_pair"

// second reads which merges need a second reviewer.
func second(ctx context.Context, tx ledger.Tx) (p reconcile.SecondPair, err error) {
	text, err := access.Setting(ctx, tx, secondSetting)
	if err != nil || text == "" {
		return p, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, civic.NewProblem(civic.LedgerDamaged, err)
	}
	return p, nil
}

// Second reads which merges need a second reviewer.
func (c *Centre) Second(ctx context.Context) (p reconcile.SecondPair, err error) {
	err = c.DB.View(ctx, func(tx ledger.Tx) error {
		p, err = second(ctx, tx)
		return err
	})
	return p, err
}

// SetSecond says which merges need a second reviewer; it holds at once.
func (c *Centre) SetSecond(ctx context.Context, p reconcile.SecondPair) error {
	if p.Risk < 0 || p.Risk > 1000 {
		return civic.NewProblem(civic.WrongUse, errors.New("risk"), "A risk is a number from 1 to 1000, 0 for never.")
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := access.SetSetting(ctx, tx, secondSetting, string(b)); err != nil {
			return err
		}
		return audit.Write(ctx, tx, c.Clock(), []audit.Row{{Actor: "command", Action: "second_pair", Detail: string(b)}})
	})
}
