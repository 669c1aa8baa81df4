package share

import (
	"context"
	"errors"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// handed is how many persons an agency was handed on a day.
type handed struct {
	agency  agreement.AgencyID
	day     int64
	persons int64
}

// agencyDay is an agency's day.
type agencyDay struct {
	agency agreement.AgencyID
	day    int64
}

// tally is what requests of one transaction were handed and is not yet written.
type tally map[agencyDay]int64

// count adds to an agency's day; civic.QuotaUsed beyond limit.
func count(ctx context.Context, tx ledger.Tx, h handed, limit int64) error {
	at := agencyDay{h.agency, h.day}
	used, err := together.Read(tx, "persons of a day", at, func(tx ledger.Tx, asks []agencyDay) ([]int64, error) { return usedOn(ctx, tx, asks) })
	if err != nil {
		return err
	}
	shared, err := together.Once(tx, "tally of persons", func(ledger.Tx) (tally, error) { return tally{}, nil })
	if err != nil {
		return err
	}
	if used+shared[at]+h.persons > limit {
		if shared[at] > 0 { // one that was counted may yet fail
			return together.ErrAlone
		}
		return civic.NewProblem(civic.QuotaUsed, nil)
	}
	shared[at] += h.persons
	return together.Later(tx, "persons of a day", h, func(tx ledger.Tx, rows []handed) error {
		sums := tally{}
		for _, h := range rows {
			sums[agencyDay{h.agency, h.day}] += h.persons
		}
		for at, n := range sums {
			_, err := tx.Exec(ctx, `INSERT INTO agency_day (agency, day, persons) VALUES (?1, ?2, ?3)
				ON CONFLICT (agency, day) DO UPDATE SET persons = agency_day.persons + excluded.persons`, string(at.agency), at.day, n)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// usedOn reads how much of their days agencies used, each day once.
func usedOn(ctx context.Context, tx ledger.Tx, asks []agencyDay) ([]int64, error) {
	used := map[agencyDay]int64{}
	out := make([]int64, len(asks))
	for i, at := range asks {
		n, met := used[at]
		if !met {
			err := tx.QueryRow(ctx, "SELECT persons FROM agency_day WHERE agency = ?1 AND day = ?2", string(at.agency), at.day).Scan(&n)
			if err != nil && !errors.Is(err, ledger.ErrNoRows) {
				return nil, err
			}
			used[at] = n
		}
		out[i] = n
	}
	return out, nil
}
