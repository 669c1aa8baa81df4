package agency

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/agreement"
)

// Once writes the number of a message down and tells whether it is new. Numbers
// are forgotten after keep, which is longer than their timestamps are taken.
func (d *Desk) Once(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, message string, now time.Time, keep time.Duration) (bool, error) {
	hash := sha256.Sum256([]byte(message))
	n, err := tx.Exec(ctx, "INSERT INTO agency_message (agency, message, at) VALUES (?1, ?2, ?3) ON CONFLICT (agency, message) DO NOTHING",
		string(agency), hash[:], now.Unix())
	if err != nil || n == 0 {
		return false, err
	}
	// A few old ones go each time, so that no request pays for all.
	if hash[0] == 0 {
		_, err = tx.Exec(ctx, "DELETE FROM agency_message WHERE at < ?1", now.Add(-keep).Unix())
	}
	return true, err
}
