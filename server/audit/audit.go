// Package audit writes who did or read what, in the transaction of the deed
// itself, so that neither can be without the other. Call [Write] inside the
// Update that does the work; [List] reads rows back, newest first.
//
// A row holds words, ids and counts, never an answer.
package audit

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Row is one deed.
type Row struct {
	Area   civic.Area // the office it concerns
	Seq    int64      // given by Write
	At     int64      // seconds since 1970 UTC, given by Write
	Actor  string     // "match", "ingest", or the name of a member of staff
	Action string     // a word such as settle, read_person, revoke_device
	Object []byte     // the id of what it was done to, nil for none
	Detail string     // codes and counts
}

// Write adds rows, numbered within their office.
func Write(ctx context.Context, tx ledger.Tx, at time.Time, rows []Row) error {
	last := map[civic.Area]int64{}
	values := make([][]any, 0, len(rows))
	for _, r := range rows {
		n, ok := last[r.Area]
		if !ok {
			if err := tx.QueryRow(ctx, "SELECT coalesce(max(seq), 0) FROM audit WHERE area = ?1", string(r.Area)).Scan(&n); err != nil {
				return err
			}
		}
		n++
		last[r.Area] = n
		var object any
		if r.Object != nil {
			object = r.Object
		}
		values = append(values, []any{string(r.Area), n, at.Unix(), r.Actor, r.Action, object, r.Detail})
	}
	_, err := tx.Insert(ctx, "audit", []string{"area", "seq", "at", "actor", "action", "object", "detail"}, values, "")
	return err
}

// List gives the newest rows of an office, of all offices when area is empty,
// at most limit.
func List(ctx context.Context, tx ledger.Tx, area civic.Area, limit int) ([]Row, error) {
	var out []Row
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var v Row
		if err := r.Scan(&v.Area, &v.Seq, &v.At, &v.Actor, &v.Action, &v.Object, &v.Detail); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, "SELECT area, seq, at, actor, action, object, detail FROM audit WHERE (?1 = '' OR area = ?1) ORDER BY at DESC, seq DESC LIMIT ?2", string(area), int64(limit))
	return out, err
}
