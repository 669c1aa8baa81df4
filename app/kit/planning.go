package kit

import (
	"context"
	"strconv"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// Planned is what one service would ask of a person.
type Planned struct {
	Service civic.ServiceID
	Form    civic.FormRef
	Plan    capture.Plan
	Meter   capture.Meter
}

// Plan works out what services would ask of a person this kit knows, in the
// order they are given, before anybody is asked: what the first asks is not
// asked again by the second. It writes nothing.
func (k *Kit) Plan(ctx context.Context, services []civic.ServiceID, of capture.Ref) ([]Planned, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	p, err := k.planner(ctx, st, k.Practice(), of)
	if err != nil {
		return nil, err
	}
	if _, ok := p.Known.Someone(of); !ok {
		return nil, civic.NewProblem(civic.RegistrationAbsent, nil, of.Registration.String())
	}
	var forms []*form.Form
	var visits []capture.Visit
	for _, s := range services {
		f, ok := k.formOf(s)
		if !ok {
			return nil, civic.NewProblem(civic.FormUnknown, nil, string(s))
		}
		forms = append(forms, f)
		visits = append(visits, capture.Visit{Service: f.Service(), People: propose(f, p.Known, of), Now: k.o.Clock()})
	}
	plans, err := p.VisitPlan(forms, k.env(st), visits)
	if err != nil {
		return nil, problem(err)
	}
	out := make([]Planned, len(plans))
	for i, plan := range plans {
		out[i] = Planned{Service: plan.Service, Form: plan.Form, Plan: plan, Meter: plan.Meter()}
	}
	return out, nil
}

// formOf finds the newest form of a service, or the form of that id.
func (k *Kit) formOf(s civic.ServiceID) (*form.Form, bool) {
	if f, ok := k.forms.Latest(civic.FormID(s)); ok {
		return f, true
	}
	for _, offered := range k.Services() {
		if offered.ID == s {
			return k.forms.Form(offered.Form)
		}
	}
	return nil, false
}

// Propose says who a form's subjects would be when it is about a known person:
// mother and father by kin, a household's roster by everyone who stands beside
// the person in some registration. The officer can change it.
func (k *Kit) Propose(ctx context.Context, id civic.FormID, of capture.Ref) (map[string]capture.Ref, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	f, ok := k.forms.Latest(id)
	if !ok {
		return nil, civic.NewProblem(civic.FormUnknown, nil, string(id))
	}
	p, err := k.planner(ctx, st, k.Practice(), of)
	if err != nil {
		return nil, err
	}
	return propose(f, p.Known, of), nil
}

// rosterName is the repeat that lists who lives in a home; other repeats, such
// as brothers and sisters, are not everybody.
const rosterName = "members"

func propose(f *form.Form, known *capture.Known, of capture.Ref) map[string]capture.Ref {
	people := map[string]capture.Ref{"": of}
	someone, ok := known.Someone(of)
	if !ok {
		return people
	}
	wanted := map[string]bool{}
	for _, q := range f.Questions() {
		wanted[q.Subject] = true
	}
	n := 0
	for _, r := range known.Family(someone) {
		switch {
		case wanted[r.Kin] && people[r.Kin] == (capture.Ref{}):
			people[r.Kin] = r.Refs()[0]
		case wanted[rosterName] && r.Name() != "" && (r.Kin == "child" || r.Kin == "household"):
			n++
			people[rosterName+"["+strconv.Itoa(n)+"]"] = r.Refs()[0]
		}
	}
	return people
}
