package web

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/meter"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

const (
	// meterDays is how far back the meter looks when nobody says.
	meterDays = 30
	// dueDays is how long before its day weak evidence is listed, dueMost how
	// many at most.
	dueDays = 90
	dueMost = 500
)

// daysAsked is how many days a page looks back or ahead.
func (v *visit) daysAsked(usual int) int {
	if n, err := strconv.Atoi(v.r.URL.Query().Get("days")); err == nil && n > 0 && n <= 3660 {
		return n
	}
	return usual
}

func (v *visit) meterRows() (days int, rows []meter.Row, err error) {
	days = v.daysAsked(meterDays)
	if v.Meter == nil {
		return days, nil, civic.NewProblem(civic.NotYours, nil)
	}
	if err := v.lookMeter(); err != nil {
		return days, nil, err
	}
	var agreements *agreement.Set
	if agreements, err = v.Meter.Agreements(v.r.Context()); err != nil {
		return days, nil, err
	}
	err = v.read("read_meter", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		rows, err = v.Meter.Rows(ctx, tx, agreements, v.session.Area, v.Clock().AddDate(0, 0, -days))
		return err
	})
	return days, rows, err
}

// lookMeter works out what was held for a round of visits, so that the page is
// not behind where nothing else does it.
func (v *visit) lookMeter() error {
	_, err := v.Meter.Look(v.r.Context())
	return err
}

// meter shows what interviews asked and saved.
func (v *visit) meter() error {
	days, rows, err := v.meterRows()
	if err != nil {
		return err
	}
	v.show(200, "meter", struct {
		Days int
		Rows []meter.Row
		Sum  meter.Row
	}{days, rows, meter.Sum(rows)})
	return nil
}

// meterCSV gives the same as a list.
func (v *visit) meterCSV() error {
	_, rows, err := v.meterRows()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := meter.WriteCSV(&b, rows); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="meter.csv"`)
	_, _ = v.w.Write(b.Bytes()) // a closed connection has nobody to tell
	return nil
}

// evidenceDue lists registrations whose evidence should be strengthened.
func (v *visit) evidenceDue() error {
	days, list, err := v.weaks(dueMost)
	if err != nil {
		return err
	}
	v.show(200, "due", struct {
		Days int
		List []reconcile.Weak
		Now  time.Time
		More bool
	}{days, list, v.Clock(), len(list) == dueMost})
	return nil
}
