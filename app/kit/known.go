package kit

import (
	"cmp"
	"context"
	"io/fs"
	"slices"

	"github.com/askonce/fieldkit/app/capture"
	"github.com/askonce/fieldkit/assets"
	"github.com/askonce/fieldkit/store"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/attributes"
	"github.com/askonce/fieldkit/sync/civic"
)

// maxSources bounds how many registrations are opened to find out what is held
// of one visit's people: a family's, not a village's.
const maxSources = 200

// rules are the dictionary and the agreements that ship with the program.
type rules struct {
	dictionary *attributes.Dictionary
	agreements *agreement.Set
}

func shippedRules() (rules, error) {
	d, err := attributes.Read(assets.Attributes)
	if err != nil {
		return rules{}, err
	}
	names, err := fs.Glob(assets.Agreements, "agreements/*.json")
	if err != nil {
		return rules{}, err
	}
	var all []agreement.Agreement
	for _, name := range names {
		b, err := assets.Agreements.ReadFile(name)
		if err != nil {
			return rules{}, err
		}
		a, err := agreement.Read(b)
		if err != nil {
			return rules{}, err
		}
		all = append(all, a)
	}
	set, err := agreement.NewSet(all...)
	return rules{d, set}, err
}

// planner reads what this kit's own registrations say of some people and of
// those who stand beside them. Practice and real people never meet.
func (k *Kit) planner(ctx context.Context, st *store.Store, practice bool, of ...capture.Ref) (*capture.Planner, error) {
	r, err := rulesHere(ctx, st)
	if err != nil {
		return nil, problem(err)
	}
	sources, err := k.sources(ctx, st, practice, of)
	if err != nil {
		return nil, err
	}
	sources = k.packSources(practice, of, sources)
	return &capture.Planner{Dictionary: r.dictionary, Agreements: r.agreements, Known: capture.Know(sources)}, nil
}

// sources opens the registrations that speak of some people: those named, then
// whatever bears the names found there, twice over, so that a brother told of
// in one form and enrolled by another is found.
func (k *Kit) sources(ctx context.Context, st *store.Store, practice bool, of []capture.Ref) ([]capture.Source, error) {
	var out []capture.Source
	opened := map[civic.RegistrationID]bool{}
	searched := map[string]bool{}
	var next []civic.RegistrationID
	for _, r := range of {
		next = append(next, r.Registration)
	}
	for range 3 {
		var names []string
		for _, id := range next {
			if opened[id] || len(opened) == maxSources {
				continue
			}
			opened[id] = true
			e, err := st.Registration(ctx, id)
			if civic.CodeOf(err) == civic.RegistrationAbsent || civic.CodeOf(err) == civic.RowDamaged {
				continue // forgotten, or set aside: it holds nothing any more
			}
			if err != nil {
				return nil, problem(err)
			}
			f, ok := k.forms.Form(e.Registration.Form)
			if !ok || e.Forgotten || e.Registration.Practice != practice || !reusable(e.Status) {
				continue
			}
			s := capture.SourceOf(f, &e.Registration, e.Persons)
			out = append(out, s)
			all := factsOf(f, &e.Registration)
			for subject := range all {
				if name := all.name(subject); name != "" && !searched[name] {
					searched[name] = true
					names = append(names, name)
				}
			}
		}
		slices.Sort(names)
		next = nil
		for _, name := range names {
			found, err := st.Search(ctx, name, 20)
			if err != nil {
				return nil, problem(err)
			}
			for _, p := range found {
				next = append(next, p.Registration)
			}
		}
	}
	return out, nil
}

// reusable tells whether the answers of a registration may be built on: not
// those the office must ask again or that were set aside.
func reusable(s civic.Status) bool { return s != civic.Returned && s != civic.Quarantined }

// Relative is someone who stands in a registration with a known person.
type Relative struct {
	Ref       capture.Ref
	Name      string
	BirthDate string
	Kin       string // mother, father, child or household
}

// Family lists whom this kit knows beside a person, for a household's roster.
func (k *Kit) Family(ctx context.Context, of capture.Ref) ([]Relative, error) {
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	p, err := k.planner(ctx, st, k.Practice(), of)
	if err != nil {
		return nil, err
	}
	someone, ok := p.Known.Someone(of)
	if !ok {
		return nil, nil
	}
	var out []Relative
	for _, r := range p.Known.Family(someone) {
		if name := r.Name(); name != "" {
			out = append(out, Relative{Ref: r.Refs()[0], Name: name, BirthDate: r.Best("birth_date").Value, Kin: r.Kin})
		}
	}
	return out, nil
}

// BeginFor starts an interview for somebody the kit knows: what is held and may
// be reused is filled in or waits to be confirmed. people says who the form's
// subjects are ("" for the one it is about); nil lets the kit propose them
// from the person's family ([Kit.Propose]).
func (k *Kit) BeginFor(ctx context.Context, id civic.FormID, of capture.Ref, people map[string]capture.Ref) (*capture.Interview, error) {
	iv, err := k.Begin(ctx, id)
	if err != nil {
		return nil, err
	}
	st, err := k.open()
	if err != nil {
		return nil, err
	}
	about := append([]capture.Ref{of}, refs(people)...)
	p, err := k.planner(ctx, st, iv.Draft().Practice, about...)
	if err != nil {
		return nil, err
	}
	if people == nil {
		people = propose(iv.Form(), p.Known, of)
	}
	return iv, problem(iv.Reuse(ctx, p, people))
}

// reuse gives a resumed interview what is held again.
func (k *Kit) reuse(ctx context.Context, st *store.Store, iv *capture.Interview) error {
	d := iv.Draft()
	if len(d.People) == 0 {
		return nil
	}
	p, err := k.planner(ctx, st, d.Practice, refs(d.People)...)
	if err != nil {
		return err
	}
	return problem(iv.Reuse(ctx, p, nil))
}

func refs(people map[string]capture.Ref) []capture.Ref {
	out := make([]capture.Ref, 0, len(people))
	for _, r := range people {
		out = append(out, r)
	}
	return out
}

func peopleToStore(people map[string]capture.Ref) []store.PersonRef {
	var out []store.PersonRef
	for subject, r := range people {
		out = append(out, store.PersonRef{Subject: subject, Registration: r.Registration, Of: r.Subject})
	}
	slices.SortFunc(out, func(a, b store.PersonRef) int { return cmp.Compare(a.Subject, b.Subject) })
	return out
}

func peopleOfStore(list []store.PersonRef) map[string]capture.Ref {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]capture.Ref, len(list))
	for _, p := range list {
		out[p.Subject] = capture.Ref{Registration: p.Registration, Subject: p.Of}
	}
	return out
}
