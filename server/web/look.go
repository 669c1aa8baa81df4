package web

import (
	"context"
	"encoding/hex"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/translog"
	"github.com/askonce/fieldkit/sync/civic"
)

// Reading a person takes a reason, said once and kept beside each look for a
// quarter of an hour. Whose role or office does not allow the look may break the
// glass: with a longer reason, seen by everybody, reviewed by somebody else.

// looked is why somebody may look at a person.
type looked struct {
	Reason string
	Glass  bool // against the role
}

// lookAt tells why the visitor looks at a person. Where that is not said yet it
// shows the page that asks and tells so.
func (v *visit) lookAt(home civic.Area, person civic.PersonID) (why looked, asked bool, err error) {
	allowed := v.may(home) && (v.session.Role == access.Reviewer || v.session.Role == access.Supervisor)
	err = v.DB.View(v.r.Context(), func(tx ledger.Tx) (err error) {
		if !allowed {
			if why.Glass, err = v.Access.Broken(v.r.Context(), tx, v.session, home, person); err != nil || !why.Glass {
				return err
			}
		}
		why.Reason, err = v.Access.Reason(v.r.Context(), tx, v.session, person[:])
		return err
	})
	if err != nil && civic.CodeOf(err) != civic.ReasonWanted {
		return why, false, err
	}
	if why.Reason != "" {
		return why, false, nil
	}
	v.show(403, "look", askLook{Home: home, Person: person, Glass: !allowed})
	return why, true, nil
}

// lookedAt reads a person and leaves the row of the look, together.
func (v *visit) lookedAt(home civic.Area, person civic.PersonID, why looked, do func(ctx context.Context, tx ledger.Tx) error) error {
	ctx := v.r.Context()
	return v.DB.Update(ctx, func(tx ledger.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		action := translog.Look
		if why.Glass {
			action = translog.BreakGlass
		}
		return translog.Append(ctx, tx, v.Clock(), []translog.Entry{{
			Area: home, Person: person, Kind: translog.Staff, Actor: v.session.Staff, Action: action, Reason: why.Reason, Count: 1,
		}})
	})
}

// askLook is what the page shows that asks for a reason.
type askLook struct {
	Home    civic.Area
	Person  civic.PersonID
	Glass   bool
	Problem *sentence
}

// askedPerson reads which person a form is about.
func (v *visit) askedPerson() (home civic.Area, id civic.PersonID, err error) {
	home = civic.Area(v.r.PostForm.Get("home"))
	id, err = civic.ParsePersonID(v.r.PostForm.Get("person"))
	if err != nil || len(home) > maxArea {
		err = civic.NewProblem(civic.PersonAbsent, err)
	}
	return home, id, err
}

// explain takes a reason and goes on to the person.
func (v *visit) explain() error {
	home, id, err := v.askedPerson()
	if err == nil && (!v.may(home) || v.session.Role == access.Auditor) {
		err = civic.NewProblem(civic.NotYours, nil)
	}
	if err != nil {
		return err
	}
	err = v.Access.Explain(v.r.Context(), v.session, id[:], v.r.PostForm.Get("reason"))
	return v.toPerson(home, id, false, err)
}

// breakGlass takes a reason for a look against the role.
func (v *visit) breakGlass() error {
	home, id, err := v.askedPerson()
	if err != nil {
		return err
	}
	err = v.Access.BreakGlass(v.r.Context(), v.session, home, id, v.r.PostForm.Get("reason"), func(tx ledger.Tx, g access.Glass) error {
		return v.noteGlass(v.r.Context(), tx, g)
	})
	return v.toPerson(home, id, true, err)
}

// toPerson goes on to a person, or asks again when the reason says too little.
func (v *visit) toPerson(home civic.Area, id civic.PersonID, glass bool, err error) error {
	if civic.CodeOf(err) == civic.ReasonWanted {
		v.show(422, "look", askLook{Home: home, Person: id, Glass: glass, Problem: v.sentence(err)})
		return nil
	}
	if err == nil {
		v.redirect("/console/persons/" + string(home) + "/" + id.String())
	}
	return err
}

// glassesOpen counts the broken glasses that nobody has reviewed, in the
// offices that the visitor sees.
func (v *visit) glassesOpen() (n int, err error) {
	err = v.DB.View(v.r.Context(), func(tx ledger.Tx) error {
		n, err = v.Access.GlassesOpen(v.r.Context(), tx, v.session.Area)
		return err
	})
	return n, err
}

// noteGlass leaves the row that the person and every auditor can read.
func (v *visit) noteGlass(ctx context.Context, tx ledger.Tx, g access.Glass) error {
	return translog.Append(ctx, tx, v.Clock(), []translog.Entry{{
		Area: g.Area, Person: g.Person, Kind: translog.Staff, Actor: g.Staff, Action: translog.BreakGlass, Reason: g.Reason, Object: g.ID[:],
	}})
}

func (v *visit) glasses() error {
	var list []access.Glass
	err := v.read("read_glasses", nil, "", func(ctx context.Context, tx ledger.Tx) (err error) {
		list, err = v.Access.Glasses(ctx, tx, v.session.Area)
		return err
	})
	if err != nil {
		return err
	}
	type row struct {
		access.Glass
		Key     string
		Overdue bool
		Own     bool
	}
	var rows []row
	for _, g := range list {
		rows = append(rows, row{g, hex.EncodeToString(g.ID[:]), g.Overdue(v.Clock()), g.Staff == v.session.Staff})
	}
	v.show(200, "glasses", rows)
	return nil
}

func (v *visit) reviewGlass() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	raw, err := hex.DecodeString(v.r.PostForm.Get("id"))
	if err != nil || len(raw) != 16 || !v.may(area) {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	err = v.Access.ReviewGlass(v.r.Context(), v.session, area, [16]byte(raw), v.r.PostForm.Get("verdict") == "justified", v.r.PostForm.Get("remark"))
	if err == nil {
		v.done("/console/glass", "glass-reviewed")
	}
	return err
}
