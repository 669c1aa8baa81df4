package client

import (
	"context"

	"github.com/askonce/fieldkit/sync/protocol"
)

// Request is what Pass would ask the centre now. On a medium it travels as a
// file, and the centre answers it as if it had been posted.
func (c *Client) Request(ctx context.Context) (protocol.SyncRequest, error) {
	p := c.newPass(nil, nil)
	pending, err := p.local.Pending(ctx)
	if err != nil {
		return protocol.SyncRequest{}, err
	}
	r, _, err := p.request(ctx, pending)
	if err != nil {
		return protocol.SyncRequest{}, err
	}
	return *r, nil
}

// TakeAnswer keeps what an answer brought that came by a medium or another kit,
// after the same checks as in Pass. How old it is nobody knows: it does not
// tell the time, and Result has none.
func (c *Client) TakeAnswer(ctx context.Context, a protocol.SyncAnswer) (Result, error) {
	p := c.newPass(nil, nil)
	pending, err := p.local.Pending(ctx)
	if err != nil {
		return Result{}, err
	}
	r, _, err := p.request(ctx, pending)
	if err != nil {
		return Result{}, err
	}
	p.result.Pending = int(a.Pending)
	err = p.keepSigned(ctx, pending, r, &a)
	return p.result, err
}
