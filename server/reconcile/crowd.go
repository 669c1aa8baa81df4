package reconcile

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

const secondsOfDay = 24 * 60 * 60

// countPeople counts whom the registry knows of this office, only as far as
// matters: an office that knows few does not know which names are common there.
func (s *settling) countPeople(ctx context.Context, tx ledger.Tx) error {
	return tx.QueryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM registry_person WHERE area = ?1 LIMIT ?2) AS few",
		string(s.area), int64(match.Settled)).Scan(&s.people)
}

// writeCuts counts the registrations that met more namesakes than are compared,
// so that a centre sees where names alone no longer tell people apart.
func (s *settling) writeCuts(ctx context.Context, tx ledger.Tx) error {
	n := 0
	for _, subjects := range s.subjects {
		for i := range subjects {
			if subjects[i].found.Capped > 0 {
				n++
				break
			}
		}
	}
	if n == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO search_cut (area, day, registrations) VALUES (?1, ?2, ?3)
 ON CONFLICT (area, day) DO UPDATE SET registrations = search_cut.registrations + excluded.registrations`, string(s.area), s.at.Unix()/secondsOfDay, n)
	return err
}

// Cut counts, of an office or of all when area is empty, the registrations since
// a time whose search was cut short: their outcomes say match_too_common.
func Cut(ctx context.Context, tx ledger.Tx, area civic.Area, since time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT COALESCE(SUM(registrations), 0) FROM search_cut WHERE (?1 = '' OR area = ?1) AND day >= ?2",
		string(area), since.Unix()/secondsOfDay).Scan(&n)
	return n, err
}
