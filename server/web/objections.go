package web

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/citizen"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/civic"
)

// objections is the queue of those who answer.
func (v *visit) objections() error {
	type row struct {
		citizen.Objection
		Key     string
		Overdue bool
		Who     string
	}
	var d struct {
		Rows      []row
		Answering bool
	}
	err := v.read("read_objections", nil, "", func(ctx context.Context, tx ledger.Tx) error {
		list, err := v.Citizens.Open(ctx, tx, v.session.Area)
		d.Rows = nil
		for _, o := range list {
			d.Rows = append(d.Rows, row{Objection: o, Key: hex.EncodeToString(o.ID[:]), Overdue: o.Overdue(v.Clock()), Who: string(o.Agency)})
		}
		return err
	})
	if err != nil {
		return err
	}
	d.Answering = v.session.Role == access.Supervisor
	v.show(http.StatusOK, "objections", d)
	return nil
}

func (v *visit) answerObjection() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	id, err := hex.DecodeString(v.r.PostForm.Get("id"))
	if err != nil || len(id) != 16 || !v.may(area) {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	err = v.Citizens.Answer(v.r.Context(), v.session.Staff, area, [16]byte(id), v.r.PostForm.Get("verdict") == "upheld", v.r.PostForm.Get("words"))
	if err == nil {
		v.done("/console/objections", "answered")
	}
	return err
}

// forgetCode brings the slip's code back for somebody who forgot their own.
func (v *visit) forgetCode() error {
	area := civic.Area(v.r.PostForm.Get("office"))
	id, err := civic.ParseRegistrationID(v.r.PostForm.Get("registration"))
	if err != nil || !v.may(area) {
		return civic.NewProblem(civic.RegistrationAbsent, err, v.r.PostForm.Get("registration"))
	}
	if err := v.Citizens.ForgetCode(v.r.Context(), v.session.Staff, area, id); err != nil {
		return err
	}
	v.done("/console/objections", "slip-again")
	return nil
}
