package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// keep checks what an answer brought and hands it to the kit's memory: the time
// and the bundle first, because the bundle names the key for the rest.
func (p *pass) keep(ctx context.Context, pending []protocol.Item, r *protocol.SyncRequest, a *protocol.SyncAnswer) error {
	if a.ServerTime <= 0 || len(a.Want) > 2*protocol.MaxAsked || len(a.WantKey) > protocol.MaxAsked {
		return civic.NewProblem(civic.RequestMalformed, errors.New("the answer breaks the limits"))
	}
	p.result.ServerTime = time.Unix(a.ServerTime, 0).UTC()
	p.result.ClockOff, p.result.Doubt = clockDoubt(p.config.Clock(), a.ServerTime)
	p.result.Pending = int(a.Pending)
	if err := p.local.KeepServerTime(ctx, a.ServerTime); err != nil {
		return err
	}
	for _, k := range r.Keys {
		if !slices.Contains(a.WantKey, k) {
			p.keys[k] = true
		}
	}
	return p.keepSigned(ctx, pending, r, a)
}

// keepSigned keeps what carries its own proof, however it came.
func (p *pass) keepSigned(ctx context.Context, pending []protocol.Item, r *protocol.SyncRequest, a *protocol.SyncAnswer) error {
	if len(a.Down) > protocol.MaxDownPerCall {
		return civic.NewProblem(civic.RequestMalformed, errors.New("the answer breaks the limits"))
	}
	if err := p.keepBundle(ctx, r.Bundle, a.Bundle); err != nil {
		return err
	}
	if err := p.keepLease(ctx, a.Lease); err != nil {
		return err
	}
	if err := p.keepAcks(ctx, pending, a); err != nil {
		return err
	}
	if err := p.keepCustody(ctx, a.Custody); err != nil {
		return err
	}
	if m, ok := p.local.(Metering); ok && a.Metered != 0 {
		if err := m.Metered(ctx, a.Metered); err != nil {
			return err
		}
	}
	if err := p.keepDown(ctx, r.Cursor, a); err != nil {
		return err
	}
	if err := p.keepDistrict(ctx, r, a); err != nil {
		return err
	}
	return p.keepLog(ctx, r, a)
}

func (p *pass) keepBundle(ctx context.Context, held uint64, statement []byte) error {
	if len(statement) == 0 {
		return nil
	}
	b, err := openBundle(statement, p.config.Root)
	if err != nil {
		return err
	}
	if b.Serial <= held { // an old one, sent again: a kit never goes back
		return nil
	}
	if err := p.local.KeepBundle(ctx, statement, b); err != nil {
		return err
	}
	p.server = b.Server
	return nil
}

func (p *pass) keepLease(ctx context.Context, statement []byte) error {
	if len(statement) == 0 {
		return nil
	}
	var l protocol.Lease
	if err := protocol.Open(protocol.StatementLease, statement, p.server, &l); err != nil {
		return err
	}
	return p.local.KeepLease(ctx, statement, l)
}

// keepAcks believes what the server key signed of files this kit has.
func (p *pass) keepAcks(ctx context.Context, pending []protocol.Item, a *protocol.SyncAnswer) error {
	if len(a.Acks) == 0 {
		return nil
	}
	has := make(map[civic.Digest]bool, len(pending))
	for _, i := range pending {
		has[i.Digest] = true
	}
	return p.believe(ctx, a.Acks, func(name civic.Digest) bool { return has[name] })
}

// believe opens a statement of acknowledgement and keeps what it says of files
// that ours knows.
func (p *pass) believe(ctx context.Context, statement []byte, ours func(civic.Digest) bool) error {
	var acks []protocol.BatchAck
	if err := protocol.Open(protocol.StatementAck, statement, p.server, &acks); err != nil {
		return err
	}
	acks = slices.DeleteFunc(acks, func(k protocol.BatchAck) bool {
		return !ours(k.Batch) || k.State > protocol.BatchNeedsKey || (k.Reason != "" && !protocol.ValidCode(string(k.Reason)))
	})
	if len(acks) == 0 {
		return nil
	}
	if err := p.local.Acknowledge(ctx, statement, acks); err != nil {
		return err
	}
	for _, k := range acks {
		if k.State != protocol.BatchAbsent {
			p.settled[k.Batch] = true
		}
	}
	return nil
}

func (p *pass) keepDown(ctx context.Context, cursor uint64, a *protocol.SyncAnswer) error {
	// What was taken in already came again; the numbers must grow.
	down := slices.DeleteFunc(slices.Clone(a.Down), func(d protocol.Down) bool { return d.Seq <= cursor })
	if len(down) == 0 {
		return nil
	}
	if !slices.IsSortedFunc(down, func(a, b protocol.Down) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1 // equal numbers are out of order as well
	}) {
		return civic.NewProblem(civic.RequestMalformed, errors.New("messages down are out of order"))
	}
	transport, ok := p.config.Transport.Public().(ed25519.PublicKey)
	if !ok {
		return civic.NewProblem(civic.StatementForged, nil)
	}
	if err := protocol.CheckMarks(a.Marks, p.server, transport, cursor, down); err != nil {
		return err
	}
	if err := p.local.TakeIn(ctx, down, down[len(down)-1].Seq); err != nil {
		return err
	}
	p.result.Received += len(down)
	p.meter.took(len(down))
	return nil
}

// Custodian is a kit's memory that keeps who carries its files. A Local may be
// one.
type Custodian interface {
	// KeepCustody keeps a receipt whose signature was checked; see
	// protocol.Custody for what it is worth.
	KeepCustody(ctx context.Context, receipt []byte, c protocol.Custody) error
}

// keepCustody keeps a hub's receipt. One that cannot be read is passed over: it
// only tells, and what it tells of is not lost with it.
func (p *pass) keepCustody(ctx context.Context, receipt []byte) error {
	keeper, ok := p.local.(Custodian)
	if !ok || len(receipt) == 0 {
		return nil
	}
	c, _, err := protocol.OpenCustody(receipt)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	return keeper.KeepCustody(ctx, receipt, c)
}
