package citizen

import (
	"context"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// lookOf is a row as its person reads it.
func lookOf(r translog.Row) protocol.Look {
	who := ""
	if r.Kind == translog.Agency {
		who = r.Actor // a person of the state is told by what they are, not by name
	}
	return protocol.Look{
		At: r.At, Kind: string(r.Kind), Who: who, Action: string(r.Action), Purpose: r.Entry.Purpose, Fields: r.Fields, Basis: r.Basis,
		Agreement: r.Agreement, Reason: r.Reason, Code: r.Code,
	}
}

// Asked answers a kit that asks for the citizen at its counter: a marshalled
// LooksRequest comes, a marshalled LooksAnswer goes, sealed to the kit.
func (c *Citizens) Asked(ctx context.Context, request []byte) ([]byte, error) {
	var r protocol.LooksRequest
	if err := protocol.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	var d access.Device
	err := c.DB.View(ctx, func(tx ledger.Tx) (err error) {
		d, err = c.Access.ByID(ctx, tx, r.Device)
		return err
	})
	if err != nil {
		return nil, err
	}
	if d.IsRevoked() || d.Hub {
		return nil, civic.NewProblem(civic.DeviceRevoked, nil)
	}
	secret, err := c.Access.Secret(d)
	if err != nil {
		return nil, err
	}
	plain, err := protocol.OpenUp(secret, 0, r.Asked)
	var ask protocol.LooksAsk
	if err == nil {
		err = protocol.Unmarshal(plain, &ask)
	}
	if err != nil {
		return nil, err
	}
	v, err := c.Check(ctx, ask.Receipt, ask.Code)
	if err != nil {
		return nil, err
	}
	personal, err := c.Looks(ctx, v, translog.RowID{})
	if err != nil {
		return nil, err
	}
	looks := protocol.Looks{Nonce: ask.Nonce, At: c.Clock().Unix(), Hidden: personal.Hidden, Rows: []protocol.Look{}}
	for _, row := range personal.Rows[:min(len(personal.Rows), protocol.MaxLooks)] {
		looks.Rows = append(looks.Rows, lookOf(row))
	}
	if plain, err = protocol.Marshal(looks); err != nil {
		return nil, err
	}
	sealed, err := protocol.SealDown(secret, 0, protocol.DownLooks, plain, c.Rand)
	if err != nil {
		return nil, err
	}
	return protocol.Marshal(protocol.LooksAnswer{Sealed: sealed})
}
