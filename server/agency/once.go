package agency

import (
	"context"
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/agreement"
)

// messageOf is a message by its sender and the hash of its number.
type messageOf struct {
	agency agreement.AgencyID
	hash   [sha256.Size]byte
}

// taken is one to be written down.
type taken struct {
	messageOf
	at, forget int64 // seconds since 1970 UTC; older than forget is forgotten
}

// Once writes the number of a message down and tells whether it is new. Numbers
// are forgotten after keep, which is longer than their timestamps are taken. It
// runs where nobody else writes for the agency.
func (d *Desk) Once(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, message string, now time.Time, keep time.Duration) (bool, error) {
	one := messageOf{agency, sha256.Sum256([]byte(message))}
	met, err := together.Read(tx, "messages taken", one, func(tx ledger.Tx, asks []messageOf) ([]bool, error) { return metBefore(ctx, tx, asks) })
	if err != nil || met {
		return false, err
	}
	here, err := together.Once(tx, "messages of this transaction", func(ledger.Tx) (map[messageOf]bool, error) { return map[messageOf]bool{}, nil })
	if err != nil {
		return false, err
	}
	if here[one] { // the other may yet fail
		return false, together.ErrAlone
	}
	here[one] = true
	return true, together.Later(tx, "messages taken", taken{one, now.Unix(), now.Add(-keep).Unix()}, func(tx ledger.Tx, rows []taken) error {
		values := make([][]any, len(rows))
		for i, t := range rows {
			values[i] = []any{string(t.agency), t.hash[:], t.at}
		}
		if _, err := tx.Insert(ctx, "agency_message", []string{"agency", "message", "at"}, values, ""); err != nil {
			return err
		}
		// A few old ones go each time, so that no request pays for all.
		for _, t := range rows {
			if t.hash[0] == 0 {
				if _, err := tx.Exec(ctx, "DELETE FROM agency_message WHERE at < ?1", t.forget); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// metAtOnce is how many numbers one statement looks for.
const metAtOnce = 16

// metBefore tells which messages were taken before. Each is a look-up of its own
// within the statement: a list of numbers has the database read the whole table
// as long as it knows nothing of it.
func metBefore(ctx context.Context, tx ledger.Tx, asks []messageOf) ([]bool, error) {
	by := map[agreement.AgencyID][][]byte{}
	for i := range asks {
		by[asks[i].agency] = append(by[asks[i].agency], asks[i].hash[:])
	}
	met := map[messageOf]bool{}
	for agency, hashes := range by {
		for list := range slices.Chunk(hashes, metAtOnce) {
			size := 1
			if len(list) > 1 { // of few sizes, so that few statements are prepared
				size = metAtOnce
			}
			args, found, into := []any{string(agency)}, make([][]byte, size), make([]any, size)
			parts := make([]string, size)
			for i := range size {
				args, into[i] = append(args, list[min(i, len(list)-1)]), &found[i]
				parts[i] = "(SELECT message FROM agency_message WHERE agency = ?1 AND message = ?" + strconv.Itoa(i+2) + ")"
			}
			if err := tx.QueryRow(ctx, "SELECT "+strings.Join(parts, ", "), args...).Scan(into...); err != nil {
				return nil, err
			}
			for _, hash := range found {
				if len(hash) == sha256.Size {
					met[messageOf{agency, [sha256.Size]byte(hash)}] = true
				}
			}
		}
	}
	out := make([]bool, len(asks))
	for i, one := range asks {
		out[i] = met[one]
	}
	return out, nil
}
