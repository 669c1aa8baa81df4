package client

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// District is a Local that also keeps the people of its district, and tells of
// whom it opened. A hub's memory is none.
type District interface {
	// PackAsk says which pack is here, and which officers ask to be supervisors.
	PackAsk(ctx context.Context) (*protocol.PackAsk, error)
	// TakePack keeps a part of a pack with how far it came, in one transaction.
	TakePack(ctx context.Context, n protocol.PackNews) error
	// Openings are those the centre has not said it has, oldest first.
	Openings(ctx context.Context) ([]protocol.SealedOpening, error)
	// KeepOpened lets go of openings up to a number: the centre has them.
	KeepOpened(ctx context.Context, upTo uint64) error
	// KeepApplied notes that the centre knows who asked to be a supervisor.
	KeepApplied(ctx context.Context) error
}

// How much of a pack is asked for at once: what a bad link carries at first,
// and more while answers come quickly.
const (
	leastPack   = 16 << 10
	mostPack    = 1 << 20
	quickAnswer = 2 * time.Second
	slowAnswer  = 8 * time.Second
)

func (p *pass) askDistrict(ctx context.Context, r *protocol.SyncRequest) (err error) {
	d, ok := p.local.(District)
	if !ok {
		return nil
	}
	if r.Openings, err = d.Openings(ctx); err != nil {
		return err
	}
	if p.packLimit < 0 || p.packLimit > 0 && p.packTaken >= p.packLimit {
		return nil // the day's allowance is for what cannot wait
	}
	if r.Pack, err = d.PackAsk(ctx); err != nil || r.Pack == nil {
		return err
	}
	if p.packs > leastPack {
		r.Pack.Most = uint32(p.packs)
	}
	return nil
}

// pace asks for more at once where the link carries it, and for less where not.
func (p *pass) pace(took time.Duration, a *protocol.SyncAnswer) {
	if a.Pack == nil || len(a.Pack.Pieces) == 0 {
		return
	}
	switch {
	case took < quickAnswer:
		p.packs = min(max(2*p.packs, 2*leastPack), mostPack)
	case took > slowAnswer:
		p.packs /= 2
	}
}

func (p *pass) keepDistrict(ctx context.Context, r *protocol.SyncRequest, a *protocol.SyncAnswer) error {
	d, ok := p.local.(District)
	if !ok {
		return nil
	}
	// What was not asked with this request was not told by it.
	if n := len(r.Openings); n > 0 && a.Opened > 0 {
		if err := d.KeepOpened(ctx, min(a.Opened, r.Openings[n-1].N)); err != nil {
			return err
		}
	}
	if a.Pack == nil {
		return nil
	}
	if len(a.Pack.Pieces) > protocol.MaxPackPieces {
		return civic.NewProblem(civic.RequestMalformed, errors.New("the answer breaks the limits"))
	}
	came := int64(0)
	for _, piece := range a.Pack.Pieces {
		came += int64(len(piece))
	}
	p.packTaken += came
	if err := d.TakePack(ctx, *a.Pack); err != nil || came == 0 {
		return err
	}
	p.meter.fetched(came, a.Pack.Left)
	return nil
}

// heard notes what a centre that answered knows now.
func (p *pass) heard(ctx context.Context, r *protocol.SyncRequest) error {
	d, ok := p.local.(District)
	if !ok || r.Pack == nil || len(r.Pack.Applies) == 0 {
		return nil
	}
	return d.KeepApplied(ctx)
}

// Ask makes one call of its own to the centre: a message there, a message back,
// which may be silent for wait.
func (c *Client) Ask(ctx context.Context, path string, wait time.Duration, ask, answer any) error {
	w := newWire(&wire{address: c.address, base: c.base, dial: c.config.Dial, tls: c.tls, known: c.known, tuning: c.config.Tuning, clock: c.config.Clock, jitter: c.config.Jitter})
	defer w.close()
	err := w.call(ctx, "POST", path, ask, answer, wait, nil)
	if err != nil && ctx.Err() != nil {
		return civic.NewProblem(civic.Stopped, err)
	}
	return err
}
