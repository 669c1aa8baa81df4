package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// pass is one pass under way.
type pass struct {
	local   Local
	config  Config
	wire    *wire
	chunk   *chunk
	meter   *progress
	result  Result
	refused error // refusals of single files

	server  ed25519.PublicKey // who signs acknowledgements and leases
	wanted  map[civic.Digest]int
	settled map[civic.Digest]bool // acknowledged in this pass
	mine    map[civic.Digest]bool // batches that went up in this pass: asked about until its end
	keys    map[protocol.KeyID]bool
	ended   int64 // bytes of uploads that ended, as far as they came
	first   bool
	early   *question // the sync call that followed the uploads, answered and not kept yet
	prompt  int       // answers in a row that came at once with nothing new
	packs   int       // bytes of the district pack asked for at once

	packLimit, packTaken int64
	heads                int // heads of the log told of in this pass
	moreLog              bool
}

// mostAsked is how often a centre may want the same file in one pass.
const mostAsked = 3

// Pass makes one pass: see the package comment. The error is a civic.Problem.
// Result tells what was done also beside an error.
func (c *Client) Pass(ctx context.Context, o Options) (Result, error) {
	w := newWire(&wire{address: c.address, base: c.base, dial: c.config.Dial, tls: c.tls, known: c.known, tuning: c.config.Tuning, clock: c.config.Clock, jitter: c.config.Jitter})
	defer w.close()
	p := c.newPass(w, o.Progress)
	p.packLimit = o.PackLimit
	err := p.run(ctx, o.Wait)
	if err == nil {
		err = p.refused
	}
	p.result.Attempts = int(w.attempts.Load())
	p.result.BytesUp, p.result.BytesDown = w.up.Load(), w.down.Load()
	if err != nil {
		if ctx.Err() != nil {
			err = civic.NewProblem(civic.Stopped, err)
		}
		if c.config.Logger != nil {
			c.config.Logger.LogAttrs(ctx, slog.LevelWarn, "pass ended", slog.String("code", string(civic.CodeOf(err))))
		}
	}
	return p.result, err
}

func (c *Client) newPass(w *wire, tell func(Progress)) *pass {
	return &pass{
		local: c.config.Local, config: c.config, wire: w,
		chunk:   newChunk(c.config.Tuning.Chunk),
		meter:   newProgress(tell, c.config.Clock),
		server:  c.config.ServerKey(),
		wanted:  map[civic.Digest]int{},
		settled: map[civic.Digest]bool{},
		mine:    map[civic.Digest]bool{},
		keys:    map[protocol.KeyID]bool{},
		first:   true,
	}
}

func (p *pass) run(ctx context.Context, wait time.Duration) error {
	p.tell(Connecting)
	pending, err := p.local.Pending(ctx)
	if err != nil {
		return err
	}
	fresh := inOrder(pending, func(i protocol.Item) bool {
		return !i.Sent && !i.Safe && i.Acked == protocol.BatchAbsent && i.Kind != protocol.ItemAttachment
	})
	if err := p.send(ctx, fresh); err != nil {
		return err
	}
	until := p.config.Clock().Add(wait)
	waited := false
	for {
		if pending, err = p.local.Pending(ctx); err != nil {
			return err
		}
		var seconds uint8
		if waited {
			left := until.Sub(p.config.Clock())
			seconds = uint8(max(1, min(left/time.Second, protocol.MaxWaitSeconds)))
		}
		known := len(p.settled) + len(p.keys)
		answer, rest, err := p.ask(ctx, pending, seconds)
		if err != nil {
			return err
		}
		want, err := p.want(pending, answer)
		if err != nil {
			return err
		}
		if len(want) > 0 {
			if err := p.send(ctx, want); err != nil {
				return err
			}
			waited = false
			continue
		}
		if answer.More && (len(answer.Down) > 0 || answer.Pack != nil && len(answer.Pack.Pieces) > 0) || rest && len(p.settled)+len(p.keys) > known || p.moreLog {
			waited = false
			continue
		}
		if answer.Pending == 0 || !p.config.Clock().Before(until) {
			return nil
		}
		// From here on there is nothing to do but to wait for decisions.
		waited = true
		if err := p.calm(ctx, answer); err != nil {
			return err
		}
	}
}

// calm keeps a pass that waits from asking faster than a person could care,
// where the centre does not hold the request as long as it might.
func (p *pass) calm(ctx context.Context, a *protocol.SyncAnswer) error {
	if len(a.Down) > 0 {
		p.prompt = 0
		return nil
	}
	p.prompt++
	if p.prompt == 1 {
		return nil
	}
	return pause(ctx, p.wire.backoff(min(p.prompt, 3), 0))
}

// inOrder picks files and puts them in the order they are sent: keys, batches,
// attachments, each as it was listed.
func inOrder(pending []protocol.Item, pick func(protocol.Item) bool) []protocol.Item {
	var out []protocol.Item
	for _, i := range pending {
		if pick(i) {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(a, b protocol.Item) int { return int(a.Kind) - int(b.Kind) })
	return out
}

// want lists the files the centre asked for.
func (p *pass) want(pending []protocol.Item, a *protocol.SyncAnswer) ([]protocol.Item, error) {
	var often error
	items := inOrder(pending, func(i protocol.Item) bool {
		if i.Kind == protocol.ItemKey {
			if !slices.Contains(a.WantKey, i.Key) {
				return false
			}
		} else if !slices.Contains(a.Want, i.Digest) {
			return false
		}
		p.wanted[i.Digest]++
		if p.wanted[i.Digest] > mostAsked {
			often = civic.NewProblem(civic.ServerBusy, errors.New("the centre wants the same file again and again"))
		}
		return true
	})
	for i := range items {
		// What it lost or never had is sent from where it says.
		items[i].Sent = items[i].Sent || p.wanted[items[i].Digest] > 1
	}
	return items, often
}

// request writes what a sync call asks now. rest tells that more files wait than
// one call may name.
func (p *pass) request(ctx context.Context, pending []protocol.Item) (*protocol.SyncRequest, bool, error) {
	r := &protocol.SyncRequest{Clock: protocol.Stamp(p.local.Stamp())}
	var err error
	if r.Cursor, err = p.local.Cursor(ctx); err != nil {
		return nil, false, err
	}
	if r.Bundle, err = p.local.BundleSerial(ctx); err != nil {
		return nil, false, err
	}
	if p.first {
		if r.Journal, err = p.local.Journal(ctx); err != nil {
			return nil, false, err
		}
	}
	if err := p.askDistrict(ctx, r); err != nil {
		return nil, false, err
	}
	if err := p.askLog(ctx, r); err != nil {
		return nil, false, err
	}
	if m, ok := p.local.(Metering); ok && p.first {
		if r.Meters, err = m.Meters(ctx); err != nil {
			return nil, false, err
		}
	}
	rest := false
	for _, i := range pending {
		switch {
		case i.Safe || p.settled[i.Digest] && !p.mine[i.Digest]:
		case i.Kind == protocol.ItemKey && p.keys[i.Key]:
		case i.Kind == protocol.ItemKey && len(r.Keys) < protocol.MaxAsked:
			r.Keys = append(r.Keys, i.Key)
		case i.Kind == protocol.ItemBatch && len(r.Batches) < protocol.MaxAsked:
			r.Batches = append(r.Batches, i.Digest)
		case i.Kind == protocol.ItemAttachment && len(r.Attachments) < protocol.MaxAsked:
			r.Attachments = append(r.Attachments, i.Digest)
		default:
			rest = true
		}
	}
	acked := map[civic.Digest]bool{}
	for _, i := range pending {
		acked[i.Digest] = i.Acked != protocol.BatchAbsent
	}
	asked := slices.Concat(r.Batches, r.Attachments)
	r.Acked = protocol.Bits(len(asked), func(i int) bool { return acked[asked[i]] })
	return r, rest, nil
}

func (p *pass) tell(s Step)            { p.meter.step(s) }
func (p *pass) plan(i []protocol.Item) { p.meter.plan(i) }
