package web

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// Agreements are public: anybody may read who may reuse what, and why. Drafting
// and deciding is for two people in two roles.

// agreementRoutes adds the pages of agreements.
func (s *console) agreementRoutes(mux *http.ServeMux) {
	agree := []access.Role{access.AgreementOfficer, access.Supervisor}
	mux.Handle("GET /console/agreements", s.anybody((*visit).agreements))
	mux.Handle("GET /console/agreements/{id}", s.anybody((*visit).agreement))
	mux.Handle("POST /console/agreements/draft", s.guard(agree, (*visit).draftAgreement))
	mux.Handle("POST /console/agreements/decide", s.guard(agree, (*visit).decideAgreement))
}

// anybody lets every reader through, and knows who signed in.
func (s *console) anybody(do func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{console: s, w: w, r: r, words: s.bookOf(r)}
		if c, err := r.Cookie(cookie); err == nil {
			if session, err := s.Access.Session(r.Context(), c.Value); err == nil {
				v.session = session
			}
		}
		if err := do(v); err != nil {
			v.refuse(err)
		}
	})
}

func (v *visit) mayAgree() bool { return share.MayAgree(string(v.session.Role)) }

// agreementLine is one agreement in the list.
type agreementLine struct {
	share.Revision
	InForce bool
	Name    string
	Purpose string
}

func (v *visit) line(r share.Revision) agreementLine {
	return agreementLine{
		r, r.State == share.Approved && r.Agreement.Holds(v.Clock()),
		v.inLanguage(r.Agreement.Name, r.Agreement.ID), v.inLanguage(r.Agreement.Purpose.Text, string(r.Agreement.Purpose.Code)),
	}
}

// inLanguage picks the reader's words.
func (v *visit) inLanguage(words map[string]string, otherwise string) string {
	for _, code := range append([]string{v.words.Code}, languages()...) {
		if s := words[code]; s != "" {
			return s
		}
	}
	return otherwise
}

func (v *visit) agreements() error {
	var d struct {
		InForce, Drafts []agreementLine
		May             bool
	}
	err := v.DB.View(v.r.Context(), func(tx ledger.Tx) error {
		d.InForce, d.Drafts = nil, nil
		all, err := v.Share.InForce(v.r.Context(), tx)
		for _, r := range all {
			d.InForce = append(d.InForce, v.line(r))
		}
		if err != nil || !v.mayAgree() {
			return err
		}
		all, err = v.Share.Revisions(v.r.Context(), tx, "")
		for _, r := range all {
			if r.State == share.Drafted {
				d.Drafts = append(d.Drafts, v.line(r))
			}
		}
		return err
	})
	d.May = v.mayAgree()
	if err == nil {
		v.show(http.StatusOK, "agreements", d)
	}
	return err
}

// fieldLine is one attribute of an agreement with what the dictionary says.
type fieldLine struct {
	Name                 civic.Attribute
	Sensitivity, Meaning string
}

func (v *visit) agreement() error {
	var d struct {
		agreementLine
		Fields    []fieldLine
		Revisions []agreementLine
		May, Mine bool
		Text      string
	}
	err := v.DB.View(v.r.Context(), func(tx ledger.Tx) error {
		all, err := v.Share.Revisions(v.r.Context(), tx, v.r.PathValue("id"))
		if err != nil {
			return err
		}
		// What is only drafted is for those who decide.
		all = slices.DeleteFunc(all, func(r share.Revision) bool { return r.State != share.Approved && !v.mayAgree() })
		if len(all) == 0 {
			return civic.NewProblem(civic.AgreementAbsent, nil, v.r.PathValue("id"))
		}
		shown := all[0]
		d.Revisions = nil
		for _, r := range all {
			d.Revisions = append(d.Revisions, v.line(r))
			if v.r.URL.Query().Get("revision") == strconv.Itoa(r.Agreement.Version) {
				shown = r
			}
		}
		d.agreementLine = v.line(shown)
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range d.Agreement.Attributes {
		known, _ := v.Share.Dictionary.Get(c.Name)
		f := fieldLine{c.Name, c.Sensitivity, known.Meaning}
		if f.Sensitivity == "" {
			f.Sensitivity = string(known.Sensitivity)
		}
		d.Fields = append(d.Fields, f)
	}
	d.May = v.mayAgree() && d.State == share.Drafted
	d.Mine = d.Drafted.Name == v.session.Staff || d.Drafted.Role == string(v.session.Role)
	v.show(http.StatusOK, "agreement", d)
	return nil
}

func (v *visit) draftAgreement() error {
	a, err := agreement.Read([]byte(v.r.PostForm.Get("text")))
	if err != nil {
		return civic.NewProblem(civic.AgreementRefused, err, err.Error())
	}
	err = v.DB.Update(v.r.Context(), func(tx ledger.Tx) error {
		ctx := v.r.Context()
		if a.Version, a.Previous, err = v.Share.Next(ctx, tx, a.ID); err != nil {
			return err
		}
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		_, err = v.Share.Draft(ctx, tx, body, v.by())
		return err
	})
	if err == nil {
		v.done("/console/agreements/"+a.ID, "drafted")
	}
	return err
}

func (v *visit) by() share.By {
	return share.By{Name: v.session.Staff, Role: string(v.session.Role), Area: v.session.Area}
}

func (v *visit) decideAgreement() error {
	id := v.r.PostForm.Get("agreement")
	revision, err := strconv.Atoi(v.r.PostForm.Get("revision"))
	if err != nil || strings.ContainsAny(id, "/?#") {
		return civic.NewProblem(civic.RequestMalformed, err)
	}
	decide := func(ctx context.Context, tx ledger.Tx) error {
		_, err := v.Share.TurnDown(ctx, tx, id, revision, v.by())
		return err
	}
	if v.r.PostForm.Get("decision") == "approve" {
		decide = func(ctx context.Context, tx ledger.Tx) error {
			_, err := v.Share.Approve(ctx, tx, id, revision, v.by())
			return err
		}
	}
	if err := v.DB.Update(v.r.Context(), func(tx ledger.Tx) error { return decide(v.r.Context(), tx) }); err != nil {
		return err
	}
	v.done("/console/agreements/"+id, "agreement-decided")
	return nil
}
