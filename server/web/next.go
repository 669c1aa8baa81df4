package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/sync/civic"
)

// The way of somebody who decides many questions a day: after each answer the
// next question comes by itself, with how many are left and a way back. The next
// one is not fetched ahead: each look at a person is a row of that person's log,
// and a page nobody came to would leave one.

// queueMost is how many open questions are counted; reviewsShown how many of
// them the list shows.
const (
	queueMost    = 1000
	reviewsShown = 100
)

// queue reads the open questions the visitor has not answered, in the order
// they are put.
func (v *visit) queue(ctx context.Context, tx ledger.Tx) (all, mine []reconcile.Open, err error) {
	if all, err = reconcile.Reviews(ctx, tx, v.session.Area, queueMost+1); err != nil {
		return nil, nil, err
	}
	mine = slices.DeleteFunc(slices.Clone(all), func(o reconcile.Open) bool { return o.Reviewer == v.session.Staff })
	return all, mine, nil
}

// place of one question in the visitor's queue.
type queued struct {
	Left  int    // open questions the visitor has not answered, this one included
	Most  bool   // there are more than are counted
	After string // the address of the one after this, empty for none
}

func (v *visit) queued(ctx context.Context, tx ledger.Tx, now reconcile.Open) (q queued, err error) {
	all, mine, err := v.queue(ctx, tx)
	if err != nil {
		return q, err
	}
	q.Left, q.Most = len(mine), len(all) > queueMost
	at := slices.IndexFunc(mine, func(o reconcile.Open) bool { return same(o, now) })
	if len(mine) > 1 || len(mine) == 1 && at < 0 {
		q.After = questionAt(mine[(at+1)%len(mine)])
	}
	return q, nil
}

func same(a, b reconcile.Open) bool {
	return a.Area == b.Area && a.Registration == b.Registration && a.Subject == b.Subject
}

// questionAt is where a question is put. The part after # leads keyboards past
// the menu.
func questionAt(o reconcile.Open) string {
	return questionWith(o, url.Values{})
}

func questionWith(o reconcile.Open, more url.Values) string {
	more.Set("subject", o.Subject)
	return "/console/reviews/" + string(o.Area) + "/" + o.Registration.String() + "?" + more.Encode() + "#case"
}

// decided is what the visitor said just now of another question, with a way
// back.
type decided struct {
	Done *reconcile.Decided
	Half bool // it waits for a second reviewer now
	Kept bool // somebody else looks at it
}

// justDecided reads what the address says was decided.
func (v *visit) justDecided(ctx context.Context, tx ledger.Tx) (d decided, err error) {
	q := v.r.URL.Query()
	// An address that names none says nothing.
	if id, bad := civic.ParseRegistrationID(q.Get("done")); bad == nil && v.may(civic.Area(q.Get("office"))) {
		done, err := reconcile.LastDecided(ctx, tx, civic.Area(q.Get("office")), id, q.Get("of"))
		switch {
		case err == nil && done.Reviewer == v.session.Staff:
			d.Done = &done
		case civic.CodeOf(err) == civic.MovedOn:
			d.Half, d.Kept = q.Get("unsure") == "", q.Get("unsure") != ""
		case err != nil:
			return d, err
		}
	}
	return d, nil
}

// goOn leads to the next question, to the list when there is none.
func (v *visit) goOn(s reconcile.Said) error {
	more := url.Values{"done": {s.Registration.String()}, "office": {string(s.Area)}, "of": {s.Subject}}
	if s.Answer == reconcile.AnswerUnsure {
		more.Set("unsure", "yes")
	}
	next := "/console/reviews?" + more.Encode()
	err := v.DB.View(v.r.Context(), func(tx ledger.Tx) error {
		_, mine, err := v.queue(v.r.Context(), tx)
		if len(mine) > 0 {
			next = questionWith(mine[0], more)
		}
		return err
	})
	if err == nil {
		v.redirect(next)
	}
	return err
}
