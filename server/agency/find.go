package agency

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/server/registry"
	"github.com/askonce/fieldkit/server/share"
	"github.com/askonce/fieldkit/server/share/policy"
	"github.com/askonce/fieldkit/server/together"
	"github.com/askonce/fieldkit/sync/civic"
)

// MaxPage is the largest page of an answer.
const MaxPage = 100

// ErrTooMany says that more people fit than are compared.
var ErrTooMany = errors.New("too many people fit")

// Search is one question with its page.
type Search struct {
	Ask   share.Ask
	Query Query
	// Ref is the person asked for by the agency's own number for it; then Query
	// is not looked at.
	Ref *registry.Ref
	// Exact: the question names a person by a number only that person has; when
	// all of it must stay back, the agency is told why.
	Exact          bool
	Sort           civic.Attribute
	Descending     bool
	Page, PageSize int // Page from 1
	// Preview tells only which fields would be sent.
	Preview bool
}

// Result is what a search found.
type Result struct {
	Looks   []share.Look
	Total   int
	Reasons []policy.Reason // why nothing may be told, when nothing is
}

// Find answers a search within tx and writes the rows of the log: one for each
// person handed out or held back, one when nobody was found, one when nobody
// could be. ErrTooWide and ErrTooMany are logged as well.
func (d *Desk) Find(ctx context.Context, tx ledger.Tx, s Search) (Result, error) {
	// What the question is about has to be seen to be compared; it is handed out
	// only when it was asked for.
	want := s.Ask.Fields
	if len(want) > 0 && s.Ref == nil {
		s.Ask.Fields = slices.Concat(want, s.Query.Attributes())
	}
	reading, err := d.Share.Open(ctx, tx, s.Ask)
	if err != nil {
		return Result{}, err
	}
	refuse := func(r Result, reasons []policy.Reason, why error) (Result, error) {
		r.Reasons = reasons
		reading.Deny(reasons)
		return r, errors.Join(reading.Close(ctx), why)
	}
	// What is asked about must be readable as well: an answer to a question
	// about a hidden field would tell it.
	var asked []civic.Attribute
	if s.Ref == nil {
		asked = s.Query.Attributes()
	}
	if reasons := reading.Refused(asked); len(reasons) > 0 {
		return refuse(Result{}, reasons, nil)
	}
	if len(s.Ask.Fields) > 0 {
		if reasons := reading.Refused(s.Ask.Fields); len(reasons) > 0 {
			return refuse(Result{}, reasons, nil)
		}
	} else if reasons := reading.Refused(nil); len(reasons) > 0 {
		return refuse(Result{}, reasons, nil)
	}
	persons, capped, err := d.candidates(ctx, tx, &s)
	if errors.Is(err, ErrTooWide) {
		return refuse(Result{}, []policy.Reason{"too_wide"}, err)
	}
	if err != nil {
		return Result{}, err
	}
	if capped && !s.Exact {
		return refuse(Result{}, []policy.Reason{"too_many"}, ErrTooMany)
	}
	looks, err := reading.Look(ctx, persons)
	if err != nil {
		return Result{}, err
	}
	out := choose(reading, persons, looks, &s, want)
	return out, reading.Close(ctx)
}

func (d *Desk) candidates(ctx context.Context, tx ledger.Tx, s *Search) (persons []*registry.Person, capped bool, err error) {
	if s.Ref != nil {
		persons, err = d.known(ctx, tx, *s.Ref)
		return slices.DeleteFunc(persons, func(p *registry.Person) bool { return p.State == registry.Emptied }), false, err
	}
	keys, err := s.Query.Keys()
	if err != nil {
		return nil, false, err
	}
	found, err := together.Read(tx, "candidates", keys, func(tx ledger.Tx, asks [][][]uint64) ([][]registry.Found, error) {
		all, err := d.Registry.Candidates(ctx, tx, slices.Concat(asks...))
		if err != nil {
			return nil, err
		}
		out := make([][]registry.Found, len(asks))
		for i, keys := range asks {
			out[i], all = all[:len(keys)], all[len(keys):]
		}
		return out, nil
	})
	if err != nil {
		return nil, false, err
	}
	met := map[registry.Ref]bool{}
	for _, f := range found {
		capped = capped || f.Capped > 0
		for _, p := range f.Persons {
			if !met[p.Ref] {
				met[p.Ref] = true
				persons = append(persons, p)
			}
		}
	}
	slices.SortFunc(persons, func(a, b *registry.Person) int {
		return cmp.Or(cmp.Compare(a.Home, b.Home), slices.Compare(a.Person[:], b.Person[:]))
	})
	return persons, capped, nil
}

// known reads one person that an agency named.
func (d *Desk) known(ctx context.Context, tx ledger.Tx, ref registry.Ref) ([]*registry.Person, error) {
	return together.Read(tx, "known persons", ref, func(tx ledger.Tx, asks []registry.Ref) ([][]*registry.Person, error) {
		all, err := d.Registry.Known(ctx, tx, asks)
		if err != nil {
			return nil, err
		}
		out := make([][]*registry.Person, len(asks))
		for i, ref := range asks {
			for _, p := range all {
				if p.Ref == ref {
					out[i] = []*registry.Person{p}
				}
			}
		}
		return out, nil
	})
}

// choose takes the page out of what fits and notes each person.
func choose(reading *share.Reading, persons []*registry.Person, looks []share.Look, s *Search, want []civic.Attribute) Result {
	var out Result
	noted := false
	for i := range looks {
		l := looks[i]
		l.Ref = persons[i].Ref
		visible := len(l.Values) > 0
		switch {
		case visible && (s.Ref != nil || s.Query.Fits(&l)):
			out.Looks = append(out.Looks, l)
		case !visible && (s.Ref != nil || s.Query.fits(held(persons[i]))):
			// The person is there and all of it stays back. The person learns of
			// the question; the agency only when it knew the person's number.
			reading.Withhold(l)
			noted = true
			if s.Exact {
				out.Reasons = append(out.Reasons, l.Seen.Reasons()...)
			}
		}
	}
	slices.Sort(out.Reasons)
	out.Reasons = slices.Compact(out.Reasons)
	if s.Sort != "" {
		slices.SortStableFunc(out.Looks, func(a, b share.Look) int {
			x, _ := a.Value(s.Sort)
			y, _ := b.Value(s.Sort)
			if s.Descending {
				x, y = y, x
			}
			return compare(x.Value, y.Value)
		})
	}
	out.Total = len(out.Looks)
	if out.Total > 0 {
		out.Reasons = nil
	}
	from := min(out.Total, (s.Page-1)*s.PageSize)
	out.Looks = out.Looks[from:min(out.Total, from+s.PageSize)]
	for i := range out.Looks {
		l := &out.Looks[i]
		if len(want) > 0 {
			l.Values = slices.DeleteFunc(l.Values, func(v registry.Attribute) bool { return !slices.Contains(want, v.Name) })
		}
		if s.Preview {
			reading.Preview(*l)
		} else {
			reading.Disclose(*l)
		}
		noted = true
	}
	if !noted {
		reading.Empty()
	}
	return out
}

// held is what the registry holds of a person, whatever may be seen.
func held(p *registry.Person) func(civic.Attribute) (string, bool) {
	all := registry.Fold(p)
	return func(name civic.Attribute) (string, bool) {
		for _, a := range all {
			if a.Name == name && a.Holds.Absent == civic.Present {
				return a.Holds.Value, true
			}
		}
		return "", false
	}
}
