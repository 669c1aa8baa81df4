package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/audit"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
)

// Lists to take into a spreadsheet. They hold what the pages hold, mostly in codes,
// times in UTC as RFC 3339, so that programs read them whatever the language.

// listMost is how many rows one such list has at most.
const listMost = 10_000

// list sends rows as CSV under a file's name; the first row names the columns.
func (v *visit) list(name string, rows [][]string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, r := range rows {
		for i := range r {
			r[i] = inert(r[i])
		}
		if err := w.Write(r); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`.csv"`)
	_, _ = b.WriteTo(v.w) // a browser that went away is no fault
	return nil
}

// inert keeps a spreadsheet from taking a text for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (v *visit) registrationsCSV() error {
	f, _ := v.registrationFilter()
	f.Limit = listMost
	rows := [][]string{{"office", "registration", "kit", "counter", "form", "sealed", "status", "decided", "reasons"}}
	err := v.read("read_registrations", nil, f.Status.String(), func(ctx context.Context, tx ledger.Tx) error {
		list, err := reconcile.List(ctx, tx, f)
		rows = rows[:1]
		for _, e := range list {
			var reasons []string
			for _, r := range e.Outcome.Reasons {
				reasons = append(reasons, string(r.Code))
			}
			rows = append(rows, []string{string(e.Area), e.Outcome.Registration.String(), e.Device.String(), strconv.FormatUint(e.Outcome.Counter, 10), e.Form,
				stamp(e.Sealed), e.Outcome.Status.String(), stamp(e.Outcome.At), strings.Join(reasons, " ")})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.list("registrations", rows)
}

func (v *visit) outcomesCSV() error {
	rows := [][]string{{"office", "status", "reason", "count"}}
	_, tallies, err := v.tallies()
	for _, t := range tallies {
		rows = append(rows, []string{string(t.Area), t.Status.String(), string(t.Reason), strconv.Itoa(t.Count)})
	}
	if err != nil {
		return err
	}
	return v.list("outcomes", rows)
}

func (v *visit) evidenceDueCSV() error {
	rows := [][]string{{"by", "evidence", "office", "registration"}}
	_, weak, err := v.weaks(listMost)
	for _, w := range weak {
		rows = append(rows, []string{w.Due.Format(time.DateOnly), v.words.say("evidence." + strconv.Itoa(int(w.Evidence))), string(w.Area), w.Registration.String()})
	}
	if err != nil {
		return err
	}
	return v.list("evidence-due", rows)
}

func (v *visit) auditCSV() error {
	rows := [][]string{{"time", "office", "who", "deed", "object", "detail"}}
	err := v.read("read_audit", nil, "", func(ctx context.Context, tx ledger.Tx) error {
		list, err := audit.List(ctx, tx, v.session.Area, listMost)
		rows = rows[:1]
		for _, r := range list {
			rows = append(rows, []string{stamp(time.Unix(r.At, 0)), string(r.Area), r.Actor, r.Action, hex.EncodeToString(r.Object), r.Detail})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.list("audit", rows)
}

// weaks reads which registrations' evidence should be strengthened.
func (v *visit) weaks(most int) (days int, list []reconcile.Weak, err error) {
	days = v.daysAsked(dueDays)
	err = v.read("read_evidence_due", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		list, err = reconcile.Weaks(ctx, tx, v.session.Area, v.Clock().AddDate(0, 0, days), most)
		return err
	})
	return days, list, err
}

// tallies counts what became of registrations.
func (v *visit) tallies() (days int, list []reconcile.Tally, err error) {
	days = v.daysAsked(meterDays)
	err = v.read("read_outcomes", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		list, err = reconcile.Tallies(ctx, tx, v.session.Area, v.Clock().AddDate(0, 0, -days))
		return err
	})
	return days, list, err
}

// registrationFilter is what the address asks of the list of registrations.
func (v *visit) registrationFilter() (f reconcile.Filter, chosen civic.Area) {
	q := v.r.URL.Query()
	f = reconcile.Filter{Area: v.session.Area, Limit: pageSize + 1}
	if a := civic.Area(q.Get("office")); a != "" && v.may(a) {
		f.Area, chosen = a, a
	}
	if s, ok := civic.ParseStatus(q.Get("status")); ok {
		f.Status = s
	}
	if id, err := civic.ParseDeviceID(q.Get("kit")); err == nil {
		f.Device = id
	}
	if at, err := strconv.ParseInt(q.Get("before"), 10, 64); err == nil {
		f.Before.At = at
		f.Before.Registration, _ = civic.ParseRegistrationID(q.Get("number"))
	}
	return f, chosen
}
