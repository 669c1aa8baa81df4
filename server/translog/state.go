package translog

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
)

// State is how the log stands, at a glance.
type State struct {
	Size      int64
	Witnesses int64         // kits that hold a head
	Forked    int64         // heads seen outside that nothing explains
	Lost      int64         // heads seen outside that a restore explains
	Gaps      int64         // restores
	Waits     time.Duration // of the oldest row without a place
}

// State reads how the log stands; it verifies nothing.
func (l *Log) State(ctx context.Context) (s State, err error) {
	err = l.DB.View(ctx, func(tx ledger.Tx) error {
		head, err := l.Head(ctx, tx)
		if err != nil {
			return err
		}
		s.Size = head.Size
		for _, q := range []struct {
			into  *int64
			query string
		}{
			{&s.Witnesses, "SELECT COUNT(*) FROM log_seen"},
			{&s.Forked, "SELECT COUNT(*) FROM log_conflict WHERE restored = 0"},
			{&s.Lost, "SELECT COUNT(*) FROM log_conflict WHERE restored <> 0"},
			{&s.Gaps, "SELECT COUNT(*) FROM log_gap"},
		} {
			if err := tx.QueryRow(ctx, q.query).Scan(q.into); err != nil {
				return err
			}
		}
		var first []byte
		err = tx.QueryRow(ctx, "SELECT first FROM log_waits ORDER BY first LIMIT 1").Scan(&first)
		if errors.Is(err, ledger.ErrNoRows) {
			return nil
		}
		if err == nil && len(first) == len(RowID{}) {
			ms := binary.BigEndian.Uint64(append([]byte{0, 0}, first[:6]...))
			s.Waits = max(0, l.Clock().Sub(time.UnixMilli(int64(ms)))) // 48 bits
		}
		return err
	})
	return s, err
}
