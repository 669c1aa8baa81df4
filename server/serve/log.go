package serve

import (
	"context"

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
