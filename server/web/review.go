package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/reconcile"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/match"
)

func (v *visit) reviews() error {
	var open []reconcile.Open
	err := v.read("read_reviews", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		open, err = reconcile.Reviews(ctx, tx, v.session.Area, 200)
		return err
	})
	if err != nil {
		return err
	}
	v.show(200, "reviews", open)
	return nil
}

// column is one person of a comparison side by side.
type column struct {
	registry.Ref
	New bool
}

// cell is what one person's claim is for an attribute.
type cell struct {
	New   bool
	Has   bool
	Claim civic.Claim
}

// line is one attribute of all of them.
type line struct {
	Name    civic.Attribute
	Differs bool
	Cells   []cell
}

func (v *visit) review() error {
	var d struct {
		Open     reconcile.Open
		Reasons  []civic.Code
		Evidence []match.Evidence
		Columns  []column
		Rows     []line
	}
	area, subject := civic.Area(v.r.PathValue("area")), v.r.URL.Query().Get("subject")
	id, err := civic.ParseRegistrationID(v.r.PathValue("id"))
	if err != nil || !v.may(area) {
		return civic.NewProblem(civic.RegistrationAbsent, err, v.r.PathValue("id"))
	}
	err = v.read("read_review", id[:], subject, func(ctx context.Context, tx ledger.Tx) error {
		if d.Open, err = reconcile.Review(ctx, tx, area, id, subject); err != nil {
			return err
		}
		links, err := v.Registry.Linked(ctx, tx, area, []civic.RegistrationID{id})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(links[id], func(l registry.Link) bool { return l.Subject == subject })
		if at < 0 {
			return civic.NewProblem(civic.PersonAbsent, nil)
		}
		own := links[id][at].To
		waiting, err := v.Registry.Known(ctx, tx, []registry.Ref{own})
		if err != nil {
			return err
		}
		if len(waiting) == 0 {
			return civic.NewProblem(civic.PersonAbsent, nil)
		}
		events, err := v.Registry.Events(ctx, tx, waiting[0])
		if err != nil {
			return err
		}
		refs := []registry.Ref{own}
		for _, e := range events {
			if e.Registration == id && e.Subject == subject && len(e.Detail.Other) > 0 {
				d.Reasons, d.Evidence = e.Detail.Reasons, e.Detail.Evidence
				refs = append(refs, e.Detail.Other...)
			}
		}
		people, err := v.Registry.Known(ctx, tx, refs)
		for _, p := range people {
			if p.State != registry.Emptied {
				d.Columns = append(d.Columns, column{Ref: p.Ref, New: p.Ref == own})
			}
		}
		d.Rows = sideBySide(slices.DeleteFunc(people, func(p *registry.Person) bool { return p.State == registry.Emptied }), own)
		return err
	})
	if err != nil {
		return err
	}
	v.show(200, "review", d)
	return nil
}

// unshown are attributes that one service asks and nobody else looks at, staff
// at the console included.
var unshown = map[civic.Attribute]bool{
	"pregnant": true, "last_period": true, "births_alive": true, "consent": true, "signature": true, "fingerprint": true, "evidence": true,
}

// known is what is held true of a person and may be looked at.
func known(p *registry.Person) []registry.Attribute {
	return slices.DeleteFunc(registry.Fold(p), func(a registry.Attribute) bool { return unshown[a.Name] })
}

// sideBySide lines up what is held true of several people.
func sideBySide(people []*registry.Person, own registry.Ref) []line {
	by := map[civic.Attribute][]cell{}
	for i, p := range people {
		for _, a := range known(p) {
			if by[a.Name] == nil {
				by[a.Name] = make([]cell, len(people))
			}
			by[a.Name][i] = cell{Has: true, Claim: a.Holds}
		}
	}
	var out []line
	for name, cells := range by {
		l := line{Name: name, Cells: cells}
		for i := range cells {
			cells[i].New = people[i].Ref == own
			for j := range i {
				l.Differs = l.Differs || cells[i].Has && cells[j].Has && cells[i].Claim.Value != cells[j].Claim.Value
			}
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b line) int { return strings.Compare(string(a.Name), string(b.Name)) })
	return out
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
	err = v.change(func(ctx context.Context, tx ledger.Tx) ([]reconcile.Told, error) {
		return v.Reconciler.Decide(ctx, tx, s)
	})
	if err != nil {
		return err
	}
	v.redirect("/console/reviews")
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
