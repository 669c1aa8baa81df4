package reconcile

import (
	"context"
	"errors"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// Entry is one decided registration as a list shows it: no answer in it.
type Entry struct {
	Area    civic.Area
	Device  civic.DeviceID
	Officer civic.OfficerID
	Form    string
	Sealed  time.Time // by the kit's clock
	Outcome civic.Outcome
}

// Filter chooses registrations; empty parts choose all.
type Filter struct {
	Area   civic.Area
	Status civic.Status // 0 (draft) for all: a draft never reaches the centre
	Device civic.DeviceID
	// Before is where the page before ended: only what was decided earlier, or
	// at the same time under a smaller number.
	Before Place
	Limit  int
}

// Place is a place in the list.
type Place struct {
	At           int64
	Registration civic.RegistrationID
}

// List gives decided registrations, the latest first.
func List(ctx context.Context, tx ledger.Tx, f Filter) ([]Entry, error) {
	var out []Entry
	before := f.Before
	if before.At == 0 {
		before.At = 1 << 60
	}
	device := []byte{}
	if !f.Device.IsZero() {
		device = f.Device[:]
	}
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		e, err := scanEntry(r)
		out = append(out, e)
		return err
	}, `SELECT area, registration, device, counter, officer, form, status, body, sealed_at, at FROM outcome
 WHERE (?1 = '' OR area = ?1) AND (?2 = 0 OR status = ?2) AND (length(?3) = 0 OR device = ?3)
 AND (at < ?4 OR (at = ?4 AND registration < ?5)) ORDER BY at DESC, registration DESC LIMIT ?6`,
		string(f.Area), int64(f.Status), device, before.At, before.Registration[:], int64(f.Limit))
	return out, err
}

// Get reads one decided registration; civic.RegistrationAbsent when there is
// none.
func Get(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID) (Entry, error) {
	e, err := scanEntry(tx.QueryRow(ctx, `SELECT area, registration, device, counter, officer, form, status, body, sealed_at, at FROM outcome
 WHERE area = ?1 AND registration = ?2`, string(area), id[:]))
	if errors.Is(err, ledger.ErrNoRows) {
		return e, civic.NewProblem(civic.RegistrationAbsent, nil, id.String())
	}
	return e, err
}

func scanEntry(r ledger.Row) (Entry, error) {
	var e Entry
	var registration, device, officer, packed []byte
	var counter, status, sealed, at int64
	if err := r.Scan(&e.Area, &registration, &device, &counter, &officer, &e.Form, &status, &packed, &sealed, &at); err != nil {
		return e, err
	}
	if len(registration) != 16 || len(device) != 16 || len(officer) != 8 {
		return e, civic.NewProblem(civic.LedgerDamaged, nil)
	}
	e.Device, e.Officer, e.Sealed = civic.DeviceID(device), civic.OfficerID(officer), time.Unix(sealed, 0).UTC()
	e.Outcome = civic.Outcome{
		Registration: civic.RegistrationID(registration), Counter: uint64(counter), Status: civic.Status(status), At: time.Unix(at, 0).UTC(),
	}
	return e, openBody(packed, &e.Outcome)
}

// Tally is how often one reason led to one status.
type Tally struct {
	Area   civic.Area
	Status civic.Status
	Reason civic.Code // the first one, empty if none
	Count  int
}

// Tallies counts outcomes by office, status and first reason, over what was
// decided since a time.
func Tallies(ctx context.Context, tx ledger.Tx, area civic.Area, since time.Time) ([]Tally, error) {
	var out []Tally
	err := ledger.All(ctx, tx, func(r ledger.Row) error {
		var t Tally
		var status int64
		if err := r.Scan(&t.Area, &status, &t.Reason, &t.Count); err != nil {
			return err
		}
		t.Status = civic.Status(status)
		out = append(out, t)
		return nil
	}, "SELECT area, status, reason, count(*) FROM outcome WHERE (?1 = '' OR area = ?1) AND at >= ?2 GROUP BY area, status, reason ORDER BY area, status, reason", string(area), since.Unix())
	return out, err
}
