package web

import (
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/server/forms"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/mapping"
)

// mappedAtDesk finds the form of the page's address, and the attributes that its
// questions may be mapped to.
func (v *visit) mappedAtDesk() (desk forms.OnDesk, f *form.Form, dictionary *attributes.Dictionary, err error) {
	if desk, err = v.atDesk(); err != nil {
		return desk, nil, nil, err
	}
	if f, err = form.Load(desk.Workbook); err != nil {
		return desk, nil, nil, err
	}
	dictionary, err = attributes.Read(assets.Attributes)
	return desk, f, dictionary, err
}

// writeMap puts what was decided into the workbook and lays the new one on the
// desk, to be published or downloaded.
func (v *visit) writeMap() error {
	desk, f, dictionary, err := v.mappedAtDesk()
	if err != nil {
		return err
	}
	var choices []mapping.Choice
	for _, q := range f.Questions() {
		row := strconv.Itoa(q.Row())
		c := mapping.Choice{Row: q.Row(), Attr: strings.TrimSpace(v.r.PostForm.Get("attr-" + row))}
		if c.Attr == "" || !q.Kind.Asked() {
			continue
		}
		if days := strings.TrimSpace(v.r.PostForm.Get("days-" + row)); days != "" {
			if c.Days, err = strconv.Atoi(days); err != nil {
				return civic.NewProblem(civic.FormRefused, err, v.words.say("mapping.days-wrong", row))
			}
		}
		choices = append(choices, c)
	}
	written, err := mapping.Write(desk.Workbook, choices, dictionary)
	if err != nil {
		return err
	}
	digest, err := v.Forms.PutOnDesk(v.r.Context(), v.session.Area, v.session.Staff, desk.Name, written)
	if err != nil {
		return err
	}
	v.redirect(deskPath + digest.String())
	return nil
}
