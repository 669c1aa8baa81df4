package access

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// OpenSession is one of somebody's open sessions, as they see it.
type OpenSession struct {
	Key   string // names it, and opens nothing
	Since time.Time
	Used  time.Time // to the minute
	This  bool      // the one that asks
}

// Sessions lists the open sessions of whoever has this one, the newest first.
func (a *Access) Sessions(ctx context.Context, s Session) (all []OpenSession, err error) {
	now := a.o.Clock()
	err = a.db.View(ctx, func(tx ledger.Tx) error {
		all = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var id []byte
			var since, used int64
			err := r.Scan(&id, &since, &used)
			all = append(all, OpenSession{hex.EncodeToString(id), fromUnix(since), fromUnix(used), string(id) == string(s.id[:])})
			return err
		}, `SELECT token_hash, created_at, seen_at FROM access_session
			WHERE staff = ?1 AND expires_at > ?2 AND seen_at >= ?3 ORDER BY created_at DESC, token_hash`,
			s.Staff, now.Unix(), now.Add(-sessionIdle).Unix())
	})
	return all, err
}

// EndSession ends one of the sessions of whoever has this one, by its Key;
// civic.RequestMalformed when the key names none of theirs.
func (a *Access) EndSession(ctx context.Context, s Session, key string) error {
	id, err := hex.DecodeString(key)
	if err != nil {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	return a.db.Update(ctx, func(tx ledger.Tx) error {
		n, err := tx.Exec(ctx, "DELETE FROM access_session WHERE token_hash = ?1 AND staff = ?2", id, s.Staff)
		if err != nil {
			return err
		}
		if n == 0 {
			return civic.NewProblem(civic.RequestMalformed, nil)
		}
		return a.note(ctx, tx, s.Area, s.Staff, "sign_out_elsewhere", nil, "")
	})
}
