package client

import (
	"context"

	"github.com/askonce/fieldkit/sync/protocol"
)

// Witness remembers heads of the centre's log of looks and holds them against
// one another.
type Witness interface {
	// Seen is what to tell the centre next; more says that it is beside the
	// newest head, and worth a further call.
	Seen(ctx context.Context) (seen protocol.LogSeen, more bool, err error)
	// Hear keeps what the centre answered. What is wrong with the log is the
	// witness's to tell: it never keeps a pass from its work.
	Hear(ctx context.Context, seen protocol.LogSeen, news protocol.LogNews) error
}

// mostSeen is how many heads one pass tells of.
const mostSeen = 8

// askLog adds a head to the first call of a pass, and to those that follow
// while there is more to compare.
func (p *pass) askLog(ctx context.Context, r *protocol.SyncRequest) error {
	if p.config.Witness == nil || p.heads >= mostSeen || p.heads > 0 && !p.moreLog {
		p.moreLog = false
		return nil
	}
	seen, _, err := p.config.Witness.Seen(ctx)
	if err != nil {
		return err
	}
	p.heads++
	r.Log = &seen
	return nil
}

func (p *pass) keepLog(ctx context.Context, r *protocol.SyncRequest, a *protocol.SyncAnswer) (err error) {
	if r.Log == nil || p.config.Witness == nil {
		return nil
	}
	if a.Log != nil {
		if err := p.config.Witness.Hear(ctx, *r.Log, *a.Log); err != nil {
			return err
		}
	}
	var now protocol.LogSeen
	now, p.moreLog, err = p.config.Witness.Seen(ctx)
	// Asked again with the same words, the centre would answer the same.
	p.moreLog = p.moreLog && (a.Log != nil || now.Size != r.Log.Size || now.Root != r.Log.Root) ||
		a.Log != nil && len(a.Log.Gap) > 0 && now.Size != r.Log.Size && now.Size < a.Log.Size
	return err
}
