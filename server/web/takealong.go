package web

import (
	"slices"

	"github.com/askonce/fieldkit/server/access"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/sync/civic"
)

// takeAlong writes a person's own data for the person to take along. It is
// logged with its reason where the person can read it.
func (v *visit) takeAlong() error {
	home, id, err := v.askedPerson()
	if err == nil && (!v.may(home) || v.session.Role == access.Auditor || v.TakeAlong == nil) {
		err = civic.NewProblem(civic.NotYours, nil)
	}
	if err != nil {
		return err
	}
	as := v.r.PostForm.Get("as")
	if !slices.Contains([]string{"semic", "fhir", "dpv"}, as) {
		return civic.NewProblem(civic.RequestMalformed, nil)
	}
	b, err := v.TakeAlong(v.r.Context(), registry.Ref{Home: home, Person: id}, as, v.r.PostForm.Get("reason"), v.session.Staff)
	if err != nil {
		return err
	}
	media := "application/ld+json"
	if as == "fhir" {
		media = "application/fhir+json"
	}
	v.w.Header().Set("Content-Type", media)
	v.w.Header().Set("Content-Disposition", `attachment; filename="person-`+id.String()[:8]+"."+as+`.json"`)
	v.w.Header().Set("Cache-Control", "no-store")
	_, _ = v.w.Write(b) // a closed connection has nobody to tell
	return nil
}
