package claims

import (
	"context"
	"strconv"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Source is what stands of one source in one office.
type Source struct {
	Area      civic.Area      `json:"area"`
	Source    civic.ServiceID `json:"source"`
	Standing  int             `json:"standing"`  // versions that count, older ones of changed rows included
	Withdrawn int             `json:"withdrawn"` // taken back
	Last      int64           `json:"last"`      // when the newest was taken, seconds
}

// Sources lists what was taken in, by source and office.
func (im *Importer) Sources(ctx context.Context) (list []Source, err error) {
	err = im.DB.View(ctx, func(tx ledger.Tx) error {
		list = nil
		return ledger.All(ctx, tx, func(r ledger.Row) error {
			var s Source
			if err := r.Scan(&s.Area, &s.Source, &s.Standing, &s.Withdrawn, &s.Last); err != nil {
				return err
			}
			list = append(list, s)
			return nil
		}, `SELECT area, source, sum(CASE WHEN withdrawn_at = 0 THEN 1 ELSE 0 END), sum(CASE WHEN withdrawn_at = 0 THEN 0 ELSE 1 END), max(taken_at)
 FROM claims_row GROUP BY area, source ORDER BY source, area`)
	})
	return list, err
}

// Withdraw marks all that stands of a source as taken back, chunk by chunk;
// stopped anywhere, the next call goes on. civic.SourceAbsent when nothing
// stands. It tells how many rows were marked.
func (im *Importer) Withdraw(ctx context.Context, source civic.ServiceID, actor, reason string, progress func(int)) (n int, err error) {
	sources, err := im.Sources(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range sources {
		if s.Source != source || s.Standing == 0 {
			continue
		}
		for {
			done := 0
			err := im.DB.Update(ctx, func(tx ledger.Tx) (err error) {
				done, err = im.withdraw(ctx, tx, s.Area, source)
				return err
			})
			if err != nil {
				return n, err
			}
			if done == 0 {
				break
			}
			n += done
			if progress != nil {
				progress(n)
			}
		}
		err := im.DB.Update(ctx, func(tx ledger.Tx) error {
			return audit.Write(ctx, tx, im.Clock(), []audit.Row{{Area: s.Area, Actor: actor, Action: "withdraw_claims",
				Detail: string(source) + " " + strconv.Itoa(n) + " " + reason}})
		})
		if err != nil {
			return n, err
		}
	}
	if n == 0 {
		return 0, civic.NewProblem(civic.SourceAbsent, nil, string(source))
	}
	return n, nil
}

func (im *Importer) withdraw(ctx context.Context, tx ledger.Tx, area civic.Area, source civic.ServiceID) (int, error) {
	size := im.Chunk
	if size <= 0 {
		size = defaultChunk
	}
	at := im.Clock().Unix()
	var ids []civic.RegistrationID
	var rows [][]any
	// In whatever order the index of what stands has them: in that of the entries
	// each chunk would pass over all that were marked before.
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var id, entry []byte
		var n int64
		if err := r.Scan(&entry, &n, &id); err != nil {
			return err
		}
		if len(id) != 16 {
			return civic.NewProblem(civic.LedgerDamaged, nil)
		}
		ids = append(ids, civic.RegistrationID(id))
		rows = append(rows, []any{string(area), string(source), entry, n, at})
		return nil
	}, "SELECT entry, n, registration FROM claims_row WHERE area = ?1 AND source = ?2 AND withdrawn_at = 0 LIMIT ?3", string(area), string(source), int64(size))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	if _, err := im.Registry.Withdraw(ctx, tx, area, ids, at); err != nil {
		return 0, err
	}
	for _, row := range rows {
		if _, err := tx.Exec(ctx, "UPDATE claims_row SET withdrawn_at = ?5 WHERE area = ?1 AND source = ?2 AND entry = ?3 AND n = ?4", row...); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
