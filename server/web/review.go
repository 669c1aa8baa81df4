package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

// reviews shows the queue, and what the visitor decided just now with a way
// back.
func (v *visit) reviews() error {
	var d struct {
		decided
		Open []reconcile.Open
		Next string // address of the first question the visitor has not answered
		Left int
		Most bool // there are more than are counted
		More bool // there are more than are shown
		Cuts []reconcile.CutOffice
	}
	err := v.read("read_reviews", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		if d.decided, err = v.justDecided(ctx, tx); err != nil {
			return err
		}
		if d.Cuts, err = reconcile.Cuts(ctx, tx, v.session.Area, v.Clock().Add(-reconcile.CutWithin)); err != nil {
			return err
		}
		var mine []reconcile.Open
		d.Open, mine, err = v.queue(ctx, tx)
		d.Next, d.Left = "", len(mine)
		if len(mine) > 0 {
			d.Next = questionAt(mine[0])
		}
		return err
	})
	if err != nil {
		return err
	}
	d.Most, d.More = len(d.Open) > queueMost, len(d.Open) > reviewsShown
	d.Open = d.Open[:min(len(d.Open), reviewsShown)]
	v.show(200, "reviews", d)
	return nil
}

// reviewed is what the page of one question shows.
type reviewed struct {
	decided
	queued
	Open     reconcile.Open
	Opinions []reconcile.Opinion
	Mine     bool // the visitor gave one of them
	Reasons  []civic.Code
	Relation string
	Evidence []match.Evidence
	Weight   float64
	Chance   float64
	Columns  []column
	Rows     []line
	Pictures bool // one of them has a picture
	Usual    []string
}

// For is the evidence that speaks for one person, the weightiest first.
func (d reviewed) For() []match.Evidence { return d.speaking(1) }

// Against is the evidence that speaks for several.
func (d reviewed) Against() []match.Evidence { return d.speaking(-1) }

func (d reviewed) speaking(sign float64) []match.Evidence {
	out := slices.DeleteFunc(slices.Clone(d.Evidence), func(e match.Evidence) bool { return e.Weight*sign <= 0 })
	slices.SortStableFunc(out, func(a, b match.Evidence) int { return cmp.Compare(b.Weight*sign, a.Weight*sign) })
	return out
}

// usual are the reasons offered while one is typed.
func usual() []string {
	return []string{"papers", "face", "family", "spelling", "other-face", "other-birth", "other-family", "twin", "little", "pictures"}
}

func (v *visit) review() error {
	area, subject := civic.Area(v.r.PathValue("area")), v.r.URL.Query().Get("subject")
	id, err := civic.ParseRegistrationID(v.r.PathValue("id"))
	if err != nil || !v.may(area) {
		return civic.NewProblem(civic.RegistrationAbsent, err, v.r.PathValue("id"))
	}
	var d reviewed
	var people []*registry.Person
	ctx := v.r.Context()
	err = v.DB.Update(ctx, func(tx ledger.Tx) (err error) {
		if d, people, err = v.question(ctx, tx, area, id, subject); err != nil {
			return err
		}
		if d.queued, err = v.queued(ctx, tx, d.Open); err != nil {
			return err
		}
		if d.decided, err = v.justDecided(ctx, tx); err != nil {
			return err
		}
		return v.lookedSideBySide(tx, people, id)
	})
	if err != nil {
		return err
	}
	for i, p := range people {
		d.Columns[i].Pictures = v.picturesOf(p)
		d.Pictures = d.Pictures || len(d.Columns[i].Pictures) > 0
	}
	v.show(200, "review", d)
	return nil
}

// lookedSideBySide leaves the row of a look at each of several people.
func (v *visit) lookedSideBySide(tx ledger.Tx, people []*registry.Person, id civic.RegistrationID) error {
	entries := make([]translog.Entry, len(people))
	for i, p := range people {
		entries[i] = translog.Entry{
			Area: p.Home, Person: p.Person, Kind: translog.Staff, Actor: v.session.Staff, Action: translog.Look, Procedure: "review",
			Reason: v.words.say("review.title"), Records: []civic.RegistrationID{id}, Count: 1,
		}
	}
	return translog.Append(v.r.Context(), tx, v.Clock(), entries)
}

// question reads what a reviewer needs for one question: the person who waits
// first, then those he may be.
func (v *visit) question(ctx context.Context, tx ledger.Tx, area civic.Area, id civic.RegistrationID, subject string) (d reviewed, people []*registry.Person, err error) {
	if d.Open, err = reconcile.Review(ctx, tx, area, id, subject); err != nil {
		return d, nil, err
	}
	if v.Reconciler != nil {
		if d.Opinions, err = v.Reconciler.Opinions(ctx, tx, area, id, subject); err != nil {
			return d, nil, err
		}
	}
	for _, o := range d.Opinions {
		d.Mine = d.Mine || o.Reviewer == v.session.Staff
	}
	links, err := v.Registry.Linked(ctx, tx, area, []civic.RegistrationID{id})
	if err != nil {
		return d, nil, err
	}
	at := slices.IndexFunc(links[id], func(l registry.Link) bool { return l.Subject == subject })
	if at < 0 {
		return d, nil, civic.NewProblem(civic.PersonAbsent, nil)
	}
	own := links[id][at].To
	waiting, err := v.Registry.Known(ctx, tx, []registry.Ref{own})
	if err != nil {
		return d, nil, err
	}
	if len(waiting) == 0 {
		return d, nil, civic.NewProblem(civic.PersonAbsent, nil)
	}
	events, err := v.Registry.Events(ctx, tx, waiting[0])
	if err != nil {
		return d, nil, err
	}
	refs := []registry.Ref{own}
	for _, e := range events {
		if e.Registration == id && e.Subject == subject && len(e.Detail.Other) > 0 {
			d.Reasons, d.Evidence, d.Relation = e.Detail.Reasons, e.Detail.Evidence, e.Detail.Relation
			d.Weight, d.Chance = e.Detail.Weight, e.Detail.Chance
			refs = append(refs, e.Detail.Other...)
		}
	}
	if people, err = v.Registry.Known(ctx, tx, refs); err != nil {
		return d, nil, err
	}
	people = slices.DeleteFunc(people, func(p *registry.Person) bool { return p.State == registry.Emptied })
	for _, p := range people {
		d.Columns = append(d.Columns, column{Ref: p.Ref, New: p.Ref == own, Visits: len(p.Said), Since: time.Unix(p.Created, 0)})
	}
	d.Rows, d.Usual = sideBySide(people, own), usual()
	return d, people, nil
}

// decide does what the reviewer says and has the kits told.
func (v *visit) decide() error {
	f := v.r.PostForm
	s := reconcile.Said{Area: civic.Area(f.Get("office")), Subject: f.Get("subject"), Note: f.Get("note"), Reviewer: v.session.Staff}
	var err error
	if s.Registration, err = civic.ParseRegistrationID(f.Get("registration")); err != nil || !v.may(s.Area) || v.Reconciler == nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	words := strings.Split(f.Get("answer"), " ")
	s.Answer = reconcile.Answer(words[0])
	if s.Answer == reconcile.AnswerSame {
		if len(words) != 3 {
			return civic.NewProblem(civic.RequestMalformed, nil)
		}
		s.Same.Home = civic.Area(words[1])
		if s.Same.Person, err = civic.ParsePersonID(words[2]); err != nil {
			return civic.NewProblem(civic.RequestMalformed, err)
		}
	}
	if strings.TrimSpace(s.Note) == "" {
		return civic.NewProblem(civic.ReasonWanted, nil)
	}
	err = v.change(func(ctx context.Context, tx ledger.Tx) ([]reconcile.Told, error) {
		return v.Reconciler.Decide(ctx, tx, s)
	})
	if err != nil {
		return err
	}
	return v.goOn(s)
}

// reopen takes back the visitor's own answer.
func (v *visit) reopen() error {
	f := v.r.PostForm
	area, subject := civic.Area(f.Get("office")), f.Get("subject")
	id, err := civic.ParseRegistrationID(f.Get("registration"))
	if err != nil || !v.may(area) || v.Reconciler == nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	err = v.change(func(ctx context.Context, tx ledger.Tx) ([]reconcile.Told, error) {
		return v.Reconciler.Reopen(ctx, tx, area, id, subject, v.session.Staff, f.Get("note"))
	})
	if err != nil {
		return err
	}
	v.redirect("/console/reviews/" + string(area) + "/" + id.String() + "?" + url.Values{"subject": {subject}}.Encode())
	return nil
}

// undo takes back one link of a person.
func (v *visit) undo() error {
	f := v.r.PostForm
	area := civic.Area(f.Get("office"))
	id, err := civic.ParseRegistrationID(f.Get("registration"))
	n, bad := strconv.ParseInt(f.Get("n"), 10, 64)
	if err != nil || bad != nil || !v.may(area) || v.Reconciler == nil {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	err = v.change(func(ctx context.Context, tx ledger.Tx) ([]reconcile.Told, error) {
		return v.Reconciler.Undo(ctx, tx, area, id, f.Get("subject"), n, v.session.Staff, f.Get("note"))
	})
	if err != nil {
		return err
	}
	v.redirect("/console/registrations/" + string(area) + "/" + id.String())
	return nil
}

// change runs a decision; what it changes for kits is told in the same
// transaction.
func (v *visit) change(do func(ctx context.Context, tx ledger.Tx) ([]reconcile.Told, error)) error {
	ctx := v.r.Context()
	return v.DB.Update(ctx, func(tx ledger.Tx) error {
		told, err := do(ctx, tx)
		if err != nil || v.Tell == nil {
			return err
		}
		for _, t := range told {
			if err := v.Tell(ctx, tx, t.Device, []civic.Outcome{t.Outcome}); err != nil {
				return err
			}
		}
		return nil
	})
}
