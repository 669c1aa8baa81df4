package reconcile

import (
	"context"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

const secondsOfDay = 24 * 60 * 60

// CutWithin is how far back people are told of searches that were cut short.
const CutWithin = 30 * 24 * time.Hour

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
	err = tx.QueryRow(ctx, "SELECT CAST(COALESCE(SUM(registrations), 0) AS INTEGER) FROM search_cut WHERE (?1 = '' OR area = ?1) AND day >= ?2",
		string(area), since.Unix()/secondsOfDay).Scan(&n)
	return n, err
}

// CutOffice is an office with how many of its registrations met a search that
// was cut short.
type CutOffice struct {
	Area          civic.Area
	Registrations int
}

// maxCutOffices bounds the list of Cuts.
const maxCutOffices = 20

// Cuts lists the offices, or the one named, whose searches since a time were cut
// short, those with most first.
func Cuts(ctx context.Context, tx ledger.Tx, area civic.Area, since time.Time) (out []CutOffice, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		var c CutOffice
		err := r.Scan(&c.Area, &c.Registrations)
		out = append(out, c)
		return err
	}, "SELECT area, CAST(SUM(registrations) AS INTEGER) AS n FROM search_cut WHERE (?1 = '' OR area = ?1) AND day >= ?2 GROUP BY area ORDER BY n DESC, area LIMIT ?3",
		string(area), since.Unix()/secondsOfDay, int64(maxCutOffices))
	return out, err
}
