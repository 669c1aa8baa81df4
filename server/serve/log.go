package serve

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// openLog opens the log of looks. Only who holds its key makes it grow; an
// intake reads its heads and proves to kits that they grew.
func (c *Centre) openLog() (err error) {
	keys := c.Access.Keys()
	if keys.LogKey() == "" {
		return nil
	}
	c.Log, err = translog.Open(translog.Config{
		DB: c.DB, Key: keys.LogSigner(), Public: keys.LogKey(), Clock: c.Clock, Logger: c.Logger,
	})
	return err
}

// witness answers kits that tell which head of the log they hold; nil in an
// intake that does not know the log's key.
func (c *Centre) witness() func(context.Context, civic.Area, civic.DeviceID, protocol.LogSeen) (*protocol.LogNews, error) {
	if c.Log == nil {
		return nil
	}
	return c.Log.Seen
}

// settleLog writes into a restored ledger where its log of looks was cut off,
// signed, with the newest head that others know.
func (c Config) settleLog(ctx context.Context, tx ledger.Tx, keys *access.Keys, gap Gap) (protocol.LogGap, error) {
	if keys.LogKey() == "" {
		return protocol.LogGap{}, nil
	}
	log, err := translog.Open(translog.Config{Key: keys.LogSigner(), Public: keys.LogKey(), Clock: c.Clock, Logger: c.Logger})
	if err != nil {
		return protocol.LogGap{}, err
	}
	var outside []byte
	newest := int64(0)
	for _, note := range c.Outside {
		h, err := log.Name().Open(note)
		if err != nil {
			return protocol.LogGap{}, err
		}
		if h.Size > newest {
			newest, outside = h.Size, note
		}
	}
	return log.Restored(ctx, tx, time.Unix(gap.Restored, 0), time.Unix(gap.Backup, 0), outside, func(g protocol.LogGap) ([]byte, error) {
		return keys.Sign(protocol.StatementLogGap, g)
	})
}

// signEvidence signs what auditors take along.
func (c *Centre) signEvidence(n translog.EvidenceNote) ([]byte, error) {
	return c.Access.Keys().Sign(translog.StatementEvidence, n)
}
