package web

import (
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
	"github.com/askonce/fieldkit/sync/form/mapping"
)

// writeMap puts what was decided into the workbook and lays the new one on the
// desk, to be published or downloaded.
func (v *visit) writeMap() error {
	desk, err := v.atDesk()
	if err != nil {
		return err
	}
	f, err := form.Load(desk.Workbook)
	if err != nil {
		return err
	}
	dictionary, err := attributes.Read(assets.Attributes)
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
